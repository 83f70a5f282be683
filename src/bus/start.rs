//! Spawning: topics first, then the producers, the actors, and last the consumer.

use std::{collections::BTreeSet, sync::Arc};

use actix::Actor;

use super::{Bus, BusHandle, plan::Planned, stop::Running, threads::ActorThreads};
use crate::{
    Error, Publisher,
    clock::Clock,
    dispatch::{Door, Router, Stage},
    error::Problem,
    event::plural_warning,
    kafka::{
        Alarm, Bounds, KafkaSink, KafkaSource, NotProvisioned, PATIENCE, PollSettings, Poller, ProvisioningSink,
        Publishing, TopicPlan, effective, ensure, librdkafka_version,
    },
    services::{Services, Unobserved},
    supervisor::SupervisorActor,
};

impl<S> Bus<S> {
    /// Starts the bus: checks everything, creates or verifies topics, joins the consumer group.
    ///
    /// Works under any tokio runtime, `#[actix::main]` included. Handlers are polled on threads of the bus, inside the
    /// context of the runtime that calls this: what they spawn, and the connections they open, belong to it.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`] with every problem that was found; [`Error::Unreachable`] if no broker answers within
    /// 10 s.
    ///
    /// # Panics
    ///
    /// If called outside a tokio runtime.
    pub async fn spawn(self) -> Result<BusHandle, Error> {
        let planned = self.plan()?;
        provision(&planned).await?;
        let services = Arc::new(planned.services(
            Clock::system(),
            Arc::new(provisioning(&planned, sink(&planned, Publishing::Events)?)),
            Arc::new(sink(&planned, Publishing::DeadLetters)?),
            Arc::new(Unobserved),
        ));
        announce(&planned);
        let running = if planned.routes.is_empty() {
            services.health.signs.publishes_only();
            Running::publisher(planned.settings.kafka.clone())
        } else {
            consume(&planned, &services)?
        };
        Ok(BusHandle {
            running: Some(running),
            publisher: Publisher::of(&services),
            routes: planned.route_lines(),
            services,
        })
    }
}

/// Sees to the topics of the routes and their dead-letter topics; this also finds out whether a broker answers.
async fn provision(planned: &Planned) -> Result<(), Error> {
    let kafka = &planned.settings.kafka;
    let warnings = ensure(kafka, &planned.topics(), PATIENCE).await.map_err(unprovisioned)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

fn unprovisioned(error: NotProvisioned) -> Error {
    match error {
        NotProvisioned::Unreachable { servers, reason } => Error::Unreachable { servers, after: PATIENCE, reason },
        NotProvisioned::Problems(problems) => Error::Misconfigured(problems.into_iter().map(Problem::new).collect()),
    }
}

fn sink(planned: &Planned, purpose: Publishing) -> Result<KafkaSink, Error> {
    let config = planned.settings.kafka.producer_config(&planned.identity.service, purpose).map_err(Error::client)?;
    KafkaSink::new(&config).map_err(|error| Error::client(error.to_string()))
}

/// Sees to topics that were not known at start.
fn provisioning(planned: &Planned, sink: KafkaSink) -> ProvisioningSink {
    let encoder = Arc::clone(&planned.encoder);
    let wanted = Arc::new(move |topic: &str| encoder.partitions(topic));
    let known = planned.topics().into_iter().map(|topic| topic.name.into());
    ProvisioningSink::new(sink, planned.settings.kafka.clone(), wanted, known.collect::<Vec<_>>())
}

fn announce(planned: &Planned) {
    let identity = &planned.identity;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        librdkafka = librdkafka_version(),
        group = identity.group,
        source = identity.source,
        environment = identity.environment.segment(),
        routes = planned.routes.len(),
        "the bus starts"
    );
    for route in planned.route_lines() {
        tracing::info!("route {route}");
    }
    for event in planned.routes.values().flat_map(|routes| &routes.events).chain(&planned.settings.published) {
        if let Some(warning) = plural_warning(event) {
            tracing::warn!("{warning}");
        }
    }
    if cfg!(panic = "abort") {
        tracing::error!(
            "this program is built with `panic = \"abort\"`: a panic of one handler ends the whole service"
        );
    }
}

/// Starts the actors, then the client that feeds them.
fn consume(planned: &Planned, services: &Arc<Services>) -> Result<Running, Error> {
    let threads = ActorThreads::start(planned.workers)?;
    let partitions = Arc::default();
    let supervisor = {
        let actor = SupervisorActor::new(Arc::clone(services), Arc::clone(&partitions));
        SupervisorActor::start_in_arbiter(&threads.front, |_| actor)
    };
    let router = {
        let stage = Stage::Arbiters(threads.workers.clone());
        let actor =
            Router::new(stage, Arc::clone(&planned.routes), Arc::clone(&partitions), supervisor, Arc::clone(services));
        Router::start_in_arbiter(&threads.front, |_| actor)
    };
    let door = Door { router, partitions, services: Arc::clone(services) };
    let alarm = Arc::new(Alarm::default());
    let identity = &planned.identity;
    let config = planned.settings.kafka.consumer_config(&identity.group, &identity.service).map_err(Error::client)?;
    let topics: Vec<String> = planned.routes.keys().map(ToString::to_string).collect();
    let source =
        KafkaSource::connect(&config, &topics, alarm.waker()).map_err(|error| Error::client(error.to_string()))?;
    tracing::debug!(settings = ?effective(&config), "librdkafka's settings of the consumer");
    let settings = PollSettings {
        limits: planned.settings.limits,
        held: planned.settings.held,
        bounds: Bounds { drain: planned.settings.drain_timeout, ..Bounds::default() },
        ..PollSettings::default()
    };
    let clock = services.clock.clone();
    let poller = Poller::spawn(source, door, settings, alarm, Box::new(move || clock.fraction()))
        .map_err(|error| Error::internal(format!("cannot start the poll thread: {error}")))?;
    Ok(Running::consumer(poller, threads, planned.settings.shutdown_timeout, planned.settings.kafka.clone()))
}

impl Planned {
    /// The topics this bus needs: those of its routes, and their dead-letter topics.
    fn topics(&self) -> Vec<TopicPlan> {
        let topics = self.routes.values().flat_map(|routes| {
            let source = TopicPlan {
                name: routes.topic.to_string(),
                partitions: routes.events.iter().filter_map(|event| event.partitions).max(),
                ..TopicPlan::default()
            };
            let dead_letters = TopicPlan {
                name: routes.dead_letter_topic.to_string(),
                dead_letter_of: Some(routes.topic.to_string()),
                ..TopicPlan::default()
            };
            [source, dead_letters]
        });
        let published = self.published.iter().map(|(name, event)| TopicPlan {
            name: name.clone(),
            partitions: event.partitions,
            ..TopicPlan::default()
        });
        let mut topics: Vec<_> = topics.chain(published).collect();
        let mut seen = BTreeSet::new();
        topics.retain(|topic| seen.insert(topic.name.clone()));
        topics
    }
}

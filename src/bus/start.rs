//! Spawning: topics first, then the producers, the actors, and last the consumer, so that the first record finds
//! everything that it needs.

use std::{pin::pin, sync::Arc, time::Duration};

use actix::Actor;
use tokio::time::timeout;

use super::{
    Bus, BusHandle,
    neighbours::Membership,
    options::{Identity, Options},
    plan::Planned,
    stop::Running,
    threads::ActorThreads,
};
use crate::{
    Error, Publisher,
    clock::Clock,
    dispatch::{Door, Router, Stage},
    error::Problem,
    kafka::{
        Alarm, Bounds, KafkaSource, NotProvisioned, PATIENCE, PollSettings, Poller, Provisioned, TopicPlan, ensure,
        look_for_strangers,
    },
    services::{Services, Unobserved},
    supervisor::SupervisorActor,
    telemetry::logs,
};

/// How long a start waits for a broker before it says so.
const SILENCE: Duration = Duration::from_secs(2);

impl<S> Bus<S> {
    /// Starts the bus: checks everything, creates or verifies topics, joins the consumer group.
    ///
    /// Works under any tokio runtime, `#[actix::main]` included. Handlers are polled on threads of the bus, inside the
    /// context of the runtime that calls this: what they spawn, and the connections they open, belong to it.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`] with every problem that was found, also if it is called outside a tokio runtime;
    /// [`Error::Unreachable`] if no broker answers within 10 s (it takes up to 2 s more to find out why), unless nobody
    /// asks ([`Topics::Ignore`](crate::kafka::Topics::Ignore)); [`Error::Client`] if librdkafka cannot make a client.
    ///
    /// # Panics
    ///
    /// On a runtime without time (`enable_time`): tokio says that timers are disabled. `#[tokio::main]` and
    /// `#[actix::main]` have it.
    ///
    /// ```
    /// use carom::{Bus, Error, Kafka};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// bus.shutdown().await?;
    ///
    /// let kafka = Kafka::new("localhost:9092").consumer("fetch.min.byte", "1"); // no such option
    /// let error = Bus::new(kafka).service("shop").spawn().await.unwrap_err();
    /// assert!(matches!(&error, Error::Misconfigured(problems) if problems.len() == 1), "{error}");
    /// assert!(error.to_string().contains("did you mean `fetch.min.bytes`?"), "{error}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn spawn(self) -> Result<BusHandle, Error> {
        inside_tokio()?;
        let mut planned = self.plan()?;
        let membership = Membership::enter(&planned)?;
        announce(&planned);
        planned.cluster_id = provision(&planned).await?;
        let services = Arc::new(planned.services(
            Clock::system(),
            Arc::new(planned.producer_of_events()?),
            Arc::new(planned.producer_of_dead_letters()?),
            Arc::new(Unobserved),
        ));
        let running = if planned.routes.is_empty() {
            services.health.signs.publishes_only();
            Running::publisher(planned.options.kafka.clone())
        } else {
            consume(&planned, &services, membership)?
        };
        Ok(BusHandle {
            running: Some(running),
            publisher: Publisher::of(&services),
            routes: planned.route_lines(),
            services,
        })
    }
}

/// What a start outside of a runtime is told.
pub(crate) fn inside_tokio() -> Result<(), Error> {
    tokio::runtime::Handle::try_current().map(|_| ()).map_err(|_| {
        Error::Misconfigured(vec![Problem::new(
            "a bus runs on tokio, and was started outside it: write `#[tokio::main]` above `async fn main`, or \
             call it inside `Runtime::block_on`",
        )])
    })
}

/// Sees to the topics of the routes and their dead-letter topics; this also finds out whether a broker answers, and how
/// the cluster calls itself.
async fn provision(planned: &Planned) -> Result<Option<String>, Error> {
    let kafka = &planned.options.kafka;
    let topics = planned.topics();
    let mut ensured = pin!(ensure(kafka, &topics, PATIENCE));
    let ensured = match timeout(SILENCE, &mut ensured).await {
        Ok(ensured) => ensured,
        Err(_) => {
            logs::bus::waits_for_broker(&kafka.servers_shown(), PATIENCE);
            ensured.await
        }
    };
    let Provisioned { warnings, cluster_id } = ensured.map_err(unprovisioned)?;
    for warning in &warnings {
        logs::bus::warning(warning);
    }
    Ok(cluster_id)
}

fn unprovisioned(error: NotProvisioned) -> Error {
    match error {
        NotProvisioned::Unreachable { servers, reason } => Error::Unreachable { servers, after: PATIENCE, reason },
        NotProvisioned::Problems(problems) => Error::Misconfigured(problems.into_iter().map(Problem::new).collect()),
    }
}

/// Says what starts; warnings again, each as a line of its own, for logs that leave information out.
fn announce(planned: &Planned) {
    let report = planned.report();
    logs::bus::starts(&report);
    for warning in &report.warnings {
        logs::bus::warning(warning);
        planned.encoder.was_said(warning);
    }
}

/// Says so if another service is in the group already.
fn warn_of_strangers(planned: &Planned) {
    let Identity { group, service, .. } = planned.identity.clone();
    look_for_strangers(&planned.options.kafka, &planned.identity.group, &planned.identity.service, move |others| {
        logs::group::shared(&service, &group, others);
    });
}

/// Starts the actors, then the client that feeds them.
fn consume(planned: &Planned, services: &Arc<Services>, membership: Arc<Membership>) -> Result<Running, Error> {
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
    let config = planned.options.kafka.consumer_config(&identity.group, &identity.service).map_err(Error::client)?;
    let topics: Vec<String> = planned.routes.keys().map(ToString::to_string).collect();
    let log = planned.log_of(logs::client::CONSUMER);
    let source = KafkaSource::connect(&config, log.clone(), &topics, alarm.waker())
        .map_err(|error| Error::client(log.secrets.hide(&error.to_string())))?;
    let settings = PollSettings {
        limits: planned.options.limits,
        held: planned.options.held,
        batch: planned.options.batch,
        bounds: Bounds { drain: planned.options.drain_timeout, ..Bounds::default() },
        ..PollSettings::default()
    };
    let clock = services.clock.clone();
    warn_of_strangers(planned);
    let poller = Poller::spawn(source, door, settings, alarm, Box::new(move || clock.fraction()))
        .map_err(|error| Error::internal(format!("cannot start the poll thread: {error}")))?;
    let Options { shutdown_timeout, kafka, .. } = &planned.options;
    Ok(Running::consumer(poller, threads, *shutdown_timeout, kafka.clone(), membership))
}

impl Planned {
    /// The topics this bus needs, each once: those of its routes, their dead-letter topics, and those it publishes to.
    /// Of the partitions that the events of a topic ask for, the larger number counts.
    pub(super) fn topics(&self) -> Vec<TopicPlan> {
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
        let mut wanted: Vec<TopicPlan> = Vec::new();
        for topic in topics.chain(published) {
            match wanted.iter_mut().find(|known| known.name == topic.name) {
                Some(known) => known.partitions = known.partitions.max(topic.partitions),
                None => wanted.push(topic),
            }
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::{
        Kafka,
        event::{Descriptor, fixture::ORDER_PLACED},
        telemetry::heard::heard,
    };

    // Fails when the lines of the report are events of their own.
    #[test]
    fn the_report_is_one_event_and_each_warning_one_more() {
        let bus = Bus::new(Kafka::new("localhost:1")).partial().drain_timeout(Duration::from_secs(200));
        let planned = bus.plan().unwrap();
        let text = heard(|| announce(&planned));
        assert_eq!(text.matches(" INFO ").count(), 1, "{text}");
        assert!(
            text.contains(" INFO carom::bus: the bus starts: carom ")
                && text.contains("\n  brokers      localhost:1\n"),
            "{text}"
        );
        assert_eq!(text.matches(" WARN ").count(), 1, "{text}");
    }

    // Fails when the first event of a topic decides for the others.
    #[test]
    fn the_event_that_asks_for_most_partitions_decides() {
        static THREE: Descriptor = Descriptor { partitions: Some(3), ..ORDER_PLACED };
        static TWELVE: Descriptor = Descriptor { partitions: Some(12), ..ORDER_PLACED };
        let mut bus = Bus::new(Kafka::new("localhost:1"));
        bus.options.published = vec![&ORDER_PLACED, &THREE, &TWELVE, &THREE];
        let topics = bus.plan().unwrap().topics();
        assert_eq!(topics.iter().map(|topic| topic.partitions).collect::<Vec<_>>(), [Some(12)]);
    }

    // Fails when `spawn` asks nobody: tokio panics then, in a file of ours.
    #[test]
    fn outside_tokio_a_bus_says_what_to_write() {
        let mut spawn = pin!(Bus::new(Kafka::embedded()).spawn());
        let Poll::Ready(Err(error)) = spawn.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it waits for something, or it runs")
        };
        assert!(error.to_string().contains("write `#[tokio::main]` above `async fn main`"), "{error}");
    }
}

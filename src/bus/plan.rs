//! A bus that has passed its checks: names, routes, and what is made from them.

use std::sync::Arc;

use super::{
    Bus,
    settings::{Identity, Settings},
};
use crate::{
    Error, Route,
    clock::Clock,
    dispatch::{ActorSpec, Plan, RouteTable, lines},
    error::Problem,
    event::{Descriptor, Encoder, Mode, topic_name},
    health::HealthState,
    kafka::source::Sink,
    services::{End, Observer, Services},
    stats::Book,
    telemetry::{Telemetry, instance_id, only_server},
};

/// A bus that has passed its checks.
pub(crate) struct Planned {
    pub(crate) settings: Settings,
    pub(crate) identity: Identity,
    pub(crate) workers: usize,
    pub(crate) routes: Arc<RouteTable>,
    /// What it publishes beside what the routes say.
    pub(crate) published: Topics,
    pub(crate) encoder: Arc<Encoder>,
}

impl<S> Bus<S> {
    /// Everything that can be checked without a broker; all problems together.
    pub(crate) fn plan(self) -> Result<Planned, Error> {
        let Self { settings, actors, .. } = self;
        let mut problems: Vec<Problem> = settings.kafka.problems().into_iter().map(Problem::new).collect();
        let identity = settings.identity(!actors.is_empty(), &mut problems);
        let workers = settings.worker_threads(&mut problems);
        if settings.stalled_after.is_zero() {
            problems.push(Problem::new("`.stalled_after(0)` would find every partition stalled; write a longer time"));
        }
        let routes = routes(&actors, &settings, &identity, &mut problems);
        let published = topics(&settings.published, &identity, &mut problems);
        let structured = topics(&settings.structured, &identity, &mut problems);
        let encoder = Encoder::new(identity.environment.clone(), identity.source.clone());
        let encoder = encoder.map_err(|error| {
            // A source that follows from a wrong name is no second mistake.
            if settings.source.is_some() || problems.is_empty() {
                problems.push(Problem::new(error.to_string()));
            }
        });
        let (Ok(encoder), true) = (encoder, problems.is_empty()) else { return Err(Error::Misconfigured(problems)) };
        let encoder = structured
            .into_iter()
            .fold(encoder.mode(settings.mode), |encoder, (topic, _)| encoder.topic_mode(topic, Mode::Structured));
        Ok(Planned { settings, identity, workers, routes: Arc::new(routes), published, encoder: Arc::new(encoder) })
    }
}

/// Events with the names of their topics.
type Topics = Vec<(String, &'static Descriptor)>;

fn topics(events: &[&'static Descriptor], identity: &Identity, problems: &mut Vec<Problem>) -> Topics {
    let mut named = Vec::new();
    for &event in events {
        match topic_name(event, &identity.environment) {
            Ok(topic) => named.push((topic, event)),
            Err(error) => problems.push(Problem::at(event.location, error)),
        }
    }
    named
}

fn routes(
    actors: &[Arc<ActorSpec>],
    settings: &Settings,
    identity: &Identity,
    problems: &mut Vec<Problem>,
) -> RouteTable {
    let plan = Plan {
        actors,
        environment: &identity.environment,
        group: &identity.group,
        domain: Some(&identity.domain),
        // A bus without actors only publishes: another one of this process may handle.
        partial: settings.partial || actors.is_empty(),
    };
    plan.routes().unwrap_or_else(|found| {
        problems.extend(found);
        RouteTable::new()
    })
}

impl Planned {
    /// What the stages of the running bus share.
    pub(crate) fn services(
        &self,
        clock: Clock,
        sink: Arc<dyn Sink>,
        dead_letters: Arc<dyn Sink>,
        observer: Arc<dyn Observer>,
    ) -> Services {
        let health = HealthState::default();
        Services {
            telemetry: Arc::new(self.telemetry(&clock)),
            end: End::new(Arc::clone(&health.signs)),
            clock,
            encoder: Arc::clone(&self.encoder),
            sink,
            dead_letters,
            group: self.identity.group.as_str().into(),
            service: self.identity.service.as_str().into(),
            runtime: tokio::runtime::Handle::current(),
            health,
            counters: Arc::default(),
            book: Arc::new(Book::new(&self.routes)),
            stalled_after: self.settings.stalled_after,
            observer,
        }
    }

    fn telemetry(&self, clock: &Clock) -> Telemetry {
        let Settings { keys, hooks, service_version, service_instance, kafka, .. } = &self.settings;
        Telemetry {
            keys: *keys,
            hooks: hooks.clone(),
            client_id: self.identity.service.as_str().into(),
            server: kafka.bootstrap_servers().ok().as_deref().and_then(only_server),
            version: service_version.clone().unwrap_or_default(),
            instance: service_instance.clone().unwrap_or_else(|| instance_id(clock)),
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn into_routes(self) -> Arc<RouteTable> {
        self.routes
    }

    pub(crate) fn route_lines(&self) -> Vec<Route> {
        lines(&self.routes)
    }
}

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
    event::{Encoder, Mode, topic_name},
    health::HealthState,
    kafka::source::Sink,
    services::{Counters, End, Observer, Services},
};

/// A bus that has passed its checks.
pub(crate) struct Planned {
    pub(crate) settings: Settings,
    pub(crate) identity: Identity,
    pub(crate) workers: usize,
    pub(crate) routes: Arc<RouteTable>,
    pub(crate) encoder: Arc<Encoder>,
}

impl<S> Bus<S> {
    /// Everything that can be checked without a broker; all problems together.
    pub(crate) fn plan(self) -> Result<Planned, Error> {
        let Self { settings, actors, .. } = self;
        let mut problems: Vec<Problem> = settings.kafka.problems().into_iter().map(Problem::new).collect();
        let identity = settings.identity(!actors.is_empty(), &mut problems);
        let workers = settings.worker_threads(&mut problems);
        let routes = routes(&actors, &settings, &identity, &mut problems);
        if !problems.is_empty() {
            return Err(Error::Misconfigured(problems));
        }
        let invalid = |error: &dyn std::fmt::Display| Error::Misconfigured(vec![Problem::new(error.to_string())]);
        let mut encoder = Encoder::new(identity.environment.clone(), identity.source.clone())
            .map_err(|error| invalid(&error))?
            .mode(settings.mode);
        for event in &settings.structured {
            let topic = topic_name(event, &identity.environment).map_err(|error| invalid(&error))?;
            encoder = encoder.topic_mode(topic, Mode::Structured);
        }
        Ok(Planned { settings, identity, workers, routes: Arc::new(routes), encoder: Arc::new(encoder) })
    }
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
        Services {
            clock,
            encoder: Arc::clone(&self.encoder),
            sink,
            dead_letters,
            group: self.identity.group.as_str().into(),
            service: self.identity.service.as_str().into(),
            runtime: tokio::runtime::Handle::current(),
            health: HealthState::default(),
            counters: Counters::default(),
            observer,
            end: End::default(),
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

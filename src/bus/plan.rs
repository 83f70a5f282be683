//! A bus that has passed its checks: names, routes, and what is made from them.

use std::{ffi::OsString, sync::Arc};

use super::{
    Bus,
    options::{Identity, Options},
    profile,
    report::Report,
};
use crate::{
    Error, Route,
    clock::Clock,
    dispatch::{ActorSpec, Plan, RouteTable, idle_handlers, key_mark, lines, rounds},
    error::Problem,
    event::{Descriptor, Encoder, Mode, Said, plural_warning, topic_name},
    health::HealthState,
    home::Home,
    kafka::{Scope, librdkafka_version, source::Sink},
    services::{End, Observer, Services},
    settings::unread_variables,
    stats::Book,
    telemetry::{Blocked, Telemetry, instance_id, only_server},
};

/// A bus that has passed its checks.
pub(crate) struct Planned {
    pub(crate) options: Options,
    pub(crate) identity: Identity,
    pub(crate) workers: usize,
    pub(crate) routes: Arc<RouteTable>,
    /// What it publishes beside what the routes say.
    pub(crate) published: Topics,
    pub(crate) encoder: Arc<Encoder>,
    pub(crate) health: HealthState,
    /// As the cluster calls itself; known when topics were looked at.
    pub(crate) cluster_id: Option<String>,
}

impl<S> Bus<S> {
    /// Everything that can be checked without a broker; all problems together.
    pub(crate) fn plan(self) -> Result<Planned, Error> {
        let Self { options, actors, .. } = self;
        let options = options.within_reach();
        let mut problems: Vec<Problem> = options.kafka.problems().into_iter().map(Problem::new).collect();
        let identity = options.identity(!actors.is_empty(), &mut problems);
        let workers = options.worker_threads(&mut problems);
        problems.extend(profile::problems(&options, &identity));
        if options.stalled_after.is_zero() {
            problems.push(Problem::new("`.stalled_after(0)` would find every partition stalled; write a longer time"));
        }
        let routes = routes(&actors, &options, &identity, &mut problems);
        let published = topics(&options.published, &identity, &mut problems);
        let structured = topics(&options.structured, &identity, &mut problems);
        let encoder = Encoder::new(identity.environment.clone(), identity.source.clone());
        let encoder = encoder.map_err(|error| {
            if options.source.is_some() {
                problems.push(Problem::new(error.to_string()));
            } else if problems.is_empty() {
                // One that follows from a wrong name is no second mistake.
                problems.push(Problem::new(format!(
                    "the CloudEvents source `{}` follows from domain and service, and is no URI-reference: write a \
                     `.domain(..)` of letters, digits and dashes, or the source itself as `.source(..)`",
                    identity.source
                )));
            }
        });
        let (Ok(encoder), true) = (encoder, problems.is_empty()) else { return Err(Error::Misconfigured(problems)) };
        let encoder = structured
            .into_iter()
            .fold(encoder.with_profile(options.profile).mode(options.mode), |encoder, (topic, _)| {
                encoder.topic_mode(topic, Mode::Structured)
            });
        let (routes, encoder, health) = (Arc::new(routes), Arc::new(encoder), HealthState::default());
        Ok(Planned { options, identity, workers, routes, published, encoder, health, cluster_id: None })
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

fn published_line((topic, event): &(String, &Descriptor)) -> String {
    format!("{topic} {}{}", event.event_type, key_mark(event.has_key()))
}

fn routes(
    actors: &[Arc<ActorSpec>],
    options: &Options,
    identity: &Identity,
    problems: &mut Vec<Problem>,
) -> RouteTable {
    let plan = Plan {
        actors,
        environment: &identity.environment,
        kept: &options.kept,
        group: &identity.group,
        domain: Some(&identity.domain),
        // A bus without actors only publishes: another one of this process may handle.
        partial: options.partial || actors.is_empty(),
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
        let health = self.health.clone();
        Services {
            telemetry: Arc::new(self.telemetry(&clock)),
            end: End::new(&self.identity.service, Arc::clone(&health.signs)),
            clock,
            encoder: Arc::clone(&self.encoder),
            sink,
            dead_letters,
            group: self.identity.group.as_str().into(),
            service: self.identity.service.as_str().into(),
            home: Home::current(),
            health,
            skipped: Said::of_foreign_types(),
            blind: Said::of_handlers(),
            counters: Arc::default(),
            book: Arc::new(Book::new(&self.routes)),
            stalled_after: self.options.stalled_after,
            observer,
        }
    }

    fn telemetry(&self, clock: &Clock) -> Telemetry {
        let Options { keys, errors, hooks, service_version, service_instance, kafka, .. } = &self.options;
        Telemetry {
            keys: *keys,
            errors: *errors,
            hooks: hooks.clone(),
            consumer: kafka.client_id(Scope::Consumer, &self.identity.service),
            producer: kafka.client_id(Scope::Producer, &self.identity.service),
            server: kafka.servers_on_spans().and_then(|servers| only_server(&servers)),
            cluster_id: self.cluster_id.clone(),
            version: service_version.clone().unwrap_or_default(),
            instance: service_instance.clone().unwrap_or_else(|| instance_id(clock)),
            blocked: Blocked::default(),
        }
    }

    /// What the bus says of itself when it starts.
    pub(super) fn report(&self) -> Report {
        let kafka = &self.options.kafka;
        let identity = &self.identity;
        Report {
            version: env!("CARGO_PKG_VERSION"),
            librdkafka: librdkafka_version(),
            service: identity.service.clone(),
            group: identity.group.clone(),
            source: identity.source.clone(),
            environment: identity.environment.segment().to_owned(),
            brokers: kafka.servers_shown(),
            embedded: kafka.broker().is_some(),
            partitioner: kafka.partitioner_shown(),
            topics: kafka.topics_mode(),
            routes: self.route_lines(),
            dead_letters: self.routes.values().map(|routes| routes.dead_letter_topic.to_string()).collect(),
            publishes: self.published.iter().map(published_line).collect(),
            consumer: kafka.consumer_differences(),
            producer: kafka.producer_differences(),
            of_dead_letters: kafka.dead_letter_differences(),
            warnings: self.warnings(cfg!(panic = "abort"), std::env::vars_os().map(|(name, _)| name)),
        }
    }

    /// What works, and is probably not meant, in a program that is built so and has these variables.
    fn warnings(&self, aborts: bool, variables: impl Iterator<Item = OsString>) -> Vec<String> {
        let events =
            self.routes.values().flat_map(|routes| &routes.events).chain(self.published.iter().map(|(_, event)| event));
        let mut warnings: Vec<_> = events
            .flat_map(|event| plural_warning(event).into_iter().chain(self.options.profile.type_warning(event)))
            .chain(self.identity.environment.warning())
            .chain(rounds(&self.routes, &self.identity.environment))
            .chain(self.mistaken_for_each_other())
            .collect();
        if self.routes.is_empty() && !self.options.partial {
            warnings.extend(idle_handlers());
        }
        if !self.options.from_settings {
            warnings.extend(unread_variables(variables));
        }
        let drain = self.options.drain_timeout;
        if let Some(bound) = self.options.kafka.max_poll_interval().filter(|bound| drain > *bound / 2) {
            warnings.push(format!(
                "the drain timeout of {drain:?} is more than half of `max.poll.interval.ms` ({bound:?}): a rebalance can \
                 take so long that the group believes this member to be dead"
            ));
        }
        if aborts {
            warnings.push(
                "this program is built with `panic = \"abort\"`: a panic of one handler ends the whole service; remove it \
                 from the profile in `Cargo.toml`"
                    .to_owned(),
            );
        }
        warnings
    }

    /// Rust types that are published with the CloudEvents type of another one that is handled here.
    fn mistaken_for_each_other(&self) -> Vec<String> {
        let handled: Vec<_> = self.routes.values().flat_map(|routes| &routes.events).collect();
        let twin = |event: &Descriptor| {
            handled.iter().find(|other| other.event_type == event.event_type && other.location != event.location)
        };
        let pairs = self.published.iter().filter_map(|(_, event)| Some((event, twin(event)?)));
        pairs
            .map(|(event, twin)| {
                format!(
                    "`{}` ({}) is published with the type `{}`, which is that of `{}` ({}): readers take one for the other; \
                     give one of them another `type` or `version`",
                    event.rust_name, event.location, event.event_type, twin.rust_name, twin.location
                )
            })
            .collect()
    }

    #[cfg(feature = "testing")]
    pub(crate) fn into_routes(self) -> Arc<RouteTable> {
        self.routes
    }

    pub(crate) fn route_lines(&self) -> Vec<Route> {
        lines(&self.routes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Kafka, Settings,
        event::{TopicSource, fixture::ORDER_PLACED},
    };

    /// The warnings of a bus in a program that is built so, with these variables.
    fn warnings(bus: Bus, aborts: bool, variables: &[&str]) -> Vec<String> {
        bus.partial().plan().unwrap().warnings(aborts, variables.iter().map(Into::into))
    }

    // Fails when nobody looks at how the program is built: the first panic of a handler would be the end of the service.
    #[test]
    fn a_program_in_which_a_panic_is_the_end_is_a_warning() {
        let bus = || Bus::new(Kafka::new("localhost:1"));
        assert_eq!(warnings(bus(), false, &[]), [""; 0]);
        let warnings = warnings(bus(), true, &[]);
        let [warning] = &warnings[..] else { panic!("{warnings:?}") };
        assert!(warning.starts_with("this program is built with `panic = \"abort\"`: "), "{warning}");
    }

    // Fails when nobody looks for them, and when a bus that has read them, or was told to, has the warning too.
    #[test]
    fn variables_that_a_bus_does_not_read_are_a_warning() {
        let variables = ["CAROM__SERVICE", "HOME"];
        let told = warnings(Bus::new(Kafka::new("localhost:1")), false, &variables);
        let [warning] = &told[..] else { panic!("{told:?}") };
        assert!(warning.starts_with("the variable `CAROM__SERVICE` is not read: this bus was made by `Bus::new`"));
        let servers = [("CAROM__KAFKA__BOOTSTRAP_SERVERS", "localhost:1")];
        let settings = Settings::from_vars("CAROM", servers).unwrap();
        assert_eq!(warnings(Bus::from_settings(settings), false, &variables), [""; 0]);
    }

    // Fails when the text of the error has the place too.
    #[test]
    fn a_bad_topic_name_shows_its_place_once() {
        static SLASHED: Descriptor = Descriptor { topic: TopicSource::Verbatim("orders/eu"), ..ORDER_PLACED };
        let mut bus = Bus::new(Kafka::new("localhost:1"));
        bus.options.published = vec![&SLASHED];
        let Err(error) = bus.plan() else { panic!("it is a name") };
        let text = error.to_string();
        assert!(
            text.contains("- src/order.rs:7: the topic of `OrderPlaced` cannot be `dev.sales.public.orders/eu.v1`")
        );
        assert_eq!(text.matches("src/order.rs").count(), 1, "{text}");
    }
}

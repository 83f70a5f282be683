//! What a bus was told, and what follows from it. What was not said stays `None` until a name is needed: settings, the
//! builder and the defaults come together here, and a default that was filled in early could not be told from a wish.

use std::time::Duration;

use crate::{
    clock::FOR_EVER,
    dispatch::{Kept, Limits},
    error::Problem,
    event::{Descriptor, Environment, Mode, Profile, check_environment, default_source},
    kafka::{BATCH, Kafka},
    settings::Settings,
    telemetry::{ErrorDetail, Hooks, Keys},
};

/// What a bus was told.
#[derive(Debug)]
pub(crate) struct Options {
    /// Whoever made it has looked at the environment, or decided not to.
    pub(crate) from_settings: bool,
    pub(crate) kafka: Kafka,
    pub(crate) service: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) domain: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) environment: Option<Environment>,
    pub(crate) profile: Profile,
    pub(crate) mode: Mode,
    /// Events whose topic carries JSON envelopes, whatever `mode` says.
    pub(crate) structured: Vec<&'static Descriptor>,
    /// Events that are published here, beside what the routes say.
    pub(crate) published: Vec<&'static Descriptor>,
    /// Events in whose topics those of a type that no actor handles are dead letters; elsewhere they are skipped.
    pub(crate) kept: Vec<Kept>,
    /// A handler without a supervised actor is no mistake: another bus of the process has it.
    pub(crate) partial: bool,
    pub(crate) workers: Option<usize>,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) drain_timeout: Duration,
    /// Part of what a bus is told only so that tests can reach them.
    pub(crate) limits: Limits,
    /// Takes no records until it is released.
    pub(crate) held: bool,
    /// Records in one batch.
    pub(crate) batch: usize,
    pub(crate) service_version: Option<String>,
    pub(crate) service_instance: Option<String>,
    pub(crate) stalled_after: Duration,
    pub(crate) keys: Keys,
    pub(crate) errors: ErrorDetail,
    pub(crate) hooks: Hooks,
}

/// What follows from the options: every name a running bus needs.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) service: String,
    pub(crate) group: String,
    /// Whose `internal` events may be handled here.
    pub(crate) domain: String,
    pub(crate) source: String,
    pub(crate) environment: Environment,
}

impl Identity {
    pub(crate) fn service_is_valid(&self) -> bool {
        is_service_name(&self.service)
    }
}

impl Options {
    pub(crate) fn new(kafka: Kafka) -> Self {
        Self {
            from_settings: false,
            kafka,
            service: None,
            group: None,
            domain: None,
            source: None,
            environment: None,
            profile: Profile::default(),
            mode: Mode::default(),
            structured: Vec::new(),
            published: Vec::new(),
            kept: Vec::new(),
            partial: false,
            workers: None,
            shutdown_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(5),
            limits: Limits::default(),
            held: false,
            batch: BATCH,
            service_version: None,
            service_instance: None,
            stalled_after: Duration::from_secs(60),
            keys: Keys::default(),
            errors: ErrorDetail::default(),
            hooks: Hooks::default(),
        }
    }

    /// What the settings say, and the defaults for what they leave out.
    pub(crate) fn of(settings: Settings) -> Self {
        let defaults = Self::new(settings.kafka.into());
        Self {
            from_settings: true,
            service: settings.service,
            group: settings.group,
            domain: settings.domain,
            source: settings.source,
            environment: settings.environment,
            profile: settings.profile.unwrap_or(defaults.profile),
            mode: settings.mode.unwrap_or(defaults.mode),
            workers: settings.workers,
            shutdown_timeout: settings.shutdown_timeout.unwrap_or(defaults.shutdown_timeout),
            drain_timeout: settings.drain_timeout.unwrap_or(defaults.drain_timeout),
            stalled_after: settings.stalled_after.unwrap_or(defaults.stalled_after),
            service_version: settings.service_version,
            service_instance: settings.service_instance,
            keys: settings.telemetry_keys.unwrap_or(defaults.keys),
            errors: settings.error_detail.unwrap_or(defaults.errors),
            ..defaults
        }
    }

    /// With bounds that can be added to a time: one that says "as long as it takes" may be [`Duration::MAX`].
    pub(crate) fn within_reach(self) -> Self {
        let (shutdown_timeout, drain_timeout) = (self.shutdown_timeout.min(FOR_EVER), self.drain_timeout.min(FOR_EVER));
        Self { shutdown_timeout, drain_timeout, ..self }
    }

    /// The names, with every problem that was found on the way.
    pub(crate) fn identity(&self, has_actors: bool, problems: &mut Vec<Problem>) -> Identity {
        let mut service = self.service.clone().unwrap_or_else(|| {
            if has_actors {
                problems.push(Problem::new(
                    "the bus has no name; add `.service(\"..\")`, the name of this service, or `service` \
                     (`CAROM__SERVICE`, with the prefix `CAROM`) to its settings",
                ));
            }
            "carom".to_owned()
        });
        if !is_service_name(&service) {
            let named = if service.trim().is_empty() { "an empty name".to_owned() } else { format!("`{service}`") };
            let text = format!(
                "{named} is no service name; use lower-case letters, digits and single dashes, such as `billing-api`"
            );
            problems.push(Problem::new(text));
            // What follows from a wrong name is no second mistake.
            "carom".clone_into(&mut service);
        }
        let domain = self.domain.clone().unwrap_or_else(|| first_word(&service).to_owned());
        let mut environment = self.environment.clone().unwrap_or_else(Environment::from_env);
        if let Err(error) = check_environment(&environment) {
            problems.push(Problem::new(error.to_string()));
            // Every topic and the group would be one more problem.
            environment = Environment::default();
        }
        let group = self.group.clone().unwrap_or_else(|| format!("{service}-{}", environment.segment()));
        if group.trim().is_empty() {
            problems.push(Problem::new(
                "the group id is empty; leave `.group(..)` out to let it follow from the service name",
            ));
        }
        let source = self.source.clone().unwrap_or_else(|| default_source(Some(&domain), &service));
        Identity { service, group, domain, source, environment }
    }

    pub(crate) fn worker_threads(&self, problems: &mut Vec<Problem>) -> usize {
        if self.workers == Some(0) {
            problems.push(Problem::new("`.workers(0)` leaves no thread to run handlers; use 1 or more"));
        }
        if self.workers.is_some_and(|threads| threads > WORKERS_MAX) {
            problems.push(Problem::new(format!(
                "`.workers(..)` takes {WORKERS_MAX} threads at most: one for each CPU is enough, and handlers that wait \
                 run side by side on one of them, as many as `.concurrency(..)` of their supervisor says"
            )));
        }
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        self.workers.unwrap_or(cpus.min(8)).clamp(1, WORKERS_MAX)
    }
}

/// Each thread takes some open files, of which many systems give a process 1,024.
const WORKERS_MAX: usize = 256;

fn first_word(service: &str) -> &str {
    service.split('-').next().unwrap_or(service)
}

/// `[a-z0-9]+(-[a-z0-9]+)*`
fn is_service_name(name: &str) -> bool {
    name.split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_service() {
        let options = Options {
            service: Some("order-service".into()),
            domain: Some("ECommerce".into()),
            environment: Some(Environment::new("Production")),
            ..Options::new(Kafka::new("localhost:1"))
        };
        let mut problems = Vec::new();
        let identity = options.identity(true, &mut problems);
        assert_eq!(problems, []);
        assert_eq!(
            (identity.group.as_str(), identity.source.as_str()),
            ("order-service-prod", "/e_commerce/order-service")
        );
    }

    // Fails when threads are started until there are no files left.
    #[test]
    fn more_threads_than_a_process_has_files_are_a_problem() {
        let problems = |workers| {
            let mut problems = Vec::new();
            let options = Options { workers: Some(workers), ..Options::new(Kafka::new("localhost:1")) };
            assert!(options.worker_threads(&mut problems) <= WORKERS_MAX);
            problems
        };
        assert_eq!(problems(WORKERS_MAX), []);
        assert!(problems(WORKERS_MAX + 1)[0].to_string().contains("takes 256 threads at most"));
    }

    #[test]
    fn a_bus_with_actors_needs_a_name() {
        let mut problems = Vec::new();
        Options::new(Kafka::new("localhost:1")).identity(true, &mut problems);
        assert!(problems[0].to_string().contains(".service("), "{problems:?}");
    }

    // Fails when group or domain follow from the wrong name: topics, and internal events, would be one more problem.
    #[test]
    fn what_follows_from_a_wrong_name_is_no_second_mistake() {
        let mut problems = Vec::new();
        let options = Options { service: Some("My Billing".into()), ..Options::new(Kafka::new("localhost:1")) };
        let identity = options.identity(true, &mut problems);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(identity.domain, "carom");
        let options = Options { service: Some(" ".into()), ..Options::new(Kafka::new("localhost:1")) };
        options.identity(true, &mut problems);
        assert!(problems[1].to_string().starts_with("an empty name is no service name; use "), "{problems:?}");
        assert!(crate::event::dead_letter_topic("dev.sales.public.orders.v1", &identity.group).is_ok());
    }

    // Fails when the topics of events are named after it too: each of them would be a problem with the same text.
    #[test]
    fn a_wrong_environment_is_one_problem() {
        let mut problems = Vec::new();
        let environment = Some(Environment::new("my env"));
        let options = Options { environment, ..Options::new(Kafka::new("localhost:1")) };
        let identity = options.identity(false, &mut problems);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].to_string().contains("the variable `CAROM__ENVIRONMENT`"), "{problems:?}");
        assert_eq!(identity.group, "carom-dev");
    }

    #[test]
    fn service_names_are_checked() {
        assert!(is_service_name("billing") && is_service_name("app-domain-api2"));
        assert!(
            !is_service_name("Billing") && !is_service_name("a--b") && !is_service_name("") && !is_service_name("a b")
        );
    }
}

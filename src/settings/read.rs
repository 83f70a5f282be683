//! From values to settings.
//!
//! A field that is added to [`Settings`] does not compile before it is here; its name belongs into `key` too.

use super::{
    KafkaSettings, Settings,
    given::{Given, Leaf},
    key::Spelling,
    values::{
        A_COUNT, A_DURATION, ERROR_DETAILS, GROUP_PROTOCOLS, KEYS, MODES, PARTITIONERS, PROFILES, TOPICS, count,
        duration,
    },
};
use crate::event::Environment;

/// Settings from what was found, or everything that is wrong with it, `problems` that are known already included.
pub(super) fn settings(leaves: Vec<Leaf>, problems: Vec<String>, spelling: &Spelling) -> Result<Settings, Vec<String>> {
    let mut given = Given::collect(leaves, problems, spelling);
    let environment = given.text("environment").map(|name| Environment::new(&name));
    let settings = Settings {
        service: given.text("service"),
        group: given.text("group"),
        domain: given.text("domain"),
        source: given.text("source"),
        environment: given.text("environment_short").map(Environment::short).or(environment),
        profile: given.choice("profile", PROFILES),
        mode: given.choice("mode", MODES),
        workers: given.parsed("workers", count, A_COUNT),
        shutdown_timeout: given.parsed("shutdown_timeout", duration, A_DURATION),
        drain_timeout: given.parsed("drain_timeout", duration, A_DURATION),
        stalled_after: given.parsed("stalled_after", duration, A_DURATION),
        service_version: given.text("service_version"),
        service_instance: given.any_text("service_instance"),
        telemetry_keys: given.choice("telemetry_keys", KEYS),
        error_detail: given.choice("error_detail", ERROR_DETAILS),
        kafka: kafka(&mut given),
        hidden: given.hidden,
    };
    if given.problems.is_empty() { Ok(settings) } else { Err(given.problems) }
}

/// The section `kafka`. Its options are taken last: they are all that is left.
fn kafka(given: &mut Given) -> KafkaSettings {
    KafkaSettings {
        servers: given.value("kafka.bootstrap_servers"),
        topics: given.choice("kafka.topics", TOPICS),
        partitioner: given.choice("kafka.partitioner", PARTITIONERS),
        group_protocol: given.choice("kafka.group_protocol", GROUP_PROTOCOLS),
        options: given.options(),
    }
}

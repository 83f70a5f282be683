//! What a bus makes of settings: each has a variable and a default, and the builder has the last word.

use super::*;
use crate::{
    Bus,
    event::Partitioner,
    kafka::{GroupProtocol, Topics},
};

#[test]
fn every_setting_has_a_variable() {
    let settings = from(&[
        ("CAROM__SERVICE", "billing"),
        ("CAROM__GROUP", "billers"),
        ("CAROM__DOMAIN", "sales"),
        ("CAROM__SOURCE", "/shop/billing"),
        ("CAROM__ENVIRONMENT", "Production"),
        ("CAROM__MODE", "structured"),
        ("CAROM__WORKERS", "3"),
        ("CAROM__SHUTDOWN_TIMEOUT", "1m"),
        ("CAROM__DRAIN_TIMEOUT", "750ms"),
        ("CAROM__STALLED_AFTER", "5m"),
        ("CAROM__SERVICE_VERSION", "1.2.3"),
        ("CAROM__PROFILE", "momentum"),
        ("CAROM__SERVICE_INSTANCE", ""),
        ("CAROM__TELEMETRY_KEYS", "hidden"),
        ("CAROM__ERROR_DETAIL", "none"),
        ("CAROM__KAFKA__BOOTSTRAP_SERVERS", "a:1,b:2"),
        ("CAROM__KAFKA__TOPICS", "verify"),
        ("CAROM__KAFKA__PARTITIONER", "java"),
        ("CAROM__KAFKA__GROUP_PROTOCOL", "consumer"),
        ("CAROM_SERVICE", "another program's"),
        ("HOME", "/"),
    ]);
    assert_eq!(settings.kafka.bootstrap_servers(), Some("a:1,b:2"));
    assert_eq!(settings.kafka.topics, Some(Topics::Verify));
    assert_eq!(settings.kafka.partitioner, Some(Partitioner::Java));
    assert_eq!(settings.kafka.group_protocol, Some(GroupProtocol::Consumer));
    let options = Bus::from_settings(settings).options;
    let texts = [&options.service, &options.group, &options.domain, &options.source];
    assert_eq!(texts.map(|text| text.as_deref().unwrap()), ["billing", "billers", "sales", "/shop/billing"]);
    assert_eq!(options.environment, Some(Environment::new("production")));
    assert_eq!(options.profile, crate::Profile::Momentum);
    assert_eq!((options.mode, options.workers), (Mode::Structured, Some(3)));
    assert_eq!(options.shutdown_timeout, Duration::from_secs(60));
    assert_eq!(options.drain_timeout, Duration::from_millis(750));
    assert_eq!(options.stalled_after, Duration::from_secs(300));
    assert_eq!((options.service_version.as_deref(), options.service_instance.as_deref()), (Some("1.2.3"), Some("")));
    assert_eq!(options.keys, crate::telemetry::Keys::Hidden);
    assert_eq!(options.kafka.bootstrap_servers().as_deref(), Ok("a:1,b:2"));
    assert_eq!(options.kafka.problems(), Vec::<String>::new());
}

#[test]
fn what_is_left_out_has_the_builders_default() {
    let (ours, mut builders) = (Bus::from_settings(Settings::default()).options, Bus::new(Kafka::new("")).options);
    builders.from_settings = true;
    assert_eq!(format!("{ours:?}"), format!("{builders:?}"));
}

#[test]
fn what_the_builder_is_told_afterwards_wins() {
    let settings = from(&[
        ("CAROM__SERVICE", "billing"),
        ("CAROM__WORKERS", "3"),
        ("CAROM__KAFKA__BOOTSTRAP_SERVERS", "embedded"),
        ("CAROM__KAFKA__LINGER_MS", "7"),
    ]);
    let bus = Bus::from_settings(settings).workers(5).kafka(|kafka| kafka.producer("linger.ms", "9"));
    assert_eq!((bus.options.workers, bus.options.service.as_deref()), (Some(5), Some("billing")));
    let producer = bus.options.kafka.producer_config("c", crate::kafka::Publishing::Events).unwrap();
    assert_eq!(producer.get("linger.ms"), Some("9"));
    assert!(bus.options.kafka.broker().is_some());
}

#[test]
fn a_short_environment_beats_its_name() {
    let settings = from(&[("CAROM__ENVIRONMENT", "staging"), ("CAROM__ENVIRONMENT_SHORT", "stage2")]);
    assert_eq!(settings.environment, Some(Environment::short("stage2")));
}

#[test]
fn a_cluster_that_nobody_named_is_said_when_the_bus_starts() {
    let problems = Kafka::from(KafkaSettings::default()).problems();
    assert!(problems[0].contains("`CAROM__KAFKA__BOOTSTRAP_SERVERS`"), "{problems:?}");
}

//! What a bus makes of settings: each has a variable and a default, and the builder has the last word.

use super::*;
use crate::{
    Bus,
    event::{Partitioner, Profile},
    kafka::{GroupProtocol, Topics},
    telemetry::{ErrorDetail, Keys},
};

// Fails when a variable is not read, or when `Options::of` or `Kafka::from` leaves a field out.
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
        ("CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES", "7"),
        ("CAROM_SERVICE", "another program's"),
        ("HOME", "/"),
    ]);
    let options = Bus::from_settings(settings.clone()).options;
    // Without `..`, here and below: a new setting is looked at, or this does not compile.
    let Settings {
        service,
        group,
        domain,
        source,
        environment,
        profile,
        mode,
        workers,
        shutdown_timeout,
        drain_timeout,
        stalled_after,
        service_version,
        service_instance,
        telemetry_keys,
        error_detail,
        kafka,
        hidden: _,
    } = settings;
    let texts = [&options.service, &options.group, &options.domain, &options.source];
    assert_eq!(texts, [&service, &group, &domain, &source]);
    assert_eq!(texts.map(|text| text.as_deref().unwrap()), ["billing", "billers", "sales", "/shop/billing"]);
    assert_eq!((&options.environment, options.workers), (&environment, workers));
    assert_eq!((environment, workers), (Some(Environment::new("production")), Some(3)));
    assert_eq!((Some(options.profile), Some(options.mode)), (profile, mode));
    assert_eq!((profile, mode), (Some(Profile::Momentum), Some(Mode::Structured)));
    let times = [options.shutdown_timeout, options.drain_timeout, options.stalled_after];
    assert_eq!(times.map(Some), [shutdown_timeout, drain_timeout, stalled_after]);
    assert_eq!(times.map(|time| time.as_millis()), [60_000, 750, 300_000]);
    let instance = [&options.service_version, &options.service_instance];
    assert_eq!(instance, [&service_version, &service_instance]);
    assert_eq!(instance.map(|text| text.as_deref().unwrap()), ["1.2.3", ""]);
    assert_eq!((Some(options.keys), Some(options.errors)), (telemetry_keys, error_detail));
    assert_eq!((telemetry_keys, error_detail), (Some(Keys::Hidden), Some(ErrorDetail::None)));
    is_reached(&options.kafka, kafka);
}

/// The cluster of `every_setting_has_a_variable`.
fn is_reached(by: &Kafka, settings: KafkaSettings) {
    let KafkaSettings { topics, partitioner, group_protocol, servers, options } = settings;
    assert_eq!((Some(by.topics_mode()), topics), (topics, Some(Topics::Verify)));
    assert_eq!((Some(by.partitioner_choice()), partitioner), (partitioner, Some(Partitioner::Java)));
    assert_eq!(group_protocol, Some(GroupProtocol::Consumer));
    assert_eq!(by.bootstrap_servers().as_deref(), Ok("a:1,b:2"));
    assert_eq!(servers.map(|servers| servers.text).as_deref(), Some("a:1,b:2"));
    let consumer = by.consumer_config("group", "client").unwrap();
    let given = ["group.protocol", "fetch.min.bytes"].map(|option| consumer.get(option));
    assert_eq!(given, [Some("consumer"), Some("7")], "{options:?}");
    assert_eq!(by.problems(), Vec::<String>::new());
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

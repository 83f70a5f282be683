//! Settings from a loader of configuration files, through serde.

use serde_json::json;

use super::*;
use crate::kafka::Topics;

#[test]
fn scalars_of_a_file_are_the_text_that_they_are() {
    let settings = read(&json!({
        "service": "billing",
        "workers": 2,
        "shutdown_timeout": 30,
        "drain_timeout": null,
        "kafka": {
            "bootstrap_servers": "embedded",
            "socket.keepalive.enable": true,
            "socket.timeout.ms": 4_000,
            "consumer": { "fetch": { "min.bytes": 5, "wait": { "max": { "ms": 6 } } }, "client_rack": "0123" },
            "producer": { "sticky.partitioning.linger.ms": 12 },
        },
    }))
    .unwrap();
    assert_eq!((settings.workers, settings.shutdown_timeout), (Some(2), Some(Duration::from_secs(30))));
    assert_eq!(settings.drain_timeout, None);
    let consumer = |name: &str| option(settings.clone(), name)[0].clone().unwrap();
    let names = ["socket.keepalive.enable", "socket.timeout.ms", "fetch.min.bytes", "fetch.wait.max.ms", "client.rack"];
    assert_eq!(names.map(consumer), ["true", "4000", "5", "6", "0123"]);
}

#[test]
fn a_section_can_be_read_alone() {
    let kafka: KafkaSettings =
        serde_json::from_value(json!({ "bootstrap_servers": "a:1", "topics": "ignore", "fetch_min_bytes": 3 }))
            .unwrap();
    assert_eq!((kafka.bootstrap_servers(), kafka.topics), (Some("a:1"), Some(Topics::Ignore)));
    let error = serde_json::from_value::<KafkaSettings>(json!({ "topic": "ignore" })).unwrap_err().to_string();
    assert!(error.starts_with("`topic`: ") && error.contains("did you mean `topics`?"), "{error}");
}

// A loader that nobody here wrote. Fails when `Settings` borrows from what it reads, or asks for a type.
#[test]
fn the_crate_config_fills_them_from_a_file_and_the_environment() {
    let file = "service = 'billing'\n[kafka]\nbootstrap_servers = 'embedded'\n[kafka.consumer]\nfetch_min_bytes = 1\n'client.rack' = 'a'";
    let variables = [("CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES", "0123"), ("CAROM__KAFKA__CONSUMER__CLIENT_ID", " x ")];
    let environment = config::Environment::with_prefix("CAROM")
        .prefix_separator("__")
        .separator("__")
        .source(Some(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()));
    let settings: Settings = config::Config::builder()
        .add_source(config::File::from_str(file, config::FileFormat::Toml))
        .add_source(environment)
        .build()
        .unwrap()
        .try_deserialize()
        .unwrap();
    let consumer = |name: &str| option(settings.clone(), name)[0].clone().unwrap();
    assert_eq!(["fetch.min.bytes", "client.id", "client.rack"].map(consumer), ["0123", " x ", "a"]);
}

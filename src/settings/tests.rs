//! Settings as a whole: what comes in by the environment and by serde, and what a bus makes of it.

use std::{fs, path::PathBuf};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    Bus, Kafka,
    event::Partitioner,
    kafka::{GroupProtocol, Topics},
};

fn from(vars: &[(&str, &str)]) -> Settings {
    Settings::from_vars("CAROM", vars.iter().copied()).unwrap()
}

/// Everything that is wrong with these variables.
fn refused(vars: &[(&str, &str)]) -> Vec<String> {
    match Settings::from_vars("CAROM", vars.iter().copied()) {
        Err(Error::Misconfigured(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn only_problem(vars: &[(&str, &str)]) -> String {
    let problems = refused(vars);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.into_iter().next().unwrap()
}

fn read(value: &serde_json::Value) -> Result<Settings, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

/// What clients get for an option.
fn option(settings: Settings, option: &str) -> [Option<String>; 2] {
    let kafka = Kafka::from(settings.kafka);
    let consumer = kafka.consumer_config("group", "client").unwrap();
    let producer = kafka.producer_config("client", crate::kafka::Publishing::Events).unwrap();
    [&consumer, &producer].map(|config| config.get(option).map(str::to_owned))
}

/// A file that goes with the test.
struct Secret(PathBuf);

impl Secret {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("carom-settings-{}", uuid::Uuid::now_v7()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

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
    let (ours, builders) = (Bus::from_settings(Settings::default()).options, Bus::new(Kafka::new("")).options);
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
fn options_are_handed_through_for_all_clients_and_for_each_kind() {
    let settings = from(&[
        ("CAROM__KAFKA__SECURITY_PROTOCOL", "PlainText"),
        ("CAROM__KAFKA__SOCKET_KEEPALIVE_ENABLE", "true"),
        ("CAROM__KAFKA__STATISTICS_INTERVAL_MS", "1000"),
        ("CAROM__KAFKA__PRODUCER__STATISTICS_INTERVAL_MS", "2000"),
        ("CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES", "64"),
    ]);
    assert_eq!(option(settings.clone(), "security.protocol"), ["PlainText", "PlainText"].map(|v| Some(v.to_owned())));
    assert_eq!(option(settings.clone(), "statistics.interval.ms"), ["1000", "2000"].map(|v| Some(v.to_owned())));
    assert_eq!(option(settings, "fetch.min.bytes"), [Some("64".to_owned()), None]);
}

proptest! {
    // Fails when a value is trimmed, parsed as a number, or changed in case.
    #[test]
    fn texts_stay_as_they_are(value in "[ 0-9A-Za-z{}\\[\\]'\",=.+-]{0,20}") {
        let settings = from(&[("CAROM__KAFKA__CLIENT_RACK", &value)]);
        prop_assert_eq!(&option(settings, "client.rack")[0], &Some(value.clone()));
        let settings = read(&json!({ "kafka": { "client": { "rack": value } } })).unwrap();
        prop_assert_eq!(&option(settings, "client.rack")[0], &Some(value.clone()));
    }

    // Fails when keys are flattened with another character, or one level only.
    #[test]
    fn tables_in_tables_are_flattened_with_dots(
        name in proptest::sample::select(vec!["client.rack", "sasl.username", "group.instance.id", "client.software.name"]),
        dotted_from in 0_usize..4,
    ) {
        let words: Vec<_> = name.split('.').collect();
        let (tables, rest) = words.split_at(dotted_from.min(words.len() - 1));
        let leaf = json!({ rest.join("."): "x" });
        let nested = tables.iter().rev().fold(leaf, |inner, table| json!({ *table: inner }));
        let settings = read(&json!({ "kafka": { "consumer": nested } })).unwrap();
        prop_assert_eq!(&option(settings, name)[0], &Some("x".to_owned()));
    }

    #[test]
    fn no_variable_makes_it_panic(name in "[A-Z_.a-z]{0,30}", value in ".{0,10}") {
        let _ = Settings::from_vars("CAROM", [(format!("CAROM__{name}"), value)]);
    }
}

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

#[test]
fn all_problems_come_at_once_each_with_its_variable() {
    let problems = refused(&[
        ("CAROM__WORKERS", "many"),
        ("CAROM__MODE", "xml"),
        ("CAROM__SHUTDOWN_TIMEOUT", "10 sec"),
        ("CAROM__SERVCE", "billing"),
        ("CAROM__DOMAIN", " "),
        ("CAROM__KAFKA__LINGER_MS", "soon"),
        ("CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTE", "1"),
    ]);
    for (expected, advice) in [
        ("`CAROM__WORKERS` cannot be `many`", "write a whole number from 1 on"),
        ("`CAROM__MODE` cannot be `xml`", "write `binary` or `structured`"),
        ("`CAROM__SHUTDOWN_TIMEOUT` cannot be `10 sec`", "such as `500ms`, `10s`"),
        ("`CAROM__SERVCE` is not a setting", "did you mean `CAROM__SERVICE`?"),
        ("`CAROM__DOMAIN` is empty", "leave it out"),
        ("`CAROM__KAFKA__LINGER_MS`: librdkafka refuses `linger.ms = soon`", ""),
        ("`CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTE`", "did you mean `CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES`?"),
    ] {
        let found = problems.iter().find(|problem| problem.starts_with(expected));
        assert!(found.is_some_and(|problem| problem.contains(advice)), "{expected}: {problems:#?}");
    }
    assert_eq!(problems.len(), 7);
}

#[test]
fn serde_tells_all_problems_in_its_one_error() {
    let error = read(&json!({ "workers": 0, "kafka": { "topics": "Create" } })).unwrap_err();
    assert!(error.contains("`workers` cannot be `0`: write a whole number from 1 on"), "{error}");
    assert!(error.contains("`kafka.topics` cannot be `Create`: write `create`, `verify` or `ignore`"), "{error}");
}

#[test]
fn what_is_no_map_or_a_list_is_refused() {
    assert!(read(&json!("billing")).unwrap_err().contains("settings are a map"));
    assert!(read(&json!(["billing"])).unwrap_err().contains("settings are a map"));
    let error = read(&json!({ "kafka": { "bootstrap_servers": ["a:1", "b:2"] } })).unwrap_err();
    assert!(error.starts_with("`kafka.bootstrap_servers` is a list: write one text"), "{error}");
    assert!(
        read(&json!({ "service": { "name": "billing" } })).unwrap_err().contains("`service.name` is not a setting")
    );
}

#[test]
fn what_the_runtime_owns_is_refused_under_the_name_that_was_written() {
    for (name, value, advice) in [
        ("ENABLE_AUTO_COMMIT", "false", "remove it"),
        ("CONSUMER__ENABLE_AUTO_OFFSET_STORE", "true", "remove it"),
        ("CONSUMER__GROUP_ID", "billing", "`.group(\"..\")`"),
        ("PRODUCER__PARTITIONER", "murmur2", "`kafka.partitioner = java`"),
        ("PRODUCER__ENABLE_IDEMPOTENCE", "false", "remove it"),
        ("CONSUMER__BOOTSTRAP_SERVERS", "a:1", "`kafka.bootstrap_servers`"),
    ] {
        let variable = format!("CAROM__KAFKA__{name}");
        let sentence = only_problem(&[(&variable, value)]);
        assert!(sentence.starts_with(&format!("`{variable}`: ")) && sentence.contains(advice), "{sentence}");
    }
    let error = read(&json!({ "kafka": { "producer": { "enable.idempotence": false } } })).unwrap_err();
    assert!(
        error.starts_with("`kafka.producer.enable.idempotence`: `enable.idempotence` cannot be `false`"),
        "{error}"
    );
    let partitioner = only_problem(&[("CAROM__KAFKA__PARTITIONER", "murmur2_random")]);
    assert!(partitioner.ends_with("cannot be `murmur2_random`: write `librdkafka` or `java`"), "{partitioner}");
    assert!(refused(&[("CAROM__KAFKA__PRODUCER__ACKS", "1")])[0].contains("`acks` cannot be `1`"));
    let _ = from(&[("CAROM__KAFKA__PRODUCER__ENABLE_IDEMPOTENCE", "true")]);
}

#[test]
fn two_names_for_one_setting_are_refused() {
    let secret = Secret::new("hunter2\n");
    let sentence =
        only_problem(&[("CAROM__KAFKA__CLIENT_RACK", "eu-1a"), ("CAROM__KAFKA__CLIENT_RACK_FILE", secret.path())]);
    assert_eq!(
        sentence,
        "`CAROM__KAFKA__CLIENT_RACK` and `CAROM__KAFKA__CLIENT_RACK_FILE` give one setting two values: keep one of them"
    );
    let aliases = only_problem(&[("CAROM__KAFKA__LINGER_MS", "1"), ("CAROM__KAFKA__QUEUE_BUFFERING_MAX_MS", "2")]);
    assert!(aliases.contains("give one setting two values"), "{aliases}");
    let error = read(&json!({ "kafka": { "fetch.min.bytes": 1, "fetch_min_bytes": 2 } })).unwrap_err();
    assert!(error.contains("give one setting two values"), "{error}");
    let cases = only_problem(&[("CAROM__SERVICE", "a"), ("CAROM__service", "b")]);
    assert!(cases.contains("give one setting two values"), "{cases}");
}

#[test]
fn what_was_read_from_a_file_is_used_and_never_shown() {
    let secret = Secret::new("hunter2\n");
    let settings = from(&[
        ("CAROM__SOURCE_FILE", secret.path()),
        ("CAROM__KAFKA__CLIENT_RACK_FILE", secret.path()),
        ("CAROM__KAFKA__BOOTSTRAP_SERVERS_FILE", secret.path()),
    ]);
    assert_eq!(option(settings.clone(), "client.rack")[0].as_deref(), Some("hunter2"));
    assert_eq!(settings.kafka.bootstrap_servers(), Some("hunter2"));
    assert_eq!(settings.source.as_deref(), Some("hunter2"));
    let kafka = Kafka::from(settings.kafka.clone());
    for shown in [
        format!("{settings:?}"),
        format!("{kafka:?}"),
        format!("{:?}", kafka.consumer_differences()),
        kafka.servers_shown(),
        kafka.secrets().hide("the client says hunter2"),
    ] {
        assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    }
}

// Fails when only the list as a whole is taken out: the client's messages name one server.
#[test]
fn each_server_that_was_read_from_a_file_is_hidden_by_itself() {
    let secret = Secret::new("one.internal:9093, two.internal:9093\n");
    let settings = from(&[("CAROM__KAFKA__BOOTSTRAP_SERVERS_FILE", secret.path())]);
    let kafka = Kafka::from(settings.kafka);
    let hidden = kafka.secrets().hide("two.internal:9093/bootstrap: connection refused; one.internal:9093/1: down");
    assert_eq!(hidden, "***/bootstrap: connection refused; ***/1: down");
    let secret = Secret::new("SASL_SSL://one.internal:9093,SASL_SSL://two.internal:9093");
    let with_protocol = from(&[("CAROM__KAFKA__BOOTSTRAP_SERVERS_FILE", secret.path())]);
    let hidden = Kafka::from(with_protocol.kafka).secrets().hide("sasl_ssl://two.internal:9093/bootstrap: refused");
    assert_eq!(hidden, "sasl_ssl://***/bootstrap: refused");
    // Fails when spans get what is shown to people.
    assert_eq!(kafka.servers_on_spans(), None);
    assert_eq!(Kafka::new("one:9093").servers_on_spans().as_deref(), Some("one:9093"));
}

// Fails when spans take the value from the layers.
#[test]
fn a_client_id_from_a_file_is_not_on_spans() {
    let secret = Secret::new("hunter2");
    let settings = from(&[("CAROM__KAFKA__CLIENT_ID_FILE", secret.path())]);
    assert_eq!(Kafka::from(settings.kafka).client_ids("billing"), ["***", "***"]);
}

// Fails without the other key of the environment in `hidden`.
#[test]
fn a_short_environment_from_a_file_is_not_in_debug() {
    let secret = Secret::new("hunter2");
    let settings = from(&[("CAROM__ENVIRONMENT_SHORT_FILE", secret.path())]);
    assert!(settings.environment.is_some() && !format!("{settings:?}").contains("hunter2"));
}

// Fails when a sentence quotes the value of a setting without asking where it came from.
#[test]
fn no_error_quotes_what_was_read_from_a_file() {
    let secret = Secret::new("hunter2");
    for name in [
        "WORKERS",
        "MODE",
        "DRAIN_TIMEOUT",
        "KAFKA__TOPICS",
        "KAFKA__LINGER_MS",
        "KAFKA__ENABLE_IDEMPOTENCE",
        "KAFKA__DEBUG",
    ] {
        let sentence = only_problem(&[(&format!("CAROM__{name}_FILE"), secret.path())]);
        assert!(!sentence.contains("hunter2") && sentence.contains(&format!("CAROM__{name}_FILE")), "{sentence}");
    }
}

// Fails without `hide` in `Kafka::clients_problem`: librdkafka finds this out when it makes a client, in its own words.
#[test]
fn librdkafkas_own_words_lose_what_was_read_from_a_file() {
    let secret = Secret::new("HUNTER2");
    let settings = from(&[
        ("CAROM__KAFKA__BOOTSTRAP_SERVERS", "embedded"),
        ("CAROM__KAFKA__SECURITY_PROTOCOL", "sasl_plaintext"),
        ("CAROM__KAFKA__SASL_MECHANISM_FILE", secret.path()),
    ]);
    let problems = Kafka::from(settings.kafka).problems();
    assert!(!problems.is_empty());
    for problem in problems {
        assert!(problem.contains("***") && !problem.contains("HUNTER2"), "{problem}");
    }
}

#[test]
fn secrets_are_hidden_by_their_keys_and_in_urls() {
    let settings = from(&[
        ("CAROM__KAFKA__SASL_PASSWORD", "hunter2"),
        ("CAROM__KAFKA__BOOTSTRAP_SERVERS", "sasl://me:hunter2@kafka:9092"),
        ("CAROM__KAFKA__SASL_USERNAME", "billing"),
    ]);
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hunter2") && shown.contains("***@kafka:9092") && shown.contains("billing"), "{shown}");
    let sentence = only_problem(&[("CAROM__MODE", "http://me:hunter2@host")]);
    assert!(!sentence.contains("hunter2"), "{sentence}");
}

#[test]
fn a_cluster_that_nobody_named_is_said_when_the_bus_starts() {
    let problems = Kafka::from(KafkaSettings::default()).problems();
    assert!(problems[0].contains("`CAROM__KAFKA__BOOTSTRAP_SERVERS`"), "{problems:?}");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;

    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let vars = [(bytes(b"CAROM__SERVICE"), bytes(b"\xff")), (bytes(b"\xff"), bytes(b"x"))];
    let error = Settings::from_vars("CAROM", vars).unwrap_err().to_string();
    assert!(error.contains("`CAROM__SERVICE` is not UTF-8 text"), "{error}");
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

//! What is refused: all of it at once, under the name that was written, with what to write instead.

use proptest::prelude::*;
use serde_json::json;

use super::*;

proptest! {
    #[test]
    fn no_variable_makes_it_panic(name in "[A-Z_.a-z]{0,30}", value in ".{0,10}") {
        let _ = Settings::from_vars("CAROM", [(format!("CAROM__{name}"), value)]);
    }
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

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;

    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let vars = [(bytes(b"CAROM__SERVICE"), bytes(b"\xff")), (bytes(b"\xff"), bytes(b"x"))];
    let error = Settings::from_vars("CAROM", vars).unwrap_err().to_string();
    assert!(error.contains("`CAROM__SERVICE` is not UTF-8 text"), "{error}");
}

//! What was read from a file of its own, or is a secret by its key, is used and never shown.

use super::*;
use crate::kafka::Scope;

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

#[test]
fn a_source_is_shown_without_its_user_info() {
    let shown = format!("{:?}", from(&[("CAROM__SOURCE", "https://me:hunter2@sales.example/orders")]));
    assert!(shown.contains("https://***@sales.example/orders"), "{shown}");
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
    let kafka = Kafka::from(settings.kafka);
    let ids = [Scope::Consumer, Scope::Producer].map(|scope| kafka.client_id(scope, "billing"));
    assert_eq!(ids, ["***", "***"]);
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
    // Fails when only what looks like a URL is searched.
    let shown = format!("{:?}", from(&[("CAROM__KAFKA__BOOTSTRAP_SERVERS", "me:hunter2@kafka:9092")]));
    assert!(!shown.contains("hunter2") && shown.contains("***@kafka:9092"), "{shown}");
    let sentence = only_problem(&[("CAROM__MODE", "http://me:hunter2@host")]);
    assert!(!sentence.contains("hunter2"), "{sentence}");
}

use rdkafka::ClientConfig;

use super::{super::Publishing, *};

// Fails when spans take the service for a client's id, and when the report leaves out what somebody set.
#[test]
fn a_client_id_that_was_set_is_known_to_spans_and_to_the_report() {
    let plain = Kafka::new("one:9092");
    let ids = |kafka: &Kafka| [Scope::Consumer, Scope::Producer].map(|scope| kafka.client_id(scope, "billing"));
    assert_eq!(ids(&plain), ["billing", "billing"]);
    let options = |kafka: &Kafka| kafka.consumer_differences().into_iter().map(|one| one.option).collect::<Vec<_>>();
    assert!(!options(&plain).contains(&"client.id".to_owned()));
    let named = plain.consumer("client.id", "billing-7");
    assert_eq!(ids(&named), ["billing-7", "billing"]);
    assert!(options(&named).contains(&"client.id".to_owned()));
}

fn values(config: &ClientConfig, keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| config.get(key).unwrap_or("unset").to_owned()).collect()
}

#[test]
fn the_defaults_are_accepted_by_librdkafka() {
    assert_eq!(Kafka::new("localhost:9092").problems(), Vec::<String>::new());
    assert_eq!(Kafka::embedded().problems(), Vec::<String>::new());
    let broker_decides = Kafka::embedded().group_protocol(GroupProtocol::Consumer).partitioner(Partitioner::Java);
    assert_eq!(broker_decides.problems(), Vec::<String>::new());
}

#[test]
fn checking_the_options_starts_no_broker() {
    let kafka = Kafka::embedded();
    assert!(kafka.problems().is_empty());
    assert_eq!(format!("{:?}", kafka.broker().unwrap()), "Embedded(not started)");
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = Kafka::new(" ")
        .set("enable.auto.commit", "true")
        .consumer("fetch.min.byte", "1")
        .producer("linger.ms", "soon")
        .problems();
    assert_eq!(problems.len(), 4, "{problems:#?}");
}

#[test]
fn options_that_contradict_each_other_are_a_problem() {
    let problems = Kafka::new("localhost:9092").consumer("session.timeout.ms", "400000").problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].contains("session.timeout.ms"), "{problems:#?}");
}

// Fails when librdkafka words it otherwise, and when options of all clients are taken for those of one kind.
#[test]
fn an_option_of_the_other_kind_of_client_is_a_problem() {
    let kafka = Kafka::new("localhost:9092").set("debug", "all").set("linger.ms", "7").set("fetch.min.bytes", "3");
    assert_eq!(kafka.problems(), Vec::<String>::new());
    let problems =
        kafka.consumer("linger.ms", "7").producer("fetch.wait.max.ms", "9").producer("acks", "all").problems();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems[0].contains("`linger.ms` has no effect on a consumer: it is an option of producers"),
        "{problems:?}"
    );
    assert!(problems[0].ends_with("the setting `kafka.producer.linger_ms`"), "{problems:?}");
    assert!(problems[1].contains("write `.consumer(\"fetch.wait.max.ms\", ..)`"), "{problems:?}");
    let both = Kafka::new("localhost:9092").set("log_level", "3").consumer("linger.ms", "7").problems();
    assert_eq!(both.len(), 2, "{both:#?}");
}

#[test]
fn a_problem_of_two_clients_is_said_once() {
    let kafka = Kafka::new("localhost:9092").set("acks", "0").producer("acks", "0");
    assert_eq!(kafka.problems().len(), 1, "{:#?}", kafka.problems());
}

#[test]
fn what_the_runtime_owns_stays_even_if_problems_are_ignored() {
    let kafka = Kafka::new("localhost:9092")
        .set("enable.auto.commit", "true")
        .consumer("group.id", "mine")
        .producer("acks", "0")
        .set("allow.auto.create.topics", "true");

    let consumer = kafka.consumer_config("billing", "billing-1").unwrap();
    let keys = ["enable.auto.commit", "group.id", "client.id", "allow.auto.create.topics"];
    assert_eq!(values(&consumer, &keys), ["false", "billing", "billing-1", "false"]);
    let producer = kafka.producer_config("billing-1", Publishing::Events).unwrap();
    assert_eq!(
        values(&producer, &["acks", "enable.idempotence", "allow.auto.create.topics"]),
        ["all", "true", "false"]
    );
}

#[test]
fn a_users_option_beats_the_default_and_a_narrower_one_beats_both() {
    let kafka = Kafka::new("localhost:9092")
        .set("statistics.interval.ms", "1000")
        .producer("statistics.interval.ms", "2000")
        .producer("queue.buffering.max.ms", "20");

    let consumer = kafka.consumer_config("g", "c").unwrap();
    assert_eq!(consumer.get("statistics.interval.ms"), Some("1000"));
    let producer = kafka.producer_config("c", Publishing::Events).unwrap();
    assert_eq!(
        values(&producer, &["statistics.interval.ms", "linger.ms", "queue.buffering.max.ms"]),
        ["2000", "20", "unset"]
    );
}

#[test]
fn dead_letters_give_up_sooner_and_have_room_for_their_reasons() {
    let keys = ["delivery.timeout.ms", "message.max.bytes"];
    let of = |kafka: &Kafka, purpose| values(&kafka.producer_config("c", purpose).unwrap(), &keys);
    let kafka = Kafka::new("localhost:9092");
    assert_eq!(of(&kafka, Publishing::Events), ["120000", "unset"]);
    assert_eq!(of(&kafka, Publishing::DeadLetters), ["30000", "1065536"]);
    let kafka = kafka.producer("message.max.bytes", "2000000");
    assert_eq!(of(&kafka, Publishing::DeadLetters), ["30000", "2065536"]);
}

#[test]
fn the_embedded_broker_gets_short_group_times_that_a_user_may_change() {
    let keys = ["session.timeout.ms", "heartbeat.interval.ms", "fetch.wait.max.ms"];
    let kafka = Kafka::embedded();
    assert_eq!(values(&kafka.consumer_config("g", "c").unwrap(), &keys), ["2000", "200", "5"]);
    let kafka = kafka.consumer("session.timeout.ms", "6000").group_protocol(GroupProtocol::Classic);
    assert_eq!(values(&kafka.consumer_config("g", "c").unwrap(), &keys), ["6000", "200", "5"]);
    let kafka = Kafka::embedded().group_protocol(GroupProtocol::Consumer);
    assert_eq!(values(&kafka.consumer_config("g", "c").unwrap(), &keys), ["unset", "unset", "5"]);
}

#[test]
fn secrets_are_hidden_in_debug_and_in_the_log() {
    let kafka =
        Kafka::new("sasl://me:hunter2@host:9092").set("sasl.password", "hunter2").set("sasl.username", "billing");
    let shown = format!("{kafka:?}");
    assert!(!shown.contains("hunter2") && shown.contains("billing") && shown.contains("***@host"), "{shown}");
}

#[test]
fn sasl_with_plain_needs_no_feature() {
    let kafka = Kafka::new("localhost:9092")
        .set("security.protocol", "sasl_plaintext")
        .set("sasl.mechanism", "PLAIN")
        .set("sasl.username", "billing")
        .set("sasl.password", "hunter2");
    assert_eq!(kafka.problems(), Vec::<String>::new());
}

#[cfg(not(any(feature = "ssl", feature = "sasl")))]
#[test]
fn a_mechanism_of_a_feature_that_is_off_names_the_feature() {
    let kafka = Kafka::new("localhost:9092").set("security.protocol", "sasl_plaintext");
    let problems = kafka.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let start = "`security.protocol = sasl_plaintext` needs the cargo feature `sasl` of carom, because";
    assert!(problems[0].starts_with(start) && problems[0].ends_with("such as PLAIN"), "{problems:?}");
    let kafka = kafka.set("sasl.mechanism", "SCRAM-SHA-256").set("sasl.username", "a").set("sasl.password", "b");
    let problems = kafka.problems();
    assert_eq!(problems, ["`sasl.mechanism = SCRAM-SHA-256` needs the cargo feature `ssl` of carom"]);
}

#[cfg(feature = "sasl")]
#[test]
fn the_feature_sasl_brings_every_mechanism() {
    for mechanism in ["GSSAPI", "SCRAM-SHA-512", "PLAIN"] {
        let kafka = Kafka::new("localhost:9092")
            .set("security.protocol", "sasl_ssl")
            .set("sasl.mechanism", mechanism)
            .set("sasl.kerberos.keytab", "/etc/billing.keytab")
            .set("sasl.username", "billing")
            .set("sasl.password", "hunter2");
        assert_eq!(kafka.problems(), Vec::<String>::new(), "{mechanism}");
    }
}

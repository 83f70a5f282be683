//! What `docs/kafka-settings.md` says of options is true: the values are ours, the defaults librdkafka's.

use std::collections::BTreeSet;

use rdkafka::{ClientConfig, config::RDKafkaLogLevel};

use super::{
    Kafka, Publishing, Scope,
    effective::{default_of, fresh},
    options,
};

const PAGE: &str = include_str!("../../../docs/kafka-settings.md");

/// client, option, value, default
type Row = (String, String, String, String);

/// The rows of every table that starts with the client.
fn rows() -> Vec<Row> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>();
    let rows = PAGE.lines().filter(|line| line.starts_with('|')).map(cells);
    let of_a_client = rows.filter(|cells| ["consumer", "producer", "dead letters"].contains(&cells[1].as_str()));
    of_a_client.map(|cells| (cells[1].clone(), cells[2].clone(), cells[3].clone(), cells[4].clone())).collect()
}

/// What a client of a plain cluster is given, apart from its names.
fn given(client: &str, config: &ClientConfig) -> BTreeSet<(String, String, String)> {
    let named = ["bootstrap.servers", "client.id", "group.id"];
    let options = config.config_map().into_iter().filter(|(option, _)| !named.contains(option));
    options.map(|(option, value)| (client.to_owned(), option.to_owned(), value.to_owned())).collect()
}

// Fails when a value in `defaults.rs` changes, or an option is added there, and the page does not say so.
#[test]
fn the_page_has_every_value_that_a_client_is_given() {
    let kafka = Kafka::new("localhost:9092");
    let letters = given("dead letters", &kafka.producer_config("c", Publishing::DeadLetters).unwrap());
    let producer = given("producer", &kafka.producer_config("c", Publishing::Events).unwrap());
    let as_producer = |(_, option, value): &(String, String, String)| {
        producer.contains(&("producer".to_owned(), option.clone(), value.clone()))
    };
    // What dead letters share with events is told once.
    let letters: BTreeSet<_> = letters.iter().filter(|row| !as_producer(row)).cloned().collect();
    let mut real = given("consumer", &kafka.consumer_config("g", "c").unwrap());
    real.extend(producer.clone());
    real.extend(letters);
    let told: BTreeSet<_> = rows().into_iter().map(|(client, option, value, _)| (client, option, value)).collect();
    let missing: Vec<_> = real.difference(&told).collect();
    let untrue: Vec<_> = told.difference(&real).collect();
    assert!(missing.is_empty() && untrue.is_empty(), "the page lacks {missing:#?}, and claims {untrue:#?}");
}

// Fails when a client of the embedded broker gets something else, and the page does not name it.
#[test]
fn the_page_names_what_the_embedded_broker_changes() {
    let clients = |kafka: &Kafka| {
        let letters = given("dead letters", &kafka.producer_layers("c", Publishing::DeadLetters));
        let mut all = given("consumer", &kafka.consumer_layers("g", "c"));
        all.extend(given("producer", &kafka.producer_layers("c", Publishing::Events)));
        all.extend(letters);
        all
    };
    let (plain, embedded) = (clients(&Kafka::new("localhost:9092")), clients(&Kafka::embedded()));
    let changed: Vec<_> = embedded.difference(&plain).collect();
    assert!(changed.len() > 3, "{changed:#?}");
    let (_, section) = PAGE.split_once("On the embedded broker").unwrap();
    let section = section.split("\n\n").next().unwrap();
    for (_, option, value) in changed {
        let value = if option == "fetch.wait.max.ms" { "20 (5 with the feature `testing`)" } else { value };
        let words = format!("{section} ").replace([',', '`', '\n', ';'], " ");
        let told = words.contains(&format!(" {} ", value.replace('`', " ").trim()));
        assert!(section.contains(&format!("`{option}`")) && told, "{option} = {value}");
    }
}

// Fails when rdkafka's own level is left, which follows the crate `log`.
#[test]
fn clients_say_what_librdkafka_says_by_default_and_everything_with_debug() {
    let levels = |kafka: &Kafka| {
        let consumer = kafka.consumer_config("g", "c").unwrap();
        let producer = kafka.producer_config("c", Publishing::Events).unwrap();
        [consumer, producer].map(|config| config.log_level as i32)
    };
    let (info, debug) = (RDKafkaLogLevel::Info as i32, RDKafkaLogLevel::Debug as i32);
    let kafka = Kafka::new("localhost:9092");
    assert_eq!(levels(&kafka), [info, info]);
    assert_eq!(fresh().unwrap().get("log_level").unwrap(), info.to_string());
    assert_eq!(levels(&kafka.clone().set("debug", "")), [info, info]);
    assert_eq!(levels(&kafka.consumer("debug", "cgrp,fetch")), [debug, info]);
}

// Fails when librdkafka changes a default.
#[test]
fn the_page_has_librdkafkas_own_defaults() {
    let fresh = fresh().unwrap();
    let real = |client: &str, option: &str| {
        let scope = if client == "consumer" { Scope::Consumer } else { Scope::Producer };
        default_of(&fresh, scope, option)
    };
    let wrong: Vec<_> =
        rows().into_iter().filter(|(client, option, _, told)| real(client, option).as_ref() != Some(told)).collect();
    assert_eq!(wrong, Vec::<Row>::new());
}

// Fails when an option is refused that the page does not name.
#[test]
fn the_page_names_every_option_that_is_refused() {
    let unnamed: Vec<_> = options::refused().filter(|option| !PAGE.contains(&format!("`{option}`"))).collect();
    assert_eq!(unnamed, Vec::<&str>::new());
}

// Fails when a typo gets into the advice.
#[test]
fn every_option_that_the_page_names_exists() {
    let quoted = PAGE.split("```").step_by(2).flat_map(|text| text.split('`').skip(1).step_by(2));
    let options = quoted.filter_map(|text| text.split([' ', '=']).next()).filter(|name| {
        let start = [
            "ssl.",
            "sasl.",
            "fetch.",
            "queued.",
            "group.instance",
            "client.rack",
            "linger",
            "delivery.",
            "enable.",
            "session.",
        ];
        start.iter().any(|start| name.starts_with(start)) && !name.ends_with('*')
    });
    let unknown: Vec<_> = options.filter(|name| !options::is_known(name)).collect();
    assert_eq!(unknown, Vec::<&str>::new());
}

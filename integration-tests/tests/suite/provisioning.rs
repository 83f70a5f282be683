//! Topics at start, on a real Kafka: the embedded one has no admin requests to get wrong.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use carom::kafka::{Kafka, Topics, provision};
use integration_tests::{RealKafka, unique};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    client::DefaultClientContext,
};

const PATIENCE: Duration = Duration::from_secs(10);

fn admin(servers: &str) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", servers).create().unwrap()
}

fn partitions(servers: &str, topic: &str) -> usize {
    let metadata = admin(servers).inner().fetch_metadata(Some(topic), PATIENCE).unwrap();
    metadata.topics()[0].partitions().len()
}

async fn config(servers: &str, topic: &str, keys: &[&str]) -> BTreeMap<String, String> {
    let asked = [ResourceSpecifier::Topic(topic)];
    let answers = admin(servers).describe_configs(&asked, &AdminOptions::new()).await.unwrap();
    let topic = answers[0].as_ref().unwrap();
    keys.iter().map(|key| ((*key).to_owned(), topic.get(key).unwrap().value.clone().unwrap())).collect()
}

#[tokio::test]
async fn topics_and_their_dead_letter_topics_are_created_and_found_again() {
    let test = "topics_and_their_dead_letter_topics_are_created_and_found_again";
    let Some(servers) = RealKafka::bootstrap_servers(test) else { return };
    let (kafka, orders) = (Kafka::new(&servers), unique("orders"));
    let letters = format!("{orders}.billing.dlq");
    let plan = [(orders.as_str(), Some(3), None), (letters.as_str(), None, Some(orders.as_str()))];

    assert_eq!(provision(&kafka, &plan, PATIENCE).await, Ok(vec![]));
    assert_eq!((partitions(&servers, &orders), partitions(&servers, &letters)), (3, 3));
    let config = config(&servers, &letters, &["cleanup.policy", "max.message.bytes"]).await;
    assert_eq!(config["cleanup.policy"], "delete");
    assert_eq!(config["max.message.bytes"], (1_048_588 + 64 * 1024).to_string());

    assert_eq!(provision(&kafka, &plan, PATIENCE).await, Ok(vec![]));
    let warnings = provision(&kafka, &[(&orders, Some(6), None)], PATIENCE).await.unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("has 3 partitions, not 6"), "{warnings:?}");
    assert_eq!(partitions(&servers, &orders), 3, "an existing topic is never changed");
}

// Fails when nobody looks at the policies of topics that exist.
#[tokio::test]
async fn a_compacted_topic_is_a_warning() {
    let Some(servers) = RealKafka::bootstrap_servers("a_compacted_topic_is_a_warning") else { return };
    let (orders, both) = (unique("orders"), unique("both"));
    let letters = format!("{orders}.billing.dlq");
    let topic = |name, policy| NewTopic::new(name, 1, TopicReplication::Fixed(1)).set("cleanup.policy", policy);
    let topics = [topic(&orders, "delete"), topic(&both, "compact,delete"), topic(&letters, "compact")];
    for created in admin(&servers).create_topics(&topics, &AdminOptions::new()).await.unwrap() {
        created.unwrap();
    }
    for mode in [Topics::Create, Topics::Verify] {
        let plan = [(orders.as_str(), None, None), (&both, None, None), (&letters, None, Some(orders.as_str()))];
        let warnings = provision(&Kafka::new(&servers).topics(mode), &plan, PATIENCE).await.unwrap();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings[0].contains(&format!("topic `{both}` is compacted (`cleanup.policy=compact,delete`): a group"))
        );
        assert!(warnings[1].contains("only the last is kept"), "{warnings:?}");
    }
}

#[tokio::test]
async fn instances_that_start_together_all_succeed() {
    let Some(servers) = RealKafka::bootstrap_servers("instances_that_start_together_all_succeed") else { return };
    let (kafka, orders) = (Kafka::new(&servers), unique("orders"));
    let letters = format!("{orders}.billing.dlq");
    let plan = [(orders.as_str(), None, None), (letters.as_str(), None, Some(orders.as_str()))];

    let start = || provision(&kafka, &plan, PATIENCE);
    let results = tokio::join!(start(), start(), start(), start());
    assert_eq!(results, (Ok(vec![]), Ok(vec![]), Ok(vec![]), Ok(vec![])));
}

#[tokio::test]
async fn verify_names_a_missing_topic_and_creates_none() {
    let Some(servers) = RealKafka::bootstrap_servers("verify_names_a_missing_topic_and_creates_none") else { return };
    let (kafka, orders) = (Kafka::new(&servers).topics(Topics::Verify), unique("orders"));

    for _ in 0..2 {
        let problems = provision(&kafka, &[(&orders, None, None)], PATIENCE).await.unwrap_err();
        assert_eq!(
            problems,
            [format!("topic `{orders}` does not exist: create it, or write `.topics(Topics::Create)` on `Kafka`")]
        );
    }
}

#[tokio::test]
async fn what_the_broker_refuses_is_reported_in_its_words() {
    let Some(servers) = RealKafka::bootstrap_servers("what_the_broker_refuses_is_reported_in_its_words") else {
        return;
    };
    let problems = provision(&Kafka::new(&servers), &[("no/such name", Some(1), None)], PATIENCE).await.unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("topic `no/such name`"), "{problems:?}");
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_an_error_in_the_stated_time() {
    let kafka = Kafka::new("127.0.0.1:1");
    let started = Instant::now();

    let problems = provision(&kafka, &[("orders", Some(1), None)], Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("no Kafka broker answered at `127.0.0.1:1` within 1s"), "{problems:?}");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

// Fails when it is told that nobody has answered: somebody has.
#[tokio::test]
async fn the_port_of_a_controller_is_told_as_such() {
    let Some(broker) = RealKafka::private("the_port_of_a_controller_is_told_as_such") else { return };
    let kafka = Kafka::new(broker.controller());
    let problems = provision(&kafka, &[("orders", Some(1), None)], PATIENCE).await.unwrap_err();
    let text = format!("`{}` answers, and is not what a broker has for clients", broker.controller());
    assert!(problems[0].starts_with(&text), "{problems:?}");
}

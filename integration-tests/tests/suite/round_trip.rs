//! A record goes out and comes back, with rdkafka alone: the ground on which the rest of the suite stands.

use std::time::{Duration, Instant};

use carom::Kafka;
use integration_tests::{RealKafka, unique};
use rdkafka::{
    ClientConfig, Message,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    producer::{FutureProducer, FutureRecord},
};

fn client(servers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", servers);
    config
}

async fn create_topic(servers: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> = client(servers).create().unwrap();
    let new = NewTopic::new(topic, 2, TopicReplication::Fixed(1));
    let options = AdminOptions::new().request_timeout(Some(Duration::from_secs(10)));
    let created = admin.create_topics([&new], &options).await.unwrap();
    created.into_iter().for_each(|result| assert_eq!(result.unwrap(), topic));
}

/// Sends one record, and reads it as the only member of a group.
async fn round_trip(servers: &str, topic: &str) {
    let producer: FutureProducer = client(servers).set("linger.ms", "0").create().unwrap();
    let record = FutureRecord::to(topic).key("order-1").payload("paid");
    producer.send(record, Duration::from_secs(10)).await.unwrap();

    let consumer: BaseConsumer = client(servers)
        .set("group.id", unique("round-trip"))
        .set("auto.offset.reset", "earliest")
        .set("session.timeout.ms", "2000")
        .set("heartbeat.interval.ms", "200")
        .set("fetch.wait.max.ms", "5")
        .create()
        .unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let message = loop {
        assert!(Instant::now() < deadline, "no record within 60 s");
        if let Some(message) = consumer.poll(Duration::from_millis(100)) {
            break message.unwrap().detach();
        }
    };
    assert_eq!((message.key(), message.payload()), (Some(&b"order-1"[..]), Some(&b"paid"[..])));
}

#[tokio::test]
async fn a_record_returns_from_the_embedded_broker() {
    let kafka = Kafka::embedded();
    let broker = kafka.broker().unwrap();
    let topic = unique("orders");
    broker.create_topic(&topic, 2).unwrap();
    round_trip(&broker.bootstrap_servers().unwrap(), &topic).await;
}

#[tokio::test]
async fn a_record_returns_from_a_real_kafka() {
    let Some(servers) = RealKafka::bootstrap_servers("a_record_returns_from_a_real_kafka") else { return };
    let topic = unique("orders");
    create_topic(&servers, &topic).await;
    round_trip(&servers, &topic).await;
}

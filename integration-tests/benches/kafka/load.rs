//! What all runs have in common: the event, its topic, and how it gets into the broker.

use std::{collections::HashMap, time::Duration};

use carom::Event;
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
    types::RDKafkaErrorCode,
};
use serde::{Deserialize, Serialize};

/// Partitions of every topic but the one for waiting handlers.
pub(crate) const PARTITIONS: i32 = 12;
/// Different record keys.
pub(crate) const KEYS: u64 = 10_000;
/// Domain of the event: with the environment it makes the topic's name.
const DOMAIN: &str = "bench";

/// An order as a shop would write it: 285 bytes of JSON.
#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(topic = "orders", domain = "bench", type = "bench.order-placed.v1")]
pub(crate) struct OrderPlaced {
    #[event(key)]
    pub(crate) order_id: String,
    pub(crate) customer_id: String,
    pub(crate) email: String,
    pub(crate) status: String,
    pub(crate) currency: String,
    pub(crate) cents: u64,
    pub(crate) quantity: u32,
    pub(crate) sku: String,
    pub(crate) placed_at: String,
    pub(crate) note: String,
}

impl OrderPlaced {
    /// The `n`th order; orders with the same remainder by [`KEYS`] have the same key.
    pub(crate) fn nth(n: u64) -> Self {
        let key = n % KEYS;
        Self {
            order_id: format!("{:08x}-0000-4000-8000-{key:012x}", key * 2_654_435_761 % 0xffff_ffff),
            customer_id: format!("customer-{:05}", key % 1_000),
            email: format!("customer{:05}@example.com", key % 1_000),
            status: "placed".to_owned(),
            currency: "EUR".to_owned(),
            cents: 10_000 + n % 90_000,
            quantity: 1 + (n % 9) as u32,
            sku: format!("SKU-{:06}", n % 1_000_000),
            placed_at: "2026-01-15T10:30:00.123456Z".to_owned(),
            note: "leave it at the door".to_owned(),
        }
    }
}

/// Name of the topic in an environment.
pub(crate) fn topic(environment: &str) -> String {
    format!("{environment}.{DOMAIN}.public.orders.v1")
}

/// The seven headers of CloudEvents in binary mode.
pub(crate) fn headers(id: &str) -> OwnedHeaders {
    let header = |headers: OwnedHeaders, key, value: &str| headers.insert(Header { key, value: Some(value) });
    let headers = header(OwnedHeaders::new_with_capacity(7), "ce_specversion", "1.0");
    let headers = header(headers, "ce_id", id);
    let headers = header(headers, "ce_type", OrderPlaced::descriptor().event_type);
    let headers = header(headers, "ce_time", "2026-01-15T10:30:00.123456Z");
    let headers = header(headers, "ce_source", "/bench/producer");
    let headers = header(headers, "ce_traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    header(headers, "content-type", "application/json")
}

/// What carom writes for a published event without a trace: five attributes and the content type.
pub(crate) fn published_headers(id: &str, source: &str) -> OwnedHeaders {
    let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let values = [
        ("ce_specversion", "1.0"),
        ("ce_id", id),
        ("ce_type", OrderPlaced::descriptor().event_type),
        ("ce_time", &time),
        ("ce_source", source),
        ("content-type", "application/json"),
    ];
    let headers = OwnedHeaders::new_with_capacity(values.len());
    values.into_iter().fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(value) }))
}

/// A fresh id for the `n`th event.
pub(crate) fn id(n: u64) -> String {
    format!("018dc15b-6a1e-7f0c-8242-{n:012x}")
}

/// Creates the topic, with room for everything that a run writes.
pub(crate) async fn create(servers: &str, topic: &str, partitions: i32) -> Result<(), String> {
    let mut config = ClientConfig::new();
    let admin: AdminClient<DefaultClientContext> =
        config.set("bootstrap.servers", servers).create().map_err(|error| error.to_string())?;
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    let made = admin.create_topics([&new], &AdminOptions::new()).await.map_err(|error| error.to_string())?;
    match made.into_iter().next() {
        Some(Err((_, error))) if error != RDKafkaErrorCode::TopicAlreadyExists => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// A producer for filling topics: fast, and the same for both sides.
pub(crate) fn producer(servers: &str, linger: Duration) -> Result<ThreadedProducer<DefaultProducerContext>, String> {
    let mut config = ClientConfig::new();
    let settings: HashMap<&str, String> = HashMap::from([
        ("bootstrap.servers", servers.to_owned()),
        ("acks", "all".to_owned()),
        ("enable.idempotence", "true".to_owned()),
        ("linger.ms", linger.as_millis().to_string()),
        ("queue.buffering.max.messages", "500000".to_owned()),
        ("queue.buffering.max.kbytes", "1048576".to_owned()),
    ]);
    for (key, value) in settings {
        config.set(key, value);
    }
    config.create().map_err(|error| error.to_string())
}

/// Sends the `n`th event, to a partition of its own choice or by key.
pub(crate) fn send(
    producer: &ThreadedProducer<DefaultProducerContext>,
    topic: &str,
    n: u64,
    partition: Option<i32>,
) -> Result<(), String> {
    let order = OrderPlaced::nth(n);
    let json = serde_json::to_vec(&order).map_err(|error| error.to_string())?;
    loop {
        let mut record = BaseRecord::to(topic).key(&order.order_id).payload(&json).headers(headers(&id(n)));
        record.partition = partition;
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((error, _)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err((error, _)) => return Err(error.to_string()),
        }
    }
}

/// Fills a topic with so many events, the same number in each partition; a key stays in its partition.
pub(crate) fn fill(servers: &str, topic: &str, partitions: i32, events: u64) -> Result<(), String> {
    let producer = producer(servers, Duration::from_millis(50))?;
    for n in 0..events {
        // Keys follow `n`, so this is a fixed partition for each key as long as the partitions divide the keys evenly
        // enough; order within a key is that of `n`.
        send(&producer, topic, n, Some(((n % KEYS) % partitions as u64) as i32))?;
    }
    producer.flush(Duration::from_secs(120)).map_err(|error| error.to_string())
}

//! A plain client: what a service without carom reads and writes.

use carom::Kafka;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::{Header, Headers, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};

use crate::ledger::PATIENCE;

/// A record with headers that are text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlainRecord {
    /// Null and empty are two things.
    pub key: Option<String>,
    /// Null and empty are two things.
    pub value: Option<String>,
    /// In their order.
    pub headers: Vec<(String, Option<String>)>,
}

fn config(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap_servers().expect("the cluster has an address"));
    config
}

/// Writes a record.
///
/// # Panics
///
/// If the cluster does not take it.
pub async fn write(kafka: &Kafka, topic: &str, record: &PlainRecord) {
    let producer: FutureProducer = config(kafka).set("linger.ms", "0").create().expect("a plain client starts");
    let headers = record
        .headers
        .iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: value.as_deref() }));
    let mut plain: FutureRecord<'_, str, str> = FutureRecord::to(topic).headers(headers);
    plain.key = record.key.as_deref();
    plain.payload = record.value.as_deref();
    producer.send(plain, PATIENCE).await.expect("the cluster takes the record");
}

/// The first record of a topic, from whichever partition.
///
/// # Panics
///
/// If there is none in time.
pub fn read_first(kafka: &Kafka, topic: &str, partitions: i32) -> PlainRecord {
    let mut config = config(kafka);
    config.set("group.id", "plain").set("enable.auto.commit", "false").set("fetch.wait.max.ms", "5");
    let consumer: BaseConsumer = config.create().expect("a plain client starts");
    let mut list = TopicPartitionList::new();
    list.add_partition_range(topic, 0, partitions - 1);
    list.set_all_offsets(Offset::Beginning).expect("the offset is valid");
    consumer.assign(&list).expect("the partitions exist");
    let record = consumer.poll(PATIENCE).expect("a record is there").expect("a record can be read");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let headers = record.headers().map(|headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.map(text))).collect::<Vec<_>>()
    });
    PlainRecord { key: record.key().map(text), value: record.payload().map(text), headers: headers.unwrap_or_default() }
}

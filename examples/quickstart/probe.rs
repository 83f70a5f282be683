//! Looks at the broker past carom, with a plain client.

use std::{collections::BTreeMap, time::Duration};

use carom::Kafka;
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::Headers,
    producer::{FutureProducer, FutureRecord},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const PATIENCE: Duration = Duration::from_secs(10);

/// What the broker has after the bus has stopped.
pub(crate) struct Facts {
    pub(crate) topic: String,
    /// By partition.
    pub(crate) committed: BTreeMap<i32, i64>,
    /// Key and reason.
    pub(crate) dead_letters: Vec<String>,
    /// Where the dead letters came from.
    pub(crate) dead_offsets: Vec<(i32, i64)>,
}

/// Writes a record that is no event.
pub(crate) async fn write_garbage(kafka: &Kafka, topic: &str) -> Result<()> {
    let producer: FutureProducer = client(kafka)?.create()?;
    let record = FutureRecord::to(topic).key("order-99").payload("this is not an event");
    producer.send(record, PATIENCE).await.map_err(|(error, _)| error)?;
    Ok(())
}

/// Reads committed offsets and dead letters.
pub(crate) fn facts(kafka: &Kafka, topic: &str, group: &str) -> Result<Facts> {
    let consumer: BaseConsumer = client(kafka)?.set("group.id", group).set("enable.auto.commit", "false").create()?;
    let dead_letter_topic = format!("{topic}.{group}.dlq");
    let mut dead_letters = Vec::new();
    let mut dead_offsets = Vec::new();
    for (text, origin) in read_all(&consumer, &dead_letter_topic)? {
        dead_letters.push(text);
        dead_offsets.extend(origin);
    }
    Ok(Facts { topic: topic.to_owned(), committed: committed(&consumer, topic)?, dead_letters, dead_offsets })
}

fn client(kafka: &Kafka) -> Result<ClientConfig> {
    let servers = kafka.bootstrap_servers()?;
    Ok(ClientConfig::new().set("bootstrap.servers", servers).clone())
}

fn partitions(consumer: &BaseConsumer, topic: &str) -> Result<i32> {
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let topic = metadata.topics().first().ok_or("the topic is gone")?;
    Ok(i32::try_from(topic.partitions().len())?)
}

fn committed(consumer: &BaseConsumer, topic: &str) -> Result<BTreeMap<i32, i64>> {
    let mut list = TopicPartitionList::new();
    list.add_partition_range(topic, 0, partitions(consumer, topic)? - 1);
    let committed = consumer.committed_offsets(list, PATIENCE)?;
    let offsets = committed.elements().into_iter().map(|element| match element.offset() {
        Offset::Offset(offset) => (element.partition(), offset),
        _ => (element.partition(), 0),
    });
    Ok(offsets.collect())
}

/// A line about a dead letter, and the partition and offset it came from.
type DeadLetter = (String, Option<(i32, i64)>);

/// The records of a dead-letter topic.
fn read_all(consumer: &BaseConsumer, topic: &str) -> Result<Vec<DeadLetter>> {
    let mut list = TopicPartitionList::new();
    let mut expected = 0;
    for partition in 0..partitions(consumer, topic)? {
        let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE)?;
        list.add_partition_offset(topic, partition, Offset::Offset(low))?;
        expected += high - low;
    }
    consumer.assign(&list)?;
    let mut found = Vec::new();
    while (found.len() as i64) < expected {
        let record = consumer.poll(PATIENCE).ok_or("a dead letter could not be read")??;
        let header = |name: &str| {
            let headers = record.headers()?;
            let header = headers.iter().find(|header| header.key == name)?;
            Some(String::from_utf8_lossy(header.value?).into_owned())
        };
        let key = String::from_utf8_lossy(record.key().unwrap_or_default()).into_owned();
        let class = header("carom-error-class").unwrap_or_default();
        let message = header("carom-error-message").unwrap_or_default();
        let origin = header("carom-original-partition").zip(header("carom-original-offset"));
        let origin = origin.and_then(|(partition, offset)| Some((partition.parse().ok()?, offset.parse().ok()?)));
        found.push((format!("{key}: {class}: {message}"), origin));
    }
    Ok(found)
}

//! Looks at a cluster past carom, with a plain client.

use std::{collections::BTreeMap, time::Duration};

use carom::{
    Kafka,
    testing::{TestRecord, WrittenRecord, read_records},
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    topic_partition_list::TopicPartitionListElem,
};
use tokio::time::Instant;

use crate::ledger::PATIENCE;

/// A record as it is in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where it is.
    pub partition: i32,
    /// Where it is.
    pub offset: i64,
    /// Null and empty are two things.
    pub key: Option<Vec<u8>>,
    /// Null and empty are two things.
    pub value: Option<Vec<u8>>,
    /// In their order.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Letter {
    /// The same record, for writing it again.
    pub fn to_record(&self, topic: &str) -> TestRecord {
        let Self { key, value, headers, .. } = self.clone();
        TestRecord { topic: topic.to_owned(), key, value, headers }
    }

    /// The text of the last header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().rfind(|(key, _)| key == name.as_bytes())?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    /// The headers that are not carom's own.
    pub fn foreign_headers(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        self.headers.iter().filter(|(name, _)| !name.starts_with(b"carom-")).cloned().collect()
    }
}

impl From<WrittenRecord> for Letter {
    fn from(record: WrittenRecord) -> Self {
        let WrittenRecord { partition, offset, key, value, headers, .. } = record;
        Self { partition, offset, key, value, headers }
    }
}

/// Headers of a record, from texts.
pub fn text_headers<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    texts.into_iter().map(|(name, value)| (name.into(), Some(value.into()))).collect()
}

/// Asks again and again until the answer is enough.
///
/// # Panics
///
/// After [`PATIENCE`], with the last answer.
pub async fn until<T: std::fmt::Debug>(what: &str, ask: impl Fn() -> T, is_enough: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = tokio::task::block_in_place(&ask);
        if is_enough(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}; there is {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn consumer(kafka: &Kafka, group: &str) -> BaseConsumer {
    let servers = kafka.bootstrap_servers().expect("the cluster has an address");
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", servers).set("group.id", group).set("enable.auto.commit", "false");
    config.set("fetch.wait.max.ms", "5").create().expect("a plain client starts")
}

/// How many partitions a topic has; 0 if it does not exist.
pub fn partitions(kafka: &Kafka, topic: &str) -> i32 {
    count(&consumer(kafka, "probe"), topic)
}

fn count(consumer: &BaseConsumer, topic: &str) -> i32 {
    let Ok(metadata) = consumer.fetch_metadata(Some(topic), PATIENCE) else { return 0 };
    metadata.topics().iter().find(|found| found.name() == topic).map_or(0, |found| found.partitions().len() as i32)
}

/// How the cluster calls itself.
pub fn cluster_id(kafka: &Kafka) -> Option<String> {
    consumer(kafka, "probe").client().fetch_cluster_id(PATIENCE)
}

/// How many members the broker counts in a group; `None` while it does not say.
pub fn members(kafka: &Kafka, group: &str) -> Option<usize> {
    let groups = consumer(kafka, "probe").client().fetch_group_list(Some(group), PATIENCE).ok()?;
    groups.groups().iter().find(|found| found.name() == group).map(|found| found.members().len())
}

/// What a group has committed, by partition; 0 where it has committed nothing.
///
/// # Panics
///
/// If the cluster does not answer.
pub fn committed(kafka: &Kafka, group: &str, topic: &str) -> BTreeMap<i32, i64> {
    finished(kafka, group, topic).into_iter().map(|(partition, (offset, _))| (partition, offset)).collect()
}

/// What a group has committed, and the offsets beyond that it has marked as finished, by partition.
///
/// # Panics
///
/// If the cluster does not answer.
pub fn finished(kafka: &Kafka, group: &str, topic: &str) -> BTreeMap<i32, (i64, Vec<i64>)> {
    let consumer = consumer(kafka, group);
    let mut list = TopicPartitionList::new();
    list.add_partition_range(topic, 0, count(&consumer, topic) - 1);
    let deadline = Instant::now() + PATIENCE;
    let committed = loop {
        match consumer.committed_offsets(list.clone(), PATIENCE) {
            Ok(committed) => break committed,
            // The first group of a broker waits for its coordinator, and the client does not wait for it.
            Err(error) => assert!(Instant::now() < deadline, "the cluster does not tell what is committed: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let of = |element: &TopicPartitionListElem<'_>| match element.offset() {
        Offset::Offset(offset) => (offset, carom::testing::finished_beyond(offset, element.metadata().as_bytes())),
        _ => (0, Vec::new()),
    };
    committed.elements().iter().map(|element| (element.partition(), of(element))).collect()
}

/// The ends of the logs of a topic, by partition.
///
/// # Panics
///
/// If the cluster does not answer.
pub fn ends(kafka: &Kafka, topic: &str) -> BTreeMap<i32, i64> {
    let consumer = consumer(kafka, "probe");
    let end = |partition| consumer.fetch_watermarks(topic, partition, PATIENCE).expect("the log has an end").1;
    (0..count(&consumer, topic)).map(|partition| (partition, end(partition))).collect()
}

/// Every record of a topic; by partition and offset.
///
/// # Panics
///
/// If the cluster does not answer.
pub fn read_all(kafka: &Kafka, topic: &str) -> Vec<Letter> {
    // Not with rdkafka's reader of headers, which panics on a name that is not UTF-8.
    let records = read_records(kafka, topic, PATIENCE).expect("the cluster lets its records be read");
    records.into_iter().map(Letter::from).collect()
}

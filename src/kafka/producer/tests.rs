//! The sink against librdkafka's mock cluster.

mod byte_for_byte;
mod callers;
mod closing;
mod options;
mod order;
mod partitions;
mod recovery;
mod sizes;
mod topics;

use std::collections::HashMap;

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    mocking::MockCluster,
    producer::DefaultProducerContext,
};

use super::*;
use crate::kafka::{raw::produce::headers_of, source::SendErrorKind};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const PARTITIONS: i32 = 12;
const SOON: Duration = Duration::from_secs(20);

fn cluster() -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", PARTITIONS, 1).unwrap();
    cluster
}

fn config(cluster: &Cluster) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("linger.ms", "5")
        .set("compression.type", "lz4")
        .set("partitioner", "consistent_random");
    config
}

fn sink(cluster: &Cluster, settings: &[(&str, &str)]) -> KafkaSink {
    let mut config = config(cluster);
    for (key, value) in settings {
        config.set(*key, *value);
    }
    KafkaSink::new(&config, Secrets::default()).unwrap()
}

fn record(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> OutRecord {
    let headers = [(&b"ce_id"[..], Some(&b"1"[..]))];
    OutRecord::new("t".into(), None, Some(key.as_ref()), Some(value.as_ref()), &headers)
}

fn kinds(outcomes: &[Outcome]) -> Vec<Option<SendErrorKind>> {
    outcomes.iter().map(|outcome| outcome.as_ref().err().map(|error| error.kind)).collect()
}

struct Read {
    partition: i32,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Everything that topic `t` holds.
fn read_all(cluster: &Cluster) -> Vec<Read> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", "reader")
        .set("fetch.wait.max.ms", "5")
        .create()
        .unwrap();
    let mut assignment = TopicPartitionList::new();
    let mut left = 0;
    for partition in 0..PARTITIONS {
        let (low, high) = consumer.fetch_watermarks("t", partition, SOON).unwrap();
        assert_eq!(low, 0, "the mock cluster dropped records");
        assignment.add_partition_offset("t", partition, Offset::Offset(0)).unwrap();
        left += high;
    }
    consumer.assign(&assignment).unwrap();
    let mut found = Vec::new();
    while found.len() < left as usize {
        let message = consumer.poll(SOON).expect("a record in time").unwrap();
        found.push(Read {
            partition: message.partition(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers_of(&message),
        });
    }
    found
}

/// Values by key, in the order of the log.
fn by_key(log: &[Read]) -> HashMap<String, Vec<u64>> {
    let text = |bytes: &Option<Vec<u8>>| String::from_utf8(bytes.clone().unwrap()).unwrap();
    let mut found = HashMap::<_, Vec<u64>>::new();
    for read in log {
        found.entry(text(&read.key)).or_default().push(text(&read.value).parse().unwrap());
    }
    found
}

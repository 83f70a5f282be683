//! A topic of a cluster as bytes: what a plain client cannot write, or cannot read back.

use std::time::Duration;

use super::{TestRecord, WrittenRecord, memory::raw_record};
use crate::kafka::{self, Kafka, record::Record};

/// Writes records with any bytes, and returns where they are: partition and offset of each.
///
/// # Errors
///
/// What the cluster says.
pub async fn write_records(kafka: &Kafka, records: Vec<TestRecord>) -> Result<Vec<(i32, i64)>, String> {
    let deliveries = kafka::bytes::write(kafka, records.into_iter().map(raw_record).collect()).await?;
    Ok(deliveries.into_iter().map(|delivery| (delivery.partition, delivery.offset)).collect())
}

/// Everything in a topic, by partition and offset; blocks for as long as that takes, and not much longer than `within`.
///
/// # Errors
///
/// What the cluster says.
pub fn read_records(kafka: &Kafka, topic: &str, within: Duration) -> Result<Vec<WrittenRecord>, String> {
    let written = |record: &Record| WrittenRecord {
        topic: topic.to_owned(),
        partition: record.from().partition,
        offset: record.offset(),
        key: record.key().map(<[u8]>::to_vec),
        value: record.value().map(<[u8]>::to_vec),
        headers: record.headers().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect(),
    };
    Ok(kafka::bytes::read(kafka, topic, within)?.iter().map(written).collect())
}

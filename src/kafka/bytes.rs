//! Records as bytes, past everything that carom makes of them: for tests that write what no event is, and read it back.

use std::{sync::Arc, time::Duration};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};

use super::{
    Kafka, KafkaSink,
    client::Publishing,
    raw::PartitionQueue,
    record::{Batch, OutRecord, Record, TopicPartition, leader_epochs::LeaderEpochs},
    source::{Delivery, SendError, Sink},
};

/// Records at a time.
const CHUNK: usize = 64;

/// Writes records as they are, larger ones too than a bus may publish.
pub(crate) async fn write(kafka: &Kafka, records: Vec<OutRecord>) -> Result<Vec<Delivery>, String> {
    let config = kafka.producer_config("carom-bytes", Publishing::DeadLetters)?;
    let sink = KafkaSink::new(&config, kafka.secrets()).map_err(|error| error.to_string())?;
    let results = sink.send(records).await;
    results.into_iter().collect::<Result<_, _>>().map_err(|error: SendError| error.to_string())
}

/// Everything in a topic, by partition and offset; nothing if there is no such topic. Blocks.
pub(crate) fn read(kafka: &Kafka, topic: &str, within: Duration) -> Result<Vec<Record>, String> {
    let deadline = crate::clock::monotonic() + within;
    let config = kafka.consumer_config("carom-bytes", "carom-bytes")?;
    let client: BaseConsumer = config.create().map_err(|error| error.to_string())?;
    let client = Arc::new(client);
    let mut logs = Vec::new();
    let mut list = TopicPartitionList::new();
    for partition in partitions(&client, topic, within)? {
        let range = client.fetch_watermarks(topic, partition.partition, within).map_err(|error| error.to_string())?;
        list.add_partition_offset(topic, partition.partition, Offset::Offset(range.0)).map_err(|e| e.to_string())?;
        let queue = PartitionQueue::split(&client, &partition, || ()).ok_or("the partition has no queue")?;
        logs.push((queue, range, Batch::new(partition)));
    }
    client.assign(&list).map_err(|error| error.to_string())?;
    let mut failed = Vec::new();
    for (queue, (low, high), batch) in &mut logs {
        while (batch.len() as i64) < *high - *low {
            queue.take(CHUNK, batch, &mut LeaderEpochs::default(), &mut failed);
            // Nothing comes this way but events, which also make the client go on.
            drop(client.poll(Duration::from_millis(1)));
            if crate::clock::monotonic() > deadline {
                return Err(format!("{topic}: {} records within {within:?}, not {high} - {low}", batch.len()));
            }
        }
    }
    match failed.first() {
        Some(error) => Err(format!("{topic} at offset {}: {}", error.offset, error.reason)),
        None => Ok(logs.into_iter().flat_map(|(.., batch)| records(batch)).collect()),
    }
}

fn records(batch: Batch) -> Vec<Record> {
    batch.seal(&super::record::HeldBytes::unlimited()).records().collect()
}

fn partitions(client: &BaseConsumer, topic: &str, within: Duration) -> Result<Vec<TopicPartition>, String> {
    let metadata = client.fetch_metadata(Some(topic), within).map_err(|error| error.to_string())?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let partitions = found.map_or(&[][..], |found| found.partitions());
    Ok(partitions.iter().map(|partition| TopicPartition::new(topic, partition.id())).collect())
}

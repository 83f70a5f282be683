//! Batches from a split queue: each message is copied at once and destroyed.
//!
//! Number and size of headers are not capped: the record's own size bounds them, they count as credit, and a record
//! that was cut could not go to the dead-letter topic as it came.

use std::{
    ffi::CString,
    ptr::{self, NonNull},
    sync::Arc,
};

use rdkafka::{
    bindings as sys,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::RDKafkaErrorCode,
};

use super::{message::Message, queue::Queue};
use crate::kafka::record::{Batch, TopicPartition, leader_epochs::LeaderEpochs};

/// Records per call. Short, so that the bytes of a batch can be bounded between two calls.
const CHUNK: usize = 64;

/// The records of one partition, split off the consumer's main queue.
pub(in crate::kafka) struct PartitionQueue<C: ConsumerContext>(Queue<C>);

/// Something that came out of a partition's queue in place of a record.
#[derive(Debug)]
pub(in crate::kafka) struct RecordError {
    pub(in crate::kafka) code: RDKafkaErrorCode,
    pub(in crate::kafka) offset: i64,
    pub(in crate::kafka) reason: String,
}

impl<C: ConsumerContext> PartitionQueue<C> {
    /// Splits; do it before the assign, and never while an older queue of the same partition exists.
    pub(in crate::kafka) fn split(
        client: &Arc<BaseConsumer<C>>,
        partition: &TopicPartition,
        non_empty: impl Fn() + Send + Sync + 'static,
    ) -> Option<Self> {
        let topic = CString::new(&*partition.topic).ok()?;
        let native = client.client().native_ptr();
        // SAFETY: the client is alive and the topic ends with a NUL.
        let ptr = unsafe { sys::rd_kafka_queue_get_partition(native, topic.as_ptr(), partition.partition) };
        let queue = Queue::new(client, ptr, Box::new(non_empty))?;
        // SAFETY: the queue is alive; null means "forward to nowhere".
        unsafe { sys::rd_kafka_queue_forward(queue.ptr.as_ptr(), ptr::null_mut()) };
        Some(Self(queue))
    }

    /// Moves up to `most` records into `batch`, and what is not a record into `failed`, without waiting.
    ///
    /// Returns whether the queue may hold more.
    pub(in crate::kafka) fn take(
        &mut self,
        most: usize,
        batch: &mut Batch,
        epochs: &mut LeaderEpochs,
        failed: &mut Vec<RecordError>,
    ) -> bool {
        let mut messages = [ptr::null_mut(); CHUNK];
        let most = most.clamp(1, CHUNK);
        // SAFETY: the queue is alive and split, `&mut self` makes this the only caller, and there is room for `most`.
        let seen = unsafe { sys::rd_kafka_consume_batch_queue(self.0.ptr.as_ptr(), 0, messages.as_mut_ptr(), most) };
        let seen = usize::try_from(seen).unwrap_or(0);
        for message in messages.into_iter().take(seen).filter_map(NonNull::new).map(Message) {
            match message.error() {
                Some(error) => failed.push(error),
                None => message.copy_into(batch, epochs),
            }
        }
        seen == most
    }
}

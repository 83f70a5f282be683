//! Batches from a split queue: each message is copied at once and destroyed.
//!
//! Number and size of headers are not capped: the record's own size bounds them, they count as credit, and a record
//! that was cut could not go to the dead-letter topic as it came.

use std::{
    ffi::{CStr, CString},
    marker::PhantomData,
    ptr::{self, NonNull},
    sync::Arc,
};

use rdkafka::{
    bindings as sys,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::RDKafkaErrorCode,
};

use super::{bytes, queue::Queue, text};
use crate::kafka::record::{Batch, Header, Timestamp, TopicPartition, leader_epochs::LeaderEpochs};

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

/// A message of librdkafka's; destroyed on drop, which is always within the call that fetched it.
struct Message(NonNull<sys::rd_kafka_message_t>);

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: the message is ours and destroyed once.
        unsafe { sys::rd_kafka_message_destroy(self.0.as_ptr()) };
    }
}

impl Message {
    fn raw(&self) -> &sys::rd_kafka_message_t {
        // SAFETY: the message lives until `self` is dropped.
        unsafe { self.0.as_ref() }
    }

    fn error(&self) -> Option<RecordError> {
        let code = RDKafkaErrorCode::from(self.raw().err);
        if code == RDKafkaErrorCode::NoError {
            return None;
        }
        // SAFETY: the message is alive; the text is null or ends with a NUL, and lives as long as the message.
        let reason = unsafe { text(sys::rd_kafka_message_errstr(self.0.as_ptr())) };
        Some(RecordError { code, offset: self.raw().offset, reason })
    }

    fn copy_into(&self, batch: &mut Batch, epochs: &mut LeaderEpochs) {
        let raw = self.raw();
        // SAFETY: key and payload are null or as long as the message says, and live as long as the message.
        let (key, value) = unsafe { (bytes(raw.key, raw.key_len), bytes(raw.payload, raw.len)) };
        batch.push(raw.offset, self.timestamp(), key, value);
        batch.push_headers(self.headers());
        // SAFETY: the message is alive.
        epochs.seen(raw.offset, unsafe { sys::rd_kafka_message_leader_epoch(self.0.as_ptr()) });
    }

    fn timestamp(&self) -> Timestamp {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive and `kind` is ours.
        let at = unsafe { sys::rd_kafka_message_timestamp(self.0.as_ptr(), &raw mut kind) };
        match kind {
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_CREATE_TIME => Timestamp::Create(at),
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => Timestamp::Append(at),
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => Timestamp::None,
        }
    }

    fn headers(&self) -> Headers<'_> {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive; `headers` is set only on success, and belongs to the message.
        let found = unsafe { sys::rd_kafka_message_headers(self.0.as_ptr(), &raw mut headers) };
        let none = found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        Headers { list: if none { ptr::null_mut() } else { headers }, at: 0, message: PhantomData }
    }
}

/// The headers of a message, in their order.
struct Headers<'m> {
    /// Null if there are none.
    list: *mut sys::rd_kafka_headers_t,
    at: usize,
    message: PhantomData<&'m Message>,
}

impl<'m> Iterator for Headers<'m> {
    type Item = Header<'m>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.list.is_null() {
            return None;
        }
        let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the headers live as long as the message; the three results are ours.
        let err =
            unsafe { sys::rd_kafka_header_get_all(self.list, self.at, &raw mut name, &raw mut value, &raw mut size) };
        if err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        self.at += 1;
        // SAFETY: the name ends with a NUL, the value is null or `size` long; both live as long as the message.
        let (name, value) = unsafe { (CStr::from_ptr(name), bytes(value, size)) };
        Some((name.to_bytes(), value))
    }
}

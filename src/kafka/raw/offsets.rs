//! Commits and their answers, and what was committed: rdkafka never tells how an asynchronous commit ended, and panics
//! on metadata that is not UTF-8.

use std::{
    ffi::CString,
    ptr::{self, NonNull},
    sync::Arc,
    time::Duration,
};

use rdkafka::{
    Offset, TopicPartitionList, bindings as sys,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::RDKafkaErrorCode,
};

use super::{bytes, millis, queue::Queue, text};
use crate::kafka::{
    record::{TopicPartition, leader_epochs::UNKNOWN},
    source::{CommitPoint, Committed},
};

/// The elements of a list.
fn elements(list: &sys::rd_kafka_topic_partition_list_t) -> &[sys::rd_kafka_topic_partition_t] {
    // SAFETY: the list holds `cnt` elements, and lends them for as long as it is borrowed itself.
    unsafe { super::elements(list.elems, list.cnt) }
}

fn name(element: &sys::rd_kafka_topic_partition_t) -> TopicPartition {
    // SAFETY: an element's topic ends with a NUL.
    TopicPartition::new(unsafe { text(element.topic) }, element.partition)
}

/// What the group has committed, with the leader epoch of the record before; `None` where nothing or not known.
///
/// Blocks for `within` at most.
pub(in crate::kafka) fn committed<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    partitions: &[TopicPartition],
    within: Duration,
) -> Result<Vec<Option<(Committed, i32)>>, RDKafkaErrorCode> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(&partition.topic, partition.partition);
    }
    // SAFETY: client and list are alive, and the list is ours alone.
    let err = unsafe { sys::rd_kafka_committed(client.client().native_ptr(), list.ptr(), millis(within)) };
    match RDKafkaErrorCode::from(err) {
        RDKafkaErrorCode::NoError => {}
        code => return Err(code),
    }
    // SAFETY: the list is alive, and nobody changes it any more.
    let list = unsafe { &*list.ptr() };
    Ok(elements(list).iter().map(commit_of).collect())
}

fn commit_of(element: &sys::rd_kafka_topic_partition_t) -> Option<(Committed, i32)> {
    if element.err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || element.offset < 0 {
        return None;
    }
    // SAFETY: the metadata is null or as long as the element says, and lives as long as the list.
    let metadata = unsafe { bytes(element.metadata, element.metadata_size) };
    // SAFETY: the element is alive.
    let epoch = unsafe { sys::rd_kafka_topic_partition_get_leader_epoch(element) };
    Some((Committed { offset: element.offset, metadata: metadata.unwrap_or_default().to_vec() }, epoch))
}

/// The first offset that the log had when the broker answered a fetch last.
pub(in crate::kafka) fn low<C: ConsumerContext>(client: &BaseConsumer<C>, partition: &TopicPartition) -> Option<i64> {
    let topic = CString::new(&*partition.topic).ok()?;
    let (mut low, mut high) = (-1, -1);
    let (client, number) = (client.client().native_ptr(), partition.partition);
    // SAFETY: client and name are alive, and both numbers are ours to write to. It looks up what is known, and waits
    // for nobody.
    let err =
        unsafe { sys::rd_kafka_get_watermark_offsets(client, topic.as_ptr(), number, &raw mut low, &raw mut high) };
    (RDKafkaErrorCode::from(err) == RDKafkaErrorCode::NoError && low >= 0).then_some(low)
}

/// Tells librdkafka under which leader epoch the record before the offset of the element at `at` was written.
pub(in crate::kafka) fn set_leader_epoch(list: &mut TopicPartitionList, at: usize, epoch: i32) {
    if epoch == UNKNOWN || at >= list.count() {
        return;
    }
    // SAFETY: `at` is an element of the list, and `&mut` makes us the only ones to touch it.
    unsafe { sys::rd_kafka_topic_partition_set_leader_epoch((*list.ptr()).elems.add(at), epoch) };
}

/// Sends commits and takes their answers; rdkafka never tells how an asynchronous commit ended.
pub(in crate::kafka) struct CommitQueue<C: ConsumerContext>(Queue<C>);

/// The answer to one commit request.
#[derive(Debug)]
pub(in crate::kafka) struct CommitAnswer {
    /// The number that the request was sent with.
    pub(in crate::kafka) serial: usize,
    /// Of the request as a whole.
    pub(in crate::kafka) code: RDKafkaErrorCode,
    /// Of each partition; may be empty, or without an error although the request has one.
    pub(in crate::kafka) results: Vec<(TopicPartition, RDKafkaErrorCode)>,
}

impl<C: ConsumerContext> CommitQueue<C> {
    pub(in crate::kafka) fn new(
        client: &Arc<BaseConsumer<C>>,
        non_empty: impl Fn() + Send + Sync + 'static,
    ) -> Option<Self> {
        // SAFETY: the client is alive.
        let ptr = unsafe { sys::rd_kafka_queue_new(client.client().native_ptr()) };
        Queue::new(client, ptr, Box::new(non_empty)).map(Self)
    }

    /// Sends one request; the answer with the same `serial` comes through [`CommitQueue::poll`].
    pub(in crate::kafka) fn send(
        &self,
        points: &[CommitPoint],
        mut epoch: impl FnMut(&CommitPoint) -> i32,
        serial: usize,
    ) -> Result<(), RDKafkaErrorCode> {
        let mut list = TopicPartitionList::with_capacity(points.len());
        for (at, point) in points.iter().enumerate() {
            let mut element = list.add_partition(&point.partition.topic, point.partition.partition);
            element.set_offset(Offset::Offset(point.offset)).map_err(|_| RDKafkaErrorCode::InvalidArgument)?;
            if let Some(metadata) = &point.metadata {
                element.set_metadata(metadata);
            }
            set_leader_epoch(&mut list, at, epoch(point));
        }
        let native = self.0.client.client().native_ptr();
        let opaque = ptr::without_provenance_mut(serial);
        // SAFETY: client, list and queue are alive; the list is copied, and `opaque` is a number that nobody follows.
        let err = unsafe { sys::rd_kafka_commit_queue(native, list.ptr(), self.0.ptr.as_ptr(), None, opaque) };
        match RDKafkaErrorCode::from(err) {
            RDKafkaErrorCode::NoError => Ok(()),
            code => Err(code),
        }
    }

    /// The next answer, without waiting.
    pub(in crate::kafka) fn poll(&self) -> Option<CommitAnswer> {
        // SAFETY: the queue is alive.
        let event = NonNull::new(unsafe { sys::rd_kafka_queue_poll(self.0.ptr.as_ptr(), 0) }).map(Event)?;
        let raw = event.0.as_ptr();
        // SAFETY: the event lives to the end of this function, and its list as long as the event.
        let (serial, err, list) = unsafe {
            let list = sys::rd_kafka_event_topic_partition_list(raw);
            (sys::rd_kafka_event_opaque(raw).addr(), sys::rd_kafka_event_error(raw), list.as_ref())
        };
        let results = list.map_or(&[][..], elements).iter().map(|element| (name(element), element.err.into()));
        Some(CommitAnswer { serial, code: err.into(), results: results.collect() })
    }
}

/// An event of librdkafka's; destroyed on drop.
struct Event(NonNull<sys::rd_kafka_event_t>);

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: the event is ours and destroyed once.
        unsafe { sys::rd_kafka_event_destroy(self.0.as_ptr()) };
    }
}

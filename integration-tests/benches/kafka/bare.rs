//! The hand-written loops that carom is measured against: as fast as we could make them, and at least once.
//!
//! Both read `ce_type` and `ce_id`, deserialise, count, store the offset and commit asynchronously each second. They run
//! on one thread, keep no order but that of the partition, and do nothing about failures.
#![allow(unsafe_code, reason = "rdkafka has no safe call for raw batches and for reading a header without a copy")]

use std::{
    ffi::{CStr, CString, c_char, c_void},
    hint::black_box,
    ptr,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, ClientContext, Statistics, TopicPartitionList, bindings as sys,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext},
    message::{BorrowedMessage, Headers, Message},
    types::RDKafkaRespErr,
};

use crate::{
    job::{Job, Side},
    load::{self, OrderPlaced},
};

/// Records of one batch call.
const BATCH: usize = 1_024;

/// The queue of one partition, split off the main queue.
struct Queue {
    ptr: *mut sys::rd_kafka_queue_t,
    partition: i32,
}

// SAFETY: librdkafka's queues may be used from any thread.
unsafe impl Send for Queue {}

/// Splits the queues at the assign, and counts what the client has fetched.
pub(crate) struct Callbacks {
    split: bool,
    queues: Mutex<Vec<Queue>>,
    prefetched: AtomicI64,
}

/// The thread to wake when a queue is no longer empty.
static CONSUMER: OnceLock<Thread> = OnceLock::new();

/// # Safety
///
/// For librdkafka only; it uses neither argument.
unsafe extern "C" fn non_empty(_: *mut sys::rd_kafka_t, _: *mut c_void) {
    if let Some(thread) = CONSUMER.get() {
        thread.unpark();
    }
}

impl ClientContext for Callbacks {
    fn stats(&self, statistics: Statistics) {
        let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
        self.prefetched.store(partitions.map(|partition| partition.fetchq_cnt).sum(), Relaxed);
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(&self, client: &BaseConsumer<Self>, err: RDKafkaRespErr, list: &mut TopicPartitionList) {
        if err != RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let _ = client.unassign();
            return;
        }
        if self.split {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            for element in list.elements() {
                let Ok(topic) = CString::new(element.topic()) else { continue };
                let native = client.client().native_ptr();
                // SAFETY: the client is alive and the topic ends with a NUL; the queue belongs to us from here on.
                let ptr = unsafe { sys::rd_kafka_queue_get_partition(native, topic.as_ptr(), element.partition()) };
                // SAFETY: the queue is alive; null means "forward to nowhere".
                unsafe { sys::rd_kafka_queue_forward(ptr, ptr::null_mut()) };
                // SAFETY: the callback uses no argument and lives for ever.
                unsafe { sys::rd_kafka_queue_cb_event_enable(ptr, Some(non_empty), ptr::null_mut()) };
                queues.push(Queue { ptr, partition: element.partition() });
            }
        }
        let _ = client.assign(list);
    }
}

/// A hand-written consumer.
pub(crate) struct Bare {
    consumer: BaseConsumer<Callbacks>,
    side: Side,
    topic: String,
    handled: u64,
    committed: Instant,
}

impl Bare {
    pub(crate) fn new(job: &Job) -> Result<Self, String> {
        let _ = CONSUMER.set(thread::current());
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &job.servers).set("group.id", &job.group);
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("auto.offset.reset", "earliest");
        for (key, value) in &job.options {
            config.set(key, value);
        }
        let callbacks =
            Callbacks { split: job.side == Side::Batches, queues: Mutex::default(), prefetched: AtomicI64::new(0) };
        let consumer: BaseConsumer<Callbacks> =
            config.create_with_context(callbacks).map_err(|error| error.to_string())?;
        let topic = load::topic(&job.environment);
        consumer.subscribe(&[&topic]).map_err(|error| error.to_string())?;
        Ok(Self { consumer, side: job.side, topic, handled: 0, committed: Instant::now() })
    }

    /// Records in the client's queues. Serves the client.
    pub(crate) fn prefetched(&self) -> u64 {
        // With split queues nothing but events comes this way.
        if self.side == Side::Batches {
            drop(self.consumer.poll(Duration::from_millis(10)));
        }
        self.consumer.context().prefetched.load(Relaxed).max(0) as u64
    }

    /// Handles records until there were `records` of them; `see` is called with each event.
    pub(crate) fn run(&mut self, records: u64, see: impl FnMut(&OrderPlaced)) -> Result<(), String> {
        match self.side {
            Side::Batches => self.by_batches(records, see),
            _ => self.by_poll(records, see),
        }
    }

    fn by_batches(&mut self, records: u64, mut see: impl FnMut(&OrderPlaced)) -> Result<(), String> {
        let mut messages = vec![ptr::null_mut::<sys::rd_kafka_message_t>(); BATCH];
        while self.handled < records {
            let mut taken = 0;
            let mut at = 0;
            // By index: an assignment may bring queues while this runs.
            while let Some((queue, partition)) = self.queue(at) {
                at += 1;
                // SAFETY: the queue is alive and nobody else reads it; the array has room for `BATCH` messages.
                let got = unsafe { sys::rd_kafka_consume_batch_queue(queue, 0, messages.as_mut_ptr(), BATCH) };
                let got = usize::try_from(got).map_err(|_| "the batch call failed")?;
                let mut last = None;
                for &message in &messages[..got] {
                    // SAFETY: the message is ours until it is destroyed, just below.
                    last = unsafe { handle(message, &mut see) }?.or(last);
                    // SAFETY: as above.
                    unsafe { sys::rd_kafka_message_destroy(message) };
                }
                if let Some(offset) = last {
                    self.consumer.store_offset(&self.topic, partition, offset).map_err(|error| error.to_string())?;
                }
                taken += got;
            }
            self.handled += taken as u64;
            self.commit();
            let served = self.consumer.poll(Duration::ZERO);
            if taken == 0 && served.is_none() {
                thread::park_timeout(Duration::from_millis(10));
            }
        }
        Ok(())
    }

    fn queue(&self, at: usize) -> Option<(*mut sys::rd_kafka_queue_t, i32)> {
        let queues = self.consumer.context().queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.get(at).map(|queue| (queue.ptr, queue.partition))
    }

    fn by_poll(&mut self, records: u64, mut see: impl FnMut(&OrderPlaced)) -> Result<(), String> {
        while self.handled < records {
            if let Some(message) = self.consumer.poll(Duration::from_millis(100)) {
                let message = message.map_err(|error| error.to_string())?;
                handle_borrowed(&message, &mut see)?;
                self.handled += 1;
                let (partition, offset) = (message.partition(), message.offset());
                self.consumer.store_offset(&self.topic, partition, offset).map_err(|error| error.to_string())?;
            }
            // Asked rarely, as a tuned loop would, and always when there is time.
            if self.handled.is_multiple_of(64) {
                self.commit();
            }
        }
        Ok(())
    }

    /// Serves the client for so long, as a loop without records does.
    pub(crate) fn idle(&mut self, lasting: Duration) -> Result<(), String> {
        let until = Instant::now() + lasting;
        while Instant::now() < until {
            if let Some(Err(error)) = self.consumer.poll(Duration::from_millis(100)) {
                return Err(error.to_string());
            }
        }
        Ok(())
    }

    fn commit(&mut self) {
        if self.committed.elapsed() >= Duration::from_secs(1) {
            self.committed = Instant::now();
            // There may be nothing to commit.
            let _ = self.consumer.commit_consumer_state(CommitMode::Async);
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let mut queues = self.consumer.context().queues.lock().unwrap_or_else(PoisonError::into_inner);
        for queue in queues.drain(..) {
            // SAFETY: the queue is ours and alive, and the client outlives it.
            unsafe {
                sys::rd_kafka_queue_cb_event_enable(queue.ptr, None, ptr::null_mut());
                sys::rd_kafka_queue_destroy(queue.ptr);
            }
        }
    }
}

/// Reads the two headers, deserialises, and shows the event; its offset, if it was a record.
///
/// # Safety
///
/// The message must be alive.
unsafe fn handle(
    message: *mut sys::rd_kafka_message_t,
    see: &mut impl FnMut(&OrderPlaced),
) -> Result<Option<i64>, String> {
    // SAFETY: the caller says that it is alive.
    let raw = unsafe { &*message };
    if raw.err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(None);
    }
    // SAFETY: as above.
    let (kind, id) = unsafe { type_and_id(message) };
    if kind == Some(b"bench.order-placed.v1") {
        // SAFETY: the payload is as long as the message says.
        let payload = unsafe { std::slice::from_raw_parts(raw.payload.cast::<u8>(), raw.len) };
        let order: OrderPlaced = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        black_box(id);
        see(&order);
    }
    Ok(Some(raw.offset))
}

/// As [`handle`], for a message that rdkafka's own poll brought.
fn handle_borrowed(message: &BorrowedMessage<'_>, see: &mut impl FnMut(&OrderPlaced)) -> Result<(), String> {
    let (mut kind, mut id) = (None, None);
    if let Some(headers) = message.headers() {
        for header in headers.iter() {
            match header.key {
                "ce_type" => kind = header.value,
                "ce_id" => id = header.value,
                _ => {}
            }
            if kind.is_some() && id.is_some() {
                break;
            }
        }
    }
    if kind == Some(b"bench.order-placed.v1") {
        let order: OrderPlaced =
            serde_json::from_slice(message.payload().unwrap_or_default()).map_err(|error| error.to_string())?;
        black_box(id);
        see(&order);
    }
    Ok(())
}

/// The values of `ce_type` and `ce_id`; looks no further than it must.
///
/// # Safety
///
/// The message must be alive, and the values are used only while it is.
unsafe fn type_and_id<'a>(message: *mut sys::rd_kafka_message_t) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    let (mut kind, mut id) = (None, None);
    let mut headers = ptr::null_mut();
    // SAFETY: the message is alive, and `headers` is ours.
    if unsafe { sys::rd_kafka_message_headers(message, &raw mut headers) }
        != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
    {
        return (kind, id);
    }
    for at in 0.. {
        let (mut name, mut value, mut size) = (ptr::null::<c_char>(), ptr::null::<c_void>(), 0);
        // SAFETY: the headers belong to the message; the results are ours.
        let err = unsafe { sys::rd_kafka_header_get_all(headers, at, &raw mut name, &raw mut value, &raw mut size) };
        if err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || (kind.is_some() && id.is_some()) {
            break;
        }
        if value.is_null() {
            continue;
        }
        // SAFETY: the name ends with a NUL, the value is `size` long.
        let (name, value) = unsafe { (CStr::from_ptr(name), std::slice::from_raw_parts(value.cast::<u8>(), size)) };
        match name.to_bytes() {
            b"ce_type" => kind = Some(value),
            b"ce_id" => id = Some(value),
            _ => {}
        }
    }
    (kind, id)
}

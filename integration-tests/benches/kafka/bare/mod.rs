//! The hand-written loops that carom is measured against: as fast as we could make them, and at least once.
//!
//! All read `ce_type` and `ce_id`, deserialise, count, store the offset and commit asynchronously each second. They
//! run on one thread, keep no order but that of the partition, and do nothing about failures.

mod raw;
mod two_threads;

use std::{
    hint::black_box,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use carom::Event;
use rdkafka::{
    ClientConfig, ClientContext, Message as _, Statistics, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext},
    message::{BorrowedMessage, Headers},
    types::RDKafkaRespErr,
};

use self::raw::{Message, Queue};
use crate::{
    job::{Job, Side},
    load::{self, OrderPlaced},
};

/// Records of one batch call.
const BATCH: usize = 1_024;

/// Splits the queues at the assign, and counts what the client has fetched.
pub(crate) struct Callbacks {
    split: bool,
    /// Queues that the loop has not taken yet.
    assigned: Mutex<Vec<Queue>>,
    prefetched: AtomicI64,
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
            let elements = list.elements();
            let queues =
                elements.iter().filter_map(|element| Queue::split(client, element.topic(), element.partition()));
            self.assigned.lock().unwrap_or_else(PoisonError::into_inner).extend(queues);
        }
        let _ = client.assign(list);
    }
}

/// A hand-written consumer.
pub(crate) struct Bare {
    // Before the consumer, which has to outlive them.
    queues: Vec<Queue>,
    consumer: BaseConsumer<Callbacks>,
    side: Side,
    topic: String,
    handled: u64,
    committed: Instant,
}

impl Bare {
    pub(crate) fn new(job: &Job) -> Result<Self, String> {
        raw::wake_this_thread();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &job.servers).set("group.id", &job.group);
        config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
        config.set("auto.offset.reset", "earliest");
        for (key, value) in &job.options {
            config.set(key, value);
        }
        let split = job.side != Side::Poll;
        let callbacks = Callbacks { split, assigned: Mutex::default(), prefetched: AtomicI64::new(0) };
        let consumer: BaseConsumer<Callbacks> =
            config.create_with_context(callbacks).map_err(|error| error.to_string())?;
        let topic = load::topic(&job.environment);
        consumer.subscribe(&[&topic]).map_err(|error| error.to_string())?;
        Ok(Self { queues: Vec::new(), consumer, side: job.side, topic, handled: 0, committed: Instant::now() })
    }

    /// Whether there are partitions. Serves the client until then; no record may come before the start.
    pub(crate) fn has_joined(&mut self) -> bool {
        let joined = self.consumer.assignment().is_ok_and(|assigned| assigned.count() > 0);
        if !joined && let Some(Ok(_)) = self.consumer.poll(Duration::ZERO) {
            self.handled += 1;
        }
        joined
    }

    /// Records in the client's queues. Serves the client.
    pub(crate) fn prefetched(&self) -> u64 {
        // With split queues nothing but events comes this way.
        if self.side != Side::Poll {
            drop(self.consumer.poll(Duration::from_millis(10)));
        }
        self.consumer.context().prefetched.load(Relaxed).max(0) as u64
    }

    /// Handles records until there were `records` of them; `see` is called with each event.
    pub(crate) fn run(&mut self, records: u64, see: impl FnMut(&OrderPlaced) + Send) -> Result<(), String> {
        match self.side {
            Side::Batches => self.by_batches(records, Message::type_and_id, see),
            Side::Listed => self.by_batches(records, Message::listed_type_and_id, see),
            Side::TwoThreads => self.by_two_threads(records, see),
            _ => self.by_poll(records, see),
        }
    }

    fn by_batches(
        &mut self,
        records: u64,
        type_and_id: impl Fn(&Message) -> (Option<&[u8]>, Option<&[u8]>),
        mut see: impl FnMut(&OrderPlaced),
    ) -> Result<(), String> {
        while self.handled < records {
            let mut taken = 0;
            for queue in &mut self.queues {
                let mut last = None;
                taken += queue.take(BATCH, |message| {
                    if message.is_record() {
                        let (kind, id) = type_and_id(message);
                        handle(kind, id, text(message.payload())?, &mut see)?;
                        last = Some(message.offset());
                    }
                    Ok::<(), String>(())
                })?;
                if let Some(offset) = last {
                    let stored = self.consumer.store_offset(&self.topic, queue.partition, offset);
                    stored.map_err(|error| error.to_string())?;
                }
            }
            self.handled += taken as u64;
            self.commit();
            let idle = self.consumer.poll(Duration::ZERO).is_none() && taken == 0;
            self.take_assigned();
            if idle {
                thread::park_timeout(Duration::from_millis(10));
            }
        }
        Ok(())
    }

    fn by_poll(&mut self, records: u64, mut see: impl FnMut(&OrderPlaced)) -> Result<(), String> {
        while self.handled < records {
            if let Some(message) = self.consumer.poll(Duration::from_millis(100)) {
                let message = message.map_err(|error| error.to_string())?;
                let (kind, id) = type_and_id(&message);
                handle(kind, id, text(message.payload().unwrap_or_default())?, &mut see)?;
                self.handled += 1;
                let stored = self.consumer.store_offset(&self.topic, message.partition(), message.offset());
                stored.map_err(|error| error.to_string())?;
            }
            // The clock is asked rarely, as a tuned loop would, and always when there is time.
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

    /// Takes the queues that the last assign has split.
    fn take_assigned(&mut self) {
        let mut assigned = self.consumer.context().assigned.lock().unwrap_or_else(PoisonError::into_inner);
        self.queues.append(&mut assigned);
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
        self.consumer.context().assigned.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// UTF-8 checked once: faster than `serde_json::from_slice`, which looks at each text by itself.
fn text(payload: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(payload).map_err(|error| error.to_string())
}

/// Deserialises an order and shows it.
fn handle(
    kind: Option<&[u8]>,
    id: Option<&[u8]>,
    json: &str,
    see: &mut impl FnMut(&OrderPlaced),
) -> Result<(), String> {
    if kind == Some(OrderPlaced::descriptor().event_type.as_bytes()) {
        let order: OrderPlaced = serde_json::from_str(json).map_err(|error| error.to_string())?;
        black_box(id);
        see(&order);
    }
    Ok(())
}

/// The values of `ce_type` and `ce_id`, from rdkafka's own headers.
fn type_and_id<'a>(message: &'a BorrowedMessage<'_>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    let (mut kind, mut id) = (None, None);
    for header in message.headers().into_iter().flat_map(Headers::iter) {
        match header.key {
            "ce_type" => kind = header.value,
            "ce_id" => id = header.value,
            _ => {}
        }
        if kind.is_some() && id.is_some() {
            break;
        }
    }
    (kind, id)
}

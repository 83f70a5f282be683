//! The two seams behind which the client sits: `Source` brings records, `Sink` takes them.
//!
//! The poll loop, the router and the supervisor know Kafka only through these, so that the whole pipeline also runs in
//! memory.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;

use super::record::{Batch, OutRecord, TopicPartition};
use crate::stats::Measured;

/// What the poll loop asks of a consumer client. One thread calls it; no call blocks for longer than stated.
pub(crate) trait Source {
    /// The next thing that happened, without waiting. Serves the client, so it has to be called often.
    fn next_event(&mut self) -> Option<SourceEvent>;

    /// Starts the partitions of an [`SourceEvent::Assigned`], `None` where the client's own rule decides the offset.
    fn start(&mut self, partitions: &[(TopicPartition, Option<i64>)]);

    /// Moves up to `records` records, and not many more than `bytes` bytes, into `batch`, without waiting.
    ///
    /// Whether there may be more, or an event about it: false only if the waker will be called for what comes next.
    fn take(&mut self, partition: &TopicPartition, records: usize, bytes: usize, batch: &mut Batch) -> bool;

    /// Offsets are missing. If the client found its own out of range and went on elsewhere, asks `is_settled`, once
    /// each time until that is true, with the first offset that the log still has, as far as the client knows.
    fn after_jump(&mut self, _partition: &TopicPartition, _is_settled: &mut dyn FnMut(Option<i64>) -> bool) {}

    /// Sends one commit request for all of `points`; the answer comes as [`SourceEvent::Committed`]. Once a later
    /// request was sent, the answers to earlier ones are not reported any more.
    fn commit(&mut self, points: &[CommitPoint]);

    /// What the client knows of its partitions, without asking anybody.
    fn figures(&mut self) -> Figures {
        Figures::default()
    }

    /// How long the caller may rest when nothing happens, if that is not its own decision.
    fn rest(&self) -> Option<Duration> {
        None
    }

    /// Gives the partitions of a [`SourceEvent::Revoked`] back.
    fn release(&mut self, partitions: &[TopicPartition]);

    /// Leaves the group and closes the client; returns after `within` at the latest, even if the broker is gone.
    fn close(&mut self, within: Duration);

    /// The bus stops: what partitions that still come have committed is of no interest, they are not taken from.
    fn leave(&mut self) {}
}

/// What a client knows of itself.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// Whether it takes part in its group, with partitions or without. `None` where nothing new is known.
    pub(crate) joined: Option<bool>,
    pub(crate) partitions: Vec<Measured>,
}

/// What a [`Source`] reports.
#[derive(Debug)]
pub(crate) enum SourceEvent {
    /// Partitions that came, with what the group had committed for them.
    Assigned(Vec<(TopicPartition, Option<Committed>)>),
    /// Partitions that have to go. `lost`: another member may own them already, so nothing may be committed.
    Revoked { partitions: Vec<TopicPartition>, lost: bool },
    /// The answer to a [`Source::commit`], for each of its partitions.
    Committed(Vec<(TopicPartition, Result<(), CommitError>)>),
    /// The connection to the cluster came or went.
    Broker { up: bool, detail: String },
    /// Something an operator has to know; consuming goes on.
    Alarm(String),
    /// The client is dead: the bus ends.
    Fatal(String),
}

/// What a group has committed for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) offset: i64,
    /// As bytes: another tool may have written anything.
    pub(crate) metadata: Vec<u8>,
}

/// What to commit for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitPoint {
    pub(crate) partition: TopicPartition,
    /// The lowest offset that is not finished.
    pub(crate) offset: i64,
    /// The offset map of what finished beyond; ASCII.
    pub(crate) metadata: Option<String>,
}

/// Why a commit of a partition failed, by what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommitError {
    /// Send the newest offsets again after a backoff.
    Retry(String),
    /// The partition is perhaps not ours any more: send nothing of it until a rebalance says so, or for a while.
    Lost(String),
    /// As [`CommitError::Lost`]. But while the client joins the group again, a commit waits behind its request to join,
    /// and is refused with these words when all have joined: one that leaves of its own accord asks again.
    OldGeneration(String),
    /// The metadata was refused: send all again without.
    MetadataTooLarge,
    /// An operator has to act (rights, offsets out of range).
    Alarm(String),
    /// The client is dead.
    Fatal(String),
}

/// Takes records to the broker.
pub(crate) trait Sink: Send + Sync + fmt::Debug + 'static {
    /// Enqueues all records in this order, and resolves when each was acknowledged or failed; one result each, in the
    /// order of the records.
    ///
    /// The call itself enqueues, without blocking and without a runtime: calls made one after another keep their order
    /// whoever polls what when, and dropping the future cancels nothing.
    ///
    /// All or none where size is concerned: if a record is larger than [`Sink::max_record_bytes`], no record of the
    /// call is sent. Those that are too large end as [`SendErrorKind::TooLarge`], the others as
    /// [`SendErrorKind::Retriable`]. Any other failure is of one record and does not stop those after it.
    fn send(&self, records: Vec<OutRecord>) -> BoxFuture<'static, Vec<Result<Delivery, SendError>>>;

    /// Whether records for this topic are enqueued at the call. Where not, those of one call may overtake those of
    /// another.
    fn is_known(&self, topic: &Arc<str>) -> bool;

    /// Largest record, in bytes as [`OutRecord::wire_size`] counts them.
    fn max_record_bytes(&self) -> usize;

    /// How many partitions a topic has, as far as the client knows or can find out within some seconds.
    fn partition_count(&self, topic: &Arc<str>) -> BoxFuture<'static, Option<i32>>;

    /// Waits for what is on its way, `within` at most; resolves to the number of records left in doubt.
    fn flush(&self, within: Duration) -> BoxFuture<'static, usize>;
}

/// Where the broker put a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// Why a record did not reach the broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot publish to `{topic}`: {reason}")]
pub(crate) struct SendError {
    pub(crate) topic: String,
    pub(crate) kind: SendErrorKind,
    pub(crate) reason: String,
    /// The broker's or client's code, as `TOPIC_AUTHORIZATION_FAILED`, where there is one.
    pub(crate) code: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendErrorKind {
    /// The same record may get through later.
    Retriable,
    /// The record is larger than the client, the broker or the topic allows.
    TooLarge,
    /// It never will: unknown topic or partition, no right to write.
    Permanent,
    /// It may or may not have been written.
    InDoubt,
}

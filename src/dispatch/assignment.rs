//! One assignment of one partition: what the poll thread and the partition's actors share.
//!
//! The poll thread makes it, the router hands it to the mailboxes. Credit and the committable offset flow back through
//! atomics; the progress is locked a few times per batch and once per turn, never per record.

mod mailboxes;
mod new_log;
mod overtaken;
mod transit;
mod turn_clock;

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{
            AtomicBool, AtomicI64, AtomicU64, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
};

use tokio_util::sync::CancellationToken;

pub(crate) use self::turn_clock::{Blocking, TurnClock};
use self::{new_log::NewLog, transit::Transit};
use super::{
    limits::{Credit, Limits},
    offset_map::OffsetMap,
    progress::{Progress, Received},
};
use crate::{
    kafka::{
        record::{Batch, HeldBytes, TopicPartition},
        source::{CommitPoint, Committed},
    },
    stats::PartitionMeter,
    telemetry::logs,
};

/// Wakes the poll thread; cheap, and harmless when called too often.
pub(crate) type Waker = Arc<dyn Fn() + Send + Sync>;

/// One assignment of one partition; its number is the *epoch*.
///
/// ```text
///  poll thread ── receive, cancel, close ──▶ ┌────────────┐ ◀── arrived, finish, saturated, drained ── mailboxes
///  poll thread ◀─ credit, commit_point ───── └────────────┘ ◀── open ── router
/// ```
///
/// Promises 1, 7 and 9 come together here: what may be committed, until when, and how much may be in memory.
pub(crate) struct Assignment {
    /// Topic and number; the key under which everybody finds it.
    pub(crate) partition: TopicPartition,
    /// Counted by the poll thread. Who finds something by the partition compares it (the committer, the router, the
    /// supervisor, `Stats`), so that what belongs to a former assignment is known as such.
    pub(crate) epoch: u64,
    /// Cancelled when the partition is revoked or the bus stops; handlers see it through their context.
    pub(crate) cancel: CancellationToken,
    /// As the bus was told; they do not change.
    limits: Limits,
    /// The truth about what is finished; `unfinished`, `span`, `committable` and `crowded` are copies that are read
    /// without the lock.
    progress: Mutex<Progress>,
    /// Bytes held by batches; a [`Batch`] returns its own when the last record of it is gone.
    held: Arc<HeldBytes>,
    /// As [`Progress::unfinished`], for credit and figures.
    unfinished: AtomicUsize,
    /// As [`Progress::span`], for the offset window.
    span: AtomicU64,
    /// As [`Progress::committable`]; -1 for none.
    committable: AtomicI64,
    /// Deliveries that no mailbox has looked at yet; a few of them hold the partition.
    transit: Transit,
    /// The offset map nears the size that a commit can carry; grown beyond it, a crash would repeat all that it names.
    crowded: AtomicBool,
    /// The last commit point went without its map, and the log says so.
    without_map: AtomicBool,
    /// Mailboxes of this partition; a record is finished when each of them is done with it. 0 until they are started:
    /// no credit.
    mailboxes: AtomicUsize,
    /// Mailboxes in which all lanes are busy and enough is waiting.
    saturated: AtomicUsize,
    /// Mailboxes that have not yet said that they ended what they had started; they say so after [`Assignment::cancel`]
    /// alone.
    running: AtomicUsize,
    /// Set by the poll thread and never taken back: what finishes from then on is ignored, so the last commit has a
    /// fixed goal.
    closed: AtomicBool,
    /// What is counted of this partition, for `Stats`.
    meter: PartitionMeter,
    /// What its mailboxes do right now.
    turn_clocks: Mutex<Vec<Arc<TurnClock>>>,
    /// What came of a log that began again at a lower offset, until this one is finished.
    new_log: Mutex<Option<NewLog>>,
    /// Called by whoever gives credit back that was missing, or ends what the poll thread waits for.
    waker: Waker,
}

impl Assignment {
    /// An assignment without credit: the router opens it when its mailboxes are there. `committed` is where the group
    /// stood, and what its former owner left in the metadata.
    pub(crate) fn new(
        partition: TopicPartition,
        epoch: u64,
        committed: Option<&Committed>,
        limits: Limits,
        waker: Waker,
    ) -> Self {
        let offset = committed.map(|committed| committed.offset);
        let done = committed.map_or_else(OffsetMap::default, |committed| restore(&partition, committed));
        Self {
            partition,
            epoch,
            cancel: CancellationToken::new(),
            limits,
            progress: Mutex::new(Progress::new(offset, done)),
            held: HeldBytes::new(limits.bytes, Arc::clone(&waker)),
            unfinished: AtomicUsize::new(0),
            span: AtomicU64::new(0),
            committable: AtomicI64::new(-1),
            transit: Transit::default(),
            crowded: AtomicBool::new(false),
            without_map: AtomicBool::new(false),
            mailboxes: AtomicUsize::new(0),
            saturated: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            meter: PartitionMeter::new(offset),
            turn_clocks: Mutex::default(),
            new_log: Mutex::default(),
            waker,
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies the progress to where it can be read without the lock; called with the lock held.
    fn publish(&self, progress: &Progress) {
        self.unfinished.store(progress.unfinished(), Relaxed);
        self.span.store(progress.span(), Relaxed);
        self.crowded.store(progress.is_crowded(), Relaxed);
        self.committable.store(progress.committable().unwrap_or(-1), Release);
    }

    /// How much may be taken now; `None` holds the partition.
    pub(crate) fn credit(&self) -> Option<Credit> {
        let open = self.mailboxes.load(Acquire) > 0
            && !self.cancel.is_cancelled()
            && !self.crowded.load(Relaxed)
            && self.saturated.load(Relaxed) == 0
            && !self.transit.is_full();
        if !open || self.waits_for_its_end() {
            return None;
        }
        let window = self.limits.window.checked_sub(self.span.load(Relaxed))?;
        let records = self.limits.records.checked_sub(self.unfinished.load(Relaxed))?;
        let records = records.min(usize::try_from(window).unwrap_or(usize::MAX));
        let bytes = self.held.left();
        (records > 0 && bytes > 0).then_some(Credit { records, bytes })
    }

    /// Takes a fresh batch in: what a former owner had finished is dropped from it, the rest counts from now on.
    ///
    /// `None` when nothing is left to hand over. After `Some`, the batch must go to every mailbox.
    pub(crate) fn receive(&self, mut batch: Batch) -> Option<Arc<Batch>> {
        self.keep_what_begins_again(&mut batch);
        let tickets = u16::try_from(self.mailboxes.load(Acquire)).unwrap_or(u16::MAX);
        let mut progress = self.progress();
        batch.retain(|offset| match progress.receive(offset, tickets) {
            Received::Dispatch => true,
            Received::AlreadyDone => false,
            Received::Stale => unreachable!("{}@{offset} begins again, and was kept", self.partition),
        });
        self.publish(&progress);
        drop(progress);
        if batch.is_empty() {
            return None;
        }
        self.meter.received(&batch);
        self.transit.sent(tickets.into());
        Some(batch.seal(&self.held))
    }

    /// The number that [`Assignment::commit_point`] comes with, also before there is one.
    pub(crate) fn version(&self) -> u64 {
        self.progress().version()
    }

    /// The committable offset, without a lock; `None` until something is known.
    pub(crate) fn committable(&self) -> Option<i64> {
        Some(self.committable.load(Acquire)).filter(|&offset| offset >= 0)
    }

    /// Records that were received and are not finished, without a lock.
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished.load(Relaxed)
    }

    /// Distance from the lowest unfinished offset to the highest received one, without a lock.
    pub(crate) fn span(&self) -> u64 {
        self.span.load(Relaxed)
    }

    /// What is counted.
    pub(crate) fn meter(&self) -> &PartitionMeter {
        &self.meter
    }

    /// What to commit now, with a number that changes whenever this does.
    pub(crate) fn commit_point(&self) -> Option<(u64, CommitPoint)> {
        let mut progress = self.progress();
        self.turn_over(&mut progress);
        let offset = progress.committable()?;
        if let Some(first) = self.waiting_from() {
            let (partition, offset) = (self.partition.clone(), offset.min(first));
            return Some((progress.version(), CommitPoint { partition, offset, metadata: None }));
        }
        let map = progress.offset_map();
        let metadata = map.encode(offset);
        let overflows = metadata.is_none() && map.overflows(offset);
        let was_said = self.without_map.swap(overflows, Relaxed);
        if overflows && !was_said {
            logs::group::without_map(&self.partition, offset);
        }
        Some((progress.version(), CommitPoint { partition: self.partition.clone(), offset, metadata }))
    }

    /// No handler of this partition runs and nothing of it is on its way to the broker.
    pub(crate) fn is_drained(&self) -> bool {
        self.running.load(Acquire) == 0
    }

    /// Stops the intake and tells handlers; mailboxes give up what has not started.
    pub(crate) fn cancel(&self) {
        self.cancel.cancel();
    }

    /// The partition is gone: what finishes from here on is ignored.
    pub(crate) fn close(&self) {
        self.cancel.cancel();
        self.closed.store(true, Release);
    }
}

/// What a former owner had finished beyond the committed offset; foreign or broken metadata is ignored.
fn restore(partition: &TopicPartition, committed: &Committed) -> OffsetMap {
    OffsetMap::decode(&committed.metadata, committed.offset).unwrap_or_else(|error| {
        logs::group::committed_ignored(partition, committed.offset, &error);
        OffsetMap::default()
    })
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assignment({} epoch {})", self.partition, self.epoch)
    }
}

#[cfg(test)]
mod tests;

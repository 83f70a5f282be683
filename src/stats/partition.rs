//! What happens in one assigned partition.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{PartitionStats, hot_keys::HotKeys, rate::Rates};
use crate::{
    dispatch::Assignment,
    kafka::record::{Batch, TopicPartition},
    supervisor::key_hash,
};

/// How often what was counted of keys fades to a half.
const FADE: Duration = Duration::from_secs(60);

/// What a client knows of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) partition: TopicPartition,
    /// The end of the log, as far as it may be read.
    pub(crate) end: Option<i64>,
    /// Records that wait in the client's queue.
    pub(crate) prefetched: Option<u64>,
}

/// Counts of one assignment. Nothing here is touched for each record: the poll thread comes once for each batch, a
/// mailbox once in a turn.
#[derive(Debug)]
pub(crate) struct PartitionMeter {
    consumed: AtomicU64,
    finished: AtomicU64,
    deleted_unread: AtomicU64,
    /// Signed as the changes are that mailboxes report.
    parked: AtomicI64,
    /// -1: none.
    committed: AtomicI64,
    /// What needs more than a number: locked once for each batch, once a second, and by whoever asks.
    observed: Mutex<Observed>,
}

#[derive(Debug, Default)]
struct Observed {
    end: Option<i64>,
    prefetched: Option<u64>,
    rates: Rates,
    keys: HotKeys,
    /// Batches that were looked at for their keys: says which record of the next one is looked at.
    samples: u64,
    /// When `keys` faded last; the first look only begins the minute.
    faded: Option<Instant>,
    /// Since when there is something to do and nothing has finished, and what was finished then.
    behind: Option<(Instant, u64)>,
}

impl PartitionMeter {
    pub(crate) fn new(committed: Option<i64>) -> Self {
        Self {
            consumed: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            deleted_unread: AtomicU64::new(0),
            parked: AtomicI64::new(0),
            committed: AtomicI64::new(committed.unwrap_or(-1)),
            observed: Mutex::default(),
        }
    }

    fn observed(&self) -> MutexGuard<'_, Observed> {
        self.observed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A batch was taken; the key of one of its records stands for all.
    pub(crate) fn received(&self, batch: &Batch) {
        let count = batch.len() as u64;
        self.consumed.fetch_add(count, Relaxed);
        let mut observed = self.observed();
        observed.samples += 1;
        let at = spread(observed.samples, batch.len());
        match batch.key_at(at).filter(|key| !key.is_empty()) {
            Some(key) => observed.keys.add(key_hash(&batch.from.topic, key), count),
            None => observed.keys.add_keyless(count),
        }
    }

    /// So many records are finished.
    pub(crate) fn finished(&self, count: u64) {
        self.finished.fetch_add(count, Relaxed);
    }

    /// So many offsets were gone before they were read.
    pub(crate) fn deleted_unread(&self, count: u64) {
        self.deleted_unread.fetch_add(count, Relaxed);
    }

    /// So many keys more, or fewer, are parked.
    pub(crate) fn parked(&self, change: i64) {
        if change != 0 {
            self.parked.fetch_add(change, Relaxed);
        }
    }

    /// The broker has acknowledged this offset.
    pub(crate) fn committed(&self, offset: i64) {
        self.committed.store(offset, Relaxed);
    }

    /// What the client knows.
    pub(super) fn measured(&self, measured: &Measured) {
        let mut observed = self.observed();
        observed.end = measured.end.or(observed.end);
        observed.prefetched = measured.prefetched.or(observed.prefetched);
    }

    /// Looks at the partition, about once a second.
    pub(super) fn tick(&self, now: Instant, assignment: &Assignment) {
        let finished = self.finished.load(Relaxed);
        let mut observed = self.observed();
        observed.rates.note(now, [self.consumed.load(Relaxed), finished]);
        if now.saturating_duration_since(*observed.faded.get_or_insert(now)) >= FADE {
            observed.faded = Some(now);
            observed.keys.fade();
        }
        let busy = assignment.unfinished() > 0 || self.lag(&observed, assignment).is_some_and(|lag| lag > 0);
        observed.behind = match observed.behind {
            _ if !busy => None,
            Some((since, then)) if then == finished => Some((since, then)),
            _ => Some((now, finished)),
        };
    }

    /// For how long there has been something to do and nothing has finished.
    pub(super) fn stalled_for(&self, now: Instant) -> Option<Duration> {
        let (since, then) = self.observed().behind?;
        (self.finished.load(Relaxed) == then).then(|| now.saturating_duration_since(since))
    }

    /// From the lowest unfinished record to the end. What was received counts where the broker's word is older.
    fn lag(&self, observed: &Observed, assignment: &Assignment) -> Option<u64> {
        // Where nothing was ever written, nothing is behind.
        let nowhere = || observed.end.filter(|&end| end == 0);
        let base = assignment.committable().or_else(|| self.last_committed()).or_else(nowhere)?;
        let told = u64::try_from(observed.end?.saturating_sub(base)).unwrap_or(0);
        Some(told.max(assignment.span()))
    }

    /// The newest offset that the broker has acknowledged.
    pub(crate) fn last_committed(&self) -> Option<i64> {
        Some(self.committed.load(Relaxed)).filter(|&offset| offset >= 0)
    }

    pub(crate) fn snapshot(&self, assignment: &Assignment) -> PartitionStats {
        let observed = self.observed();
        let [consumed_per_second, finished_per_second] = observed.rates.per_second();
        PartitionStats {
            topic: assignment.partition.topic.to_string(),
            partition: assignment.partition.partition,
            in_flight: assignment.unfinished(),
            parked_keys: usize::try_from(self.parked.load(Relaxed)).unwrap_or(0),
            lag: self.lag(&observed, assignment),
            committed: self.last_committed(),
            end: observed.end,
            prefetched: observed.prefetched,
            consumed: self.consumed.load(Relaxed),
            finished: self.finished.load(Relaxed),
            deleted_unread: self.deleted_unread.load(Relaxed),
            consumed_per_second,
            finished_per_second,
            hottest_keys: observed.keys.hottest(),
        }
    }
}

/// The `n`th of a row of places in `0..len` that are spread evenly, whatever pattern the records have.
fn spread(n: u64, len: usize) -> usize {
    // 2^64 over the golden ratio: the fractions of its multiples are as even as can be.
    let fraction = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((u128::from(fraction) * len as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::{dispatch::Limits, kafka::record::Timestamp};

    fn assignment() -> Assignment {
        Assignment::new(TopicPartition::new("orders", 3), 1, None, Limits::default(), Arc::new(|| {}))
    }

    fn receive(assignment: &Assignment, offsets: std::ops::Range<i64>) {
        let mut batch = Batch::new(assignment.partition.clone());
        for offset in offsets {
            batch.push(offset, Timestamp::None, Some(if offset % 4 == 0 { b"hot" } else { b"x" }), None);
        }
        assignment.receive(batch);
    }

    fn measured(end: i64) -> Measured {
        Measured { partition: TopicPartition::new("orders", 3), end: Some(end), prefetched: Some(4) }
    }

    #[test]
    fn the_figures_follow_what_happens() {
        let assignment = assignment();
        assignment.open(1);
        let meter = assignment.meter();
        assert_eq!(meter.snapshot(&assignment).lag, None, "nothing is known yet");
        meter.measured(&measured(0));
        assert_eq!(meter.snapshot(&assignment).lag, Some(0), "nothing is there yet");
        meter.measured(&measured(10));
        assert_eq!(meter.snapshot(&assignment).lag, None, "nobody knows where the group stands");
        receive(&assignment, 10..20);
        meter.measured(&measured(25));
        assignment.finish(&[10, 12], |_| {});
        meter.parked(2);
        meter.parked(-1);
        meter.committed(11);
        let stats = meter.snapshot(&assignment);
        assert_eq!((stats.in_flight, stats.parked_keys, stats.consumed, stats.finished), (8, 1, 10, 2));
        assert_eq!((stats.lag, stats.end, stats.prefetched, stats.committed), (Some(14), Some(25), Some(4), Some(11)));
        // Fails when the broker's word alone counts: it can be five seconds old.
        receive(&assignment, 20..60);
        assert_eq!(meter.snapshot(&assignment).lag, Some(49));
    }

    #[test]
    fn a_partition_is_behind_from_when_it_has_something_to_do_until_something_finishes() {
        let assignment = assignment();
        assignment.open(1);
        let meter = assignment.meter();
        let start = crate::clock::Clock::system().now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let stalled = |seconds| meter.stalled_for(at(seconds)).map(|stalled| stalled.as_secs());
        meter.tick(at(0), &assignment);
        assert_eq!(stalled(1_000), None, "an idle partition is not behind");
        receive(&assignment, 0..2);
        meter.tick(at(1_000), &assignment);
        // Fails when `behind` counts from the last time that something finished.
        assert_eq!(stalled(1_061), Some(61));
        meter.tick(at(1_061), &assignment);
        assert_eq!(stalled(1_061), Some(61));
        assignment.finish(&[0], |_| {});
        assert_eq!(stalled(1_061), None);
        meter.tick(at(1_062), &assignment);
        assert_eq!(stalled(1_063), Some(1));
        assignment.finish(&[1], |_| {});
        meter.tick(at(1_064), &assignment);
        assert_eq!(stalled(2_000), None);
        // Records that wait at the broker are something to do as well.
        meter.measured(&measured(7));
        meter.tick(at(1_065), &assignment);
        assert_eq!(stalled(1_075), Some(10));
    }

    #[test]
    fn one_record_of_each_batch_tells_which_keys_are_hot() {
        let assignment = assignment();
        assignment.open(1);
        for batch in 0..200 {
            receive(&assignment, batch * 16..(batch + 1) * 16);
            (0..16).for_each(|at| assignment.finish(&[batch * 16 + at], |_| {}));
            assignment.arrived();
        }
        let hottest = assignment.meter().snapshot(&assignment).hottest_keys;
        let share = |key: &[u8]| {
            let hash = format!("{:016x}", key_hash("orders", key));
            hottest.iter().find(|hot| hot.hash == hash).map_or(0.0, |hot| hot.share)
        };
        // Fails when the first record of each batch is taken: the hot key would seem to have all.
        assert!((0.2..0.3).contains(&share(b"hot")), "{hottest:?}");
        assert!((0.7..0.8).contains(&share(b"x")), "{hottest:?}");
    }
}

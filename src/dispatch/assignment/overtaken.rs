//! A reader that the retention of its topic has overtaken.
//!
//! The client says nothing to the program when its offset is out of range: it goes on where `auto.offset.reset` says.
//! The offsets that are missing are all there is to see, and most gaps are none of this kind. So the poll loop asks
//! here only when a batch does not follow and the client has jumped. What is found is counted and logged; what is
//! committed does not change.

use std::ops::Range;

use super::Assignment;
use crate::{kafka::record::Batch, telemetry::logs};

impl Assignment {
    /// The offset that comes next, if none is missing; `None` if the group stands nowhere yet.
    fn expected(&self) -> Option<i64> {
        let progress = self.progress();
        progress.highest().map(|highest| highest.saturating_add(1)).or(progress.committed())
    }

    /// No offset is missing before `batch`, or within.
    pub(crate) fn is_followed_by(&self, batch: &Batch) -> bool {
        self.expected().is_none_or(|expected| batch.follows(expected))
    }

    /// The client found its offset out of range and went on elsewhere, without a word to the program. Says so if that
    /// is behind offsets which were deleted before they were read; true when `batch` has the place, before it or
    /// within.
    ///
    /// What was fetched before comes first and has no gap, or one of another kind, compaction or the markers of
    /// transactions: those lie above `low`, the first offset that the log still has.
    pub(crate) fn notice_what_was_deleted(&self, batch: &Batch, low: Option<i64>) -> bool {
        let (Some(expected), Some(first)) = (self.expected(), batch.offsets().next()) else { return true };
        let below = |gap: &Range<i64>| low.is_none_or(|low| gap.start < low);
        let Some(gap) = gaps(expected, batch).filter(below).max_by_key(|gap| gap.end.abs_diff(gap.start)) else {
            // Another log, which begins below: nothing of it is missing.
            return first < expected;
        };
        // With `auto.offset.reset=latest`, what lies between is there, and is skipped because somebody wants that.
        let end = low.map_or(gap.end, |low| gap.end.min(low));
        self.meter().deleted_unread(end.abs_diff(gap.start));
        logs::group::deleted_unread(&self.partition, &(gap.start..end));
        true
    }
}

/// Offsets that are not there, from `expected` on. A log that begins again at a lower offset ends them.
fn gaps(expected: i64, batch: &Batch) -> impl Iterator<Item = Range<i64>> {
    let before = [expected.saturating_sub(1)].into_iter().chain(batch.offsets());
    let gap = |(before, offset): (i64, i64)| before.saturating_add(1)..offset;
    before.zip(batch.offsets()).take_while(|(before, offset)| before < offset).map(gap).filter(|gap| !gap.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::{
        dispatch::Limits,
        kafka::{
            record::{Timestamp, TopicPartition},
            source::Committed,
        },
    };

    fn batch(offsets: &[i64]) -> Batch {
        let mut batch = Batch::new(TopicPartition::new("orders", 0));
        offsets.iter().for_each(|offset| batch.push(*offset, Timestamp::None, None, None));
        batch
    }

    /// What is noticed of these batches by a group that stands at `committed`, and in which of them the place is.
    fn noticed(committed: Option<i64>, batches: &[&[i64]], low: Option<i64>) -> (u64, Vec<bool>) {
        let committed = committed.map(|offset| Committed { offset, metadata: Vec::new() });
        let (partition, waker) = (TopicPartition::new("orders", 0), Arc::new(|| {}));
        let assignment = Assignment::new(partition, 1, committed.as_ref(), Limits::default(), waker);
        assignment.open(1);
        let notice = |offsets: &&[i64]| {
            let found = assignment.notice_what_was_deleted(&batch(offsets), low);
            let follows = assignment.is_followed_by(&batch(offsets));
            assignment.receive(batch(offsets));
            assert!(!follows || committed.is_none() || !found, "{offsets:?} follows, so nobody asks");
            found
        };
        let found = batches.iter().map(notice).collect();
        (assignment.meter().snapshot(&assignment).deleted_unread, found)
    }

    // Fails when only what was received says where the group stands, and when a gap within a batch is not looked for.
    #[test]
    fn what_was_deleted_is_found_before_and_within_a_batch() {
        assert_eq!(noticed(Some(10), &[&[50, 51]], Some(50)), (40, vec![true]));
        assert_eq!(noticed(Some(10), &[&[50, 51]], None), (40, vec![true]), "nobody knows where the log begins");
        assert_eq!(noticed(Some(0), &[&[0, 1, 7, 8]], Some(7)), (5, vec![true]));
        assert_eq!(noticed(Some(0), &[&[0, 1], &[2], &[7, 8]], Some(7)), (4, vec![false, false, true]));
        assert_eq!(noticed(None, &[&[7, 8]], Some(7)), (0, vec![true]), "a group that stands nowhere misses nothing");
    }

    // Fails when the first gap counts, and when any does.
    #[test]
    fn other_gaps_are_not_taken_for_it() {
        assert_eq!(noticed(Some(0), &[&[0, 1, 3, 9, 10]], Some(8)), (4, vec![true]), "4 to 8; 2 was a marker");
        assert_eq!(noticed(Some(10), &[&[12, 14]], Some(3)), (0, vec![false]), "compaction, or markers");
    }

    // Fails when all up to the first record counts.
    #[test]
    fn what_is_skipped_at_somebodys_will_is_not_deleted() {
        assert_eq!(noticed(Some(10), &[&[1_000]], Some(500)), (490, vec![true]));
    }

    // Fails when offsets that descend count as a gap, and when one waits for a gap that never comes.
    #[test]
    fn a_log_that_begins_again_has_lost_nothing() {
        assert_eq!(noticed(Some(10), &[&[3, 4]], Some(20)), (0, vec![true]));
        assert_eq!(noticed(Some(10), &[&[10, 11, 2, 3]], Some(20)), (0, vec![false]));
    }
}

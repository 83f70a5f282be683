//! A reader that the retention of its topic has overtaken.

use std::ops::Range;

use super::Assignment;
use crate::{kafka::record::Batch, telemetry::logs};

impl Assignment {
    /// Says so when offsets before `batch`, or within it, were deleted before they were read. The client, which found its
    /// offset out of range, went on behind them without a word to the program.
    ///
    /// Most gaps are of another kind, compaction or the markers of transactions: they lie above `low`, the first offset
    /// that the log still has, which is asked for only where there is a gap.
    pub(crate) fn notice_what_was_deleted(&self, batch: &Batch, low: impl FnOnce() -> Option<i64>) {
        let expected = {
            let progress = self.progress();
            progress.highest().map(|highest| highest.saturating_add(1)).or(progress.committed())
        };
        let Some(expected) = expected.filter(|&expected| !batch.follows(expected)) else { return };
        let Some(low) = low() else { return };
        if let Some(deleted) = gaps(expected, batch).find(|gap| gap.start < low) {
            self.meter().deleted_unread(deleted.end.abs_diff(deleted.start));
            logs::deleted_unread(&self.partition, &deleted);
        }
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
    use std::{cell::Cell, sync::Arc};

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

    /// What is noticed of these batches by a group that stands at `committed`, and how often `low` was asked for.
    fn noticed(committed: Option<i64>, batches: &[&[i64]], low: Option<i64>) -> (u64, usize) {
        let committed = committed.map(|offset| Committed { offset, metadata: Vec::new() });
        let (partition, waker) = (TopicPartition::new("orders", 0), Arc::new(|| {}));
        let assignment = Assignment::new(partition, 1, committed.as_ref(), Limits::default(), waker);
        assignment.open(1);
        let asked = Cell::new(0);
        for offsets in batches {
            assignment.notice_what_was_deleted(&batch(offsets), || {
                asked.set(asked.get() + 1);
                low
            });
            assignment.receive(batch(offsets));
        }
        (assignment.meter().snapshot(&assignment).deleted_unread, asked.get())
    }

    // Fails when only what was received says where the group stands, when a gap within a batch is not looked for, and
    // when any gap counts.
    #[test]
    fn what_was_deleted_is_told_from_other_gaps() {
        assert_eq!(noticed(Some(10), &[&[50, 51]], Some(50)), (40, 1), "before the first record");
        assert_eq!(noticed(None, &[&[0, 1], &[7, 8]], Some(7)), (5, 1), "between batches");
        assert_eq!(noticed(None, &[&[0, 1, 7, 8]], Some(7)), (0, 0), "a group that stands nowhere expects nothing");
        assert_eq!(noticed(Some(0), &[&[0, 1, 3, 9, 10]], Some(8)), (1, 1), "each gap below the lowest offset");
        assert_eq!(noticed(Some(10), &[&[12, 14], &[17]], Some(3)), (0, 2), "compaction, or markers of transactions");
        assert_eq!(noticed(Some(10), &[&[50]], None), (0, 1), "nobody knows");
        assert_eq!(noticed(Some(10), &[&[10, 11], &[12, 13]], Some(50)), (0, 0), "nobody is asked without a gap");
    }

    // Fails when offsets that descend count as a gap.
    #[test]
    fn a_log_that_begins_again_has_lost_nothing() {
        assert_eq!(noticed(Some(10), &[&[3, 4]], Some(20)), (0, 1));
        assert_eq!(noticed(Some(10), &[&[10, 11, 2, 3]], Some(20)), (0, 1));
    }
}

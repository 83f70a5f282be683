//! What is finished of one assignment of one partition, and so what may be committed: pure.

use std::collections::VecDeque;

use super::offset_map::OffsetMap;

/// What is finished of one assignment of one partition.
///
/// Keeps one entry for each record from the lowest unfinished one on; gaps in the log (compaction, transaction markers)
/// cost nothing. Everything between two received records counts as done.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Received records, from the first unfinished one on; the front is always unfinished.
    entries: VecDeque<Entry>,
    /// Lowest offset that may come next: one more than the highest received, or what was committed.
    next: Option<i64>,
    /// What a former owner finished beyond the committed offset; empty as soon as it is passed, or proved foreign.
    restored: OffsetMap,
    unfinished: usize,
    version: u64,
}

#[derive(Debug)]
struct Entry {
    offset: i64,
    /// Mailboxes that are not done with it.
    tickets: u16,
}

/// What to do with a record that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// It is new.
    Dispatch,
    /// A former owner had finished it.
    AlreadyDone,
    /// It was received before.
    Stale,
}

impl Progress {
    /// A fresh assignment that starts at the committed offset, with what a former owner had finished beyond it.
    pub(crate) fn new(committed: Option<i64>, done: OffsetMap) -> Self {
        Self { entries: VecDeque::new(), next: committed, restored: done, unfinished: 0, version: 0 }
    }

    /// Takes a record in; `tickets` mailboxes have to finish it.
    pub(crate) fn receive(&mut self, offset: i64, tickets: u16) -> Received {
        if self.version == 0 && self.next.is_some_and(|next| offset != next) {
            // The log does not go on where the group stopped (retention, compaction, an operator): the map may belong to
            // another log. Nothing was taken yet, so this record says where the assignment begins; forgetting the map
            // costs duplicates, never a loss.
            self.restored = OffsetMap::default();
            self.next = Some(offset);
        }
        if self.next.is_some_and(|next| offset < next) {
            return Received::Stale;
        }
        self.version += 1;
        self.next = Some(offset + 1);
        if self.restored.contains(offset) {
            // Finished already: an entry of its own only if something before it is not.
            if !self.entries.is_empty() {
                self.entries.push_back(Entry { offset, tickets: 0 });
            }
            return Received::AlreadyDone;
        }
        self.entries.push_back(Entry { offset, tickets: tickets.max(1) });
        self.unfinished += 1;
        Received::Dispatch
    }

    /// One mailbox is done with a record; true if that finished it.
    pub(crate) fn finish(&mut self, offset: i64) -> bool {
        let Some(at) = self.find(offset) else { return false };
        let entry = &mut self.entries[at];
        if entry.tickets == 0 {
            return false;
        }
        entry.tickets -= 1;
        if entry.tickets > 0 {
            return false;
        }
        self.unfinished -= 1;
        self.version += 1;
        while self.entries.front().is_some_and(|entry| entry.tickets == 0) {
            self.entries.pop_front();
        }
        true
    }

    /// Place of an offset: exact at the first look unless there are gaps.
    fn find(&self, offset: i64) -> Option<usize> {
        let first = self.entries.front()?.offset;
        let ahead = usize::try_from(offset.checked_sub(first)?).ok()?;
        let guess = ahead.min(self.entries.len() - 1);
        if self.entries[guess].offset == offset {
            return Some(guess);
        }
        self.entries.binary_search_by_key(&offset, |entry| entry.offset).ok()
    }

    /// The lowest offset that is not finished; `None` until a record came.
    pub(crate) fn committable(&self) -> Option<i64> {
        if self.version == 0 {
            return None;
        }
        self.entries.front().map(|entry| entry.offset).or(self.next)
    }

    /// Records that are not finished.
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Distance from the lowest unfinished offset to the end of what was received.
    pub(crate) fn span(&self) -> u64 {
        match (self.entries.front(), self.next) {
            (Some(first), Some(next)) => next.abs_diff(first.offset),
            _ => 0,
        }
    }

    /// Changes whenever the committable offset or the map does.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What is finished beyond the committable offset, also by a former owner and not seen again yet.
    pub(crate) fn offset_map(&self) -> OffsetMap {
        let mut map = OffsetMap::default();
        let mut entries = self.entries.iter().peekable();
        while let Some(entry) = entries.next() {
            if entry.tickets == 0 {
                // The gap up to the next record is done as well.
                let end = entries.peek().map_or(entry.offset + 1, |next| next.offset);
                map.insert(entry.offset..end);
            }
        }
        let base = self.committable().unwrap_or(i64::MIN);
        let next = self.next.unwrap_or(i64::MIN);
        for run in self.restored.runs() {
            if run.end > next {
                map.insert(run.start.max(next).max(base)..run.end);
            }
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn done(runs: &[std::ops::Range<i64>]) -> OffsetMap {
        let mut map = OffsetMap::default();
        runs.iter().for_each(|run| map.insert(run.clone()));
        map
    }

    #[test]
    fn the_base_waits_for_the_lowest_unfinished_record() {
        let mut progress = Progress::new(Some(10), OffsetMap::default());
        for offset in 10..15 {
            assert_eq!(progress.receive(offset, 1), Received::Dispatch);
        }
        for offset in [11, 12, 14] {
            progress.finish(offset);
        }
        assert_eq!((progress.committable(), progress.unfinished(), progress.span()), (Some(10), 2, 5));
        assert_eq!(progress.offset_map(), done(&[11..13, 14..15]));
        progress.finish(10);
        assert_eq!(progress.committable(), Some(13));
        progress.finish(13);
        assert_eq!((progress.committable(), progress.span()), (Some(15), 0));
    }

    #[test]
    fn a_record_is_finished_when_all_mailboxes_are_done_with_it() {
        let mut progress = Progress::new(None, OffsetMap::default());
        progress.receive(0, 2);
        assert!(!progress.finish(0));
        assert_eq!(progress.committable(), Some(0));
        assert!(progress.finish(0));
        assert_eq!(progress.committable(), Some(1));
        assert!(!progress.finish(0), "once is enough");
    }

    #[test]
    fn a_gap_in_the_log_is_done() {
        let mut progress = Progress::new(Some(0), OffsetMap::default());
        progress.receive(0, 1);
        progress.receive(1_000_000, 1);
        progress.finish(0);
        assert_eq!(progress.committable(), Some(1_000_000));
        assert!(progress.finish(1_000_000));
    }

    #[test]
    fn what_a_former_owner_finished_does_not_run_again() {
        let mut progress = Progress::new(Some(5), done(&[6..8]));
        assert_eq!(progress.receive(5, 1), Received::Dispatch);
        assert_eq!(progress.offset_map(), done(&[6..8]), "kept although not seen again yet");
        assert_eq!(progress.receive(6, 1), Received::AlreadyDone);
        assert_eq!(progress.receive(7, 1), Received::AlreadyDone);
        assert_eq!(progress.receive(8, 1), Received::Dispatch);
        progress.finish(5);
        assert_eq!(progress.committable(), Some(8));
    }

    #[test]
    fn a_start_below_the_committed_offset_forgets_the_map() {
        let mut progress = Progress::new(Some(5), done(&[6..8]));
        assert_eq!(progress.receive(3, 1), Received::Dispatch);
        for offset in 4..8 {
            assert_eq!(progress.receive(offset, 1), Received::Dispatch);
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Receive {
            gap: i64,
            tickets: u16,
        },
        Repeat {
            back: i64,
        },
        Finish {
            nth: usize,
        },
        /// A new owner starts from what would be committed now.
        Restart,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (prop_oneof![4 => Just(0), 1 => 1..50i64], 1..3u16).prop_map(|(gap, tickets)| Step::Receive { gap, tickets }),
            1 => (1..5i64).prop_map(|back| Step::Repeat { back }),
            6 => (0..40usize).prop_map(|nth| Step::Finish { nth }),
            1 => Just(Step::Restart),
        ];
        proptest::collection::vec(step, 1..300)
    }

    /// The naive model: sets of offsets.
    #[derive(Default)]
    struct Model {
        log: BTreeSet<i64>,
        finished: BTreeSet<i64>,
        tickets: BTreeMap<i64, u16>,
        position: i64,
    }

    proptest! {
        // Fails when `offset_map` leaves the restored runs out, when `finish` pops an unfinished front, and when `receive`
        // forgets `next`.
        #[test]
        fn progress_equals_the_set_model(steps in steps()) {
            let mut progress = Progress::new(Some(0), OffsetMap::default());
            let mut model = Model::default();
            let mut committed = 0;
            for step in steps {
                match step {
                    Step::Receive { gap, tickets } => {
                        // After a restart the log is read again from the committed offset.
                        let offset = model.log.range(model.position..).next().copied().unwrap_or(model.position + gap);
                        if progress.version() == 0 && offset != model.position {
                            // The log does not go on where the group stopped: the map is forgotten.
                            model.finished.retain(|&finished| finished < model.position);
                        }
                        model.position = offset + 1;
                        model.log.insert(offset);
                        let expected = if model.finished.contains(&offset) { Received::AlreadyDone } else { Received::Dispatch };
                        prop_assert_eq!(progress.receive(offset, tickets), expected);
                        if expected == Received::Dispatch { model.tickets.insert(offset, tickets); }
                    }
                    Step::Repeat { back } => {
                        let offset = model.position - back;
                        if progress.version() > 0 {
                            prop_assert_eq!(progress.receive(offset, 1), Received::Stale);
                        }
                    }
                    Step::Finish { nth } => {
                        let Some((&offset, left)) = model.tickets.iter_mut().nth(nth) else { continue };
                        *left -= 1;
                        let ends = *left == 0;
                        prop_assert_eq!(progress.finish(offset), ends);
                        if ends { model.tickets.remove(&offset); model.finished.insert(offset); }
                    }
                    Step::Restart => {
                        let Some(base) = progress.committable() else { continue };
                        let text = progress.offset_map().encode(base);
                        let map = text.map_or_else(OffsetMap::default, |text| OffsetMap::decode(text.as_bytes(), base).unwrap());
                        progress = Progress::new(Some(base), map);
                        model.tickets.clear();
                        model.position = base;
                    }
                }
                if let Some(base) = progress.committable() {
                    prop_assert!(base >= committed, "{base} after {committed}");
                    prop_assert_eq!(base, model.tickets.keys().next().copied().unwrap_or(model.position));
                    prop_assert!(model.log.range(..base).all(|offset| model.finished.contains(offset)));
                    for &offset in model.log.range(base..) {
                        prop_assert_eq!(progress.offset_map().contains(offset), model.finished.contains(&offset));
                    }
                    committed = base;
                }
                prop_assert_eq!(progress.unfinished(), model.tickets.len());
            }
        }
    }
}

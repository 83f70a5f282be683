//! What is finished of a partition, and so what may be committed.

use std::{collections::VecDeque, ops::Range};

use super::offset_map::{HOLD_AT, OffsetMap, longest};

/// Progress of one partition during one assignment (an epoch).
///
/// The *base* is the lowest offset that is not finished: it is what may be committed. It follows what finished, never
/// what was seen: the fetch may be a thousand records further. What finished beyond it goes along as the offset map,
/// so that a crash repeats only what was really unfinished.
///
/// Only received offsets count. Kafka leaves gaps (compaction, transaction markers, aborted records): when `o` follows
/// `p`, nothing between them will ever be delivered, and all of it is done. A gap costs no memory.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Received and not below the base, ascending; the first one is unfinished.
    records: VecDeque<Pending>,
    /// How many of `records` are finished.
    finished: usize,
    /// Highest offset received.
    highest: Option<i64>,
    /// Where the group stood when the epoch began; the restored map belongs to it.
    committed: Option<i64>,
    /// What a former owner finished beyond `committed`.
    restored: OffsetMap,
    /// First run of `restored` that reaches beyond `highest`: offsets ascend, so earlier ones are never asked again.
    restored_at: usize,
    version: u64,
}

/// A received record.
#[derive(Debug)]
struct Pending {
    offset: i64,
    /// Mailboxes that have yet to finish it; 0 is finished.
    tickets: u16,
}

/// What to do with a record that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// Hand it to its mailboxes.
    Dispatch,
    /// A former owner finished it: hand it to nobody.
    AlreadyDone,
    /// It is not beyond what was already received in this epoch: drop and count it.
    Stale,
}

impl Progress {
    /// Begins an epoch at the group's committed offset, with what a former owner finished beyond it.
    pub(crate) fn new(committed: Option<i64>, done: OffsetMap) -> Self {
        Self {
            records: VecDeque::new(),
            finished: 0,
            highest: None,
            committed,
            restored: if committed.is_some() { done } else { OffsetMap::default() },
            restored_at: 0,
            version: 0,
        }
    }

    /// Takes note of a record that `tickets` mailboxes must finish; 0 counts as 1.
    pub(crate) fn receive(&mut self, offset: i64, tickets: u16) -> Received {
        if self.highest.is_some_and(|highest| offset <= highest) {
            return Received::Stale;
        }
        if self.highest.is_none() {
            self.begin(offset);
        }
        let base = self.committable().or(self.committed);
        let gap = self.highest.is_some_and(|highest| offset > highest.saturating_add(1));
        let done = self.was_done(offset);
        self.highest = Some(offset);
        if !(done && self.records.is_empty()) {
            self.records.push_back(Pending { offset, tickets: if done { 0 } else { tickets.max(1) } });
            self.finished += usize::from(done);
        }
        if gap || base != self.committable() {
            self.version += 1;
        }
        if done { Received::AlreadyDone } else { Received::Dispatch }
    }

    /// One mailbox is done with the record; true if the record is now finished.
    ///
    /// An offset that was never received, and a ticket too many, change nothing.
    pub(crate) fn finish(&mut self, offset: i64) -> bool {
        let Some(at) = self.find(offset) else { return false };
        let record = &mut self.records[at];
        if record.tickets != 1 {
            record.tickets = record.tickets.saturating_sub(1);
            return false;
        }
        record.tickets = 0;
        self.finished += 1;
        self.version += 1;
        if at == 0 {
            self.advance();
        }
        true
    }

    /// The base: the lowest offset that is not finished. `None` until a record was received.
    pub(crate) fn committable(&self) -> Option<i64> {
        match self.records.front() {
            Some(record) => Some(record.offset),
            None => self.highest.map(|highest| highest.saturating_add(1)),
        }
    }

    /// Records received and not finished.
    pub(crate) fn unfinished(&self) -> usize {
        self.records.len() - self.finished
    }

    /// How far the highest received record reaches beyond the base, in offsets.
    pub(crate) fn span(&self) -> u64 {
        match (self.highest, self.records.front()) {
            (Some(highest), Some(front)) => highest.abs_diff(front.offset) + 1,
            _ => 0,
        }
    }

    /// Records finished beyond the base.
    #[cfg(test)]
    pub(crate) fn finished_beyond(&self) -> usize {
        self.finished
    }

    /// Changes whenever the committable offset or the offset map does, so whenever there is something new to commit.
    ///
    /// The first record of an epoch changes it unless it stands at the committed offset: there is nothing new then. A
    /// group without a committed offset thus gets one before anything is finished; with `auto.offset.reset=latest` a
    /// crash would otherwise skip what was received.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// What is finished at or beyond the base, a former owner's part that was not received yet included.
    pub(crate) fn offset_map(&self) -> OffsetMap {
        let mut map = OffsetMap::default();
        let mut last: Option<&Pending> = None;
        for record in &self.records {
            let after_last = last.map_or(record.offset, |last| last.offset + 1);
            match record.tickets {
                0 => map.push(after_last..record.offset.saturating_add(1)),
                _ if last.is_some_and(|last| last.tickets == 0) => map.push(after_last..record.offset),
                _ => {}
            }
            last = Some(record);
        }
        for run in self.ahead() {
            map.push(run);
        }
        map
    }

    /// Whether the offset map has grown so long that the partition should take no new records ([`HOLD_AT`]).
    ///
    /// Costs nothing while the span is short, else as much as encoding the map: ask once per batch, not per record.
    pub(crate) fn is_crowded(&self) -> bool {
        let (Some(base), Some(highest)) = (self.committable(), self.highest) else { return false };
        if self.records.is_empty() {
            return false; // what a former owner left is no reason to stop
        }
        let end = self.restored.runs().last().map_or(highest, |run| run.end.max(highest));
        longest(end.abs_diff(base).saturating_add(1)) >= HOLD_AT && self.offset_map().encoded_len(base) >= HOLD_AT
    }

    /// Decides with the first record whether the restored map may be believed.
    ///
    /// The map names records by offset and is true of the log in which it was written at `committed`. It is kept if the
    /// log goes on just there: with the record at `committed`, or after records the map itself calls done. A first
    /// record below says that somebody wants those records again, or that the log is another one (truncated, topic
    /// made anew). One further above says that records went missing which nobody finished: mostly compaction or
    /// retention, where the map would still be true, but a truncated log that was read from its end looks the same.
    /// Dropping a true map repeats records; believing a false one loses them. So in doubt it is dropped.
    fn begin(&mut self, first: i64) {
        let kept =
            self.committed.is_some_and(|committed| committed <= first && self.restored.covers(&(committed..first)));
        if !kept {
            self.restored = OffsetMap::default();
        }
    }

    /// Whether a former owner finished `offset`; asked with ascending offsets.
    fn was_done(&mut self, offset: i64) -> bool {
        let runs = self.restored.runs();
        while runs.get(self.restored_at).is_some_and(|run| run.end <= offset) {
            self.restored_at += 1;
        }
        match runs.get(self.restored_at) {
            Some(run) => run.start <= offset,
            None => {
                if self.restored_at > 0 {
                    (self.restored, self.restored_at) = (OffsetMap::default(), 0);
                }
                false
            }
        }
    }

    /// What of the restored map lies beyond the highest received offset.
    fn ahead(&self) -> impl Iterator<Item = Range<i64>> + '_ {
        let from = self.highest.map_or(i64::MIN, |highest| highest.saturating_add(1));
        self.restored.runs()[self.restored_at..].iter().map(move |run| run.start.max(from)..run.end)
    }

    /// Index of a record. Without gaps it is the distance from the first; gaps only make it smaller.
    fn find(&self, offset: i64) -> Option<usize> {
        let distance = offset.checked_sub(self.records.front()?.offset)?;
        let guess = usize::try_from(distance).ok()?.min(self.records.len() - 1);
        if self.records[guess].offset == offset {
            return Some(guess);
        }
        self.records.binary_search_by_key(&offset, |record| record.offset).ok()
    }

    /// Moves the base over what is finished.
    fn advance(&mut self) {
        while self.records.front().is_some_and(|record| record.tickets == 0) {
            self.records.pop_front();
            self.finished -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::{prelude::*, sample::Index};

    use super::*;

    fn fresh() -> Progress {
        Progress::new(None, OffsetMap::default())
    }

    fn map(runs: impl IntoIterator<Item = (i64, i64)>) -> OffsetMap {
        let mut map = OffsetMap::default();
        runs.into_iter().for_each(|(start, end)| map.push(start..end));
        map
    }

    fn received(progress: &mut Progress, offsets: impl IntoIterator<Item = i64>) {
        for offset in offsets {
            assert_eq!(progress.receive(offset, 1), Received::Dispatch, "{offset}");
        }
    }

    #[test]
    fn nothing_may_be_committed_before_a_record_was_received() {
        let progress = Progress::new(Some(7), map([(9, 12)]));
        assert_eq!((progress.committable(), progress.span(), progress.unfinished()), (None, 0, 0));
    }

    #[test]
    fn what_was_received_is_not_committable_until_it_is_finished() {
        let mut progress = fresh();
        received(&mut progress, 5..10);
        assert_eq!(progress.committable(), Some(5));
        assert!(progress.finish(5));
        assert_eq!(progress.committable(), Some(6));
    }

    #[test]
    fn the_base_waits_for_the_slowest() {
        let mut progress = fresh();
        received(&mut progress, 0..5);
        assert!(progress.finish(1) && progress.finish(3) && progress.finish(4));
        assert_eq!((progress.committable(), progress.finished_beyond(), progress.span()), (Some(0), 3, 5));
        assert_eq!(progress.offset_map(), map([(1, 2), (3, 5)]));
        assert!(progress.finish(0));
        assert_eq!((progress.committable(), progress.offset_map()), (Some(2), map([(3, 5)])));
        assert!(progress.finish(2));
        assert_eq!((progress.committable(), progress.span(), progress.offset_map()), (Some(5), 0, map([])));
    }

    // Fails if `finish` compares `tickets > 2`.
    #[test]
    fn a_record_is_finished_when_all_its_mailboxes_are() {
        let mut progress = fresh();
        progress.receive(0, 3);
        assert_eq!([progress.finish(0), progress.finish(0), progress.finish(0)], [false, false, true]);
        assert_eq!(progress.committable(), Some(1));
    }

    #[test]
    fn a_ticket_too_many_is_ignored() {
        let mut progress = fresh();
        received(&mut progress, 0..3);
        assert!(progress.finish(1) && !progress.finish(1));
        assert_eq!(progress.unfinished(), 2);
        assert!(!progress.finish(7) && !progress.finish(-1) && !progress.finish(i64::MIN));
    }

    #[test]
    fn gaps_are_done_and_cost_nothing() {
        let mut progress = fresh();
        received(&mut progress, [0, 10, 1_000_000, i64::MAX - 1]);
        assert_eq!(progress.records.len(), 4);
        assert!(progress.finish(1_000_000));
        assert_eq!(progress.offset_map(), map([(11, i64::MAX - 1)]));
        assert!(progress.finish(0));
        assert_eq!(progress.committable(), Some(10));
    }

    #[test]
    fn a_record_below_the_highest_is_stale() {
        let mut progress = fresh();
        received(&mut progress, [5, 9]);
        assert_eq!([progress.receive(9, 1), progress.receive(7, 1), progress.receive(0, 1)], [Received::Stale; 3]);
        assert_eq!(progress.unfinished(), 2);
    }

    #[test]
    fn no_tickets_count_as_one() {
        let mut progress = fresh();
        progress.receive(0, 0);
        assert_eq!(progress.committable(), Some(0));
        assert!(progress.finish(0));
    }

    // Fails if `was_done` says yes to any offset before the end of a run.
    #[test]
    fn what_a_former_owner_finished_is_not_handled_again() {
        let mut progress = Progress::new(Some(5), map([(6, 8), (9, 10)]));
        let answers: Vec<_> = (5..11).map(|offset| progress.receive(offset, 1)).collect();
        use Received::{AlreadyDone, Dispatch};
        assert_eq!(answers, [Dispatch, AlreadyDone, AlreadyDone, Dispatch, AlreadyDone, Dispatch]);
        assert_eq!((progress.unfinished(), progress.finished_beyond()), (3, 3));
        progress.finish(5);
        assert_eq!(progress.committable(), Some(8));
    }

    #[test]
    fn a_restored_map_survives_a_commit_before_its_records_come() {
        // Fails if `offset_map` leaves out `ahead`.
        let mut progress = Progress::new(Some(5), map([(6, 8), (20, 30)]));
        progress.receive(5, 1);
        assert_eq!(progress.offset_map(), map([(6, 8), (20, 30)]));
        progress.finish(5);
        assert_eq!((progress.committable(), progress.offset_map()), (Some(6), map([(6, 8), (20, 30)])));
        let mut next = Progress::new(Some(6), progress.offset_map());
        assert_eq!(next.receive(6, 1), Received::AlreadyDone);
        assert_eq!(next.committable(), Some(7));
    }

    #[test]
    fn a_restored_map_is_kept_if_only_done_records_are_missing_before_the_first() {
        let mut progress = Progress::new(Some(5), map([(5, 8), (9, 12)]));
        assert_eq!(progress.receive(8, 1), Received::Dispatch, "5 to 7 were compacted away");
        assert_eq!(progress.receive(9, 1), Received::AlreadyDone);
    }

    #[test]
    fn a_restored_map_is_dropped_if_the_log_does_not_go_on_at_the_committed_offset() {
        // Fails if `begin` keeps the map when `first < committed`, or does not look at what it covers.
        for first in [0, 4, 6, 7] {
            let mut progress = Progress::new(Some(5), map([(6, 7), (8, 100)]));
            progress.receive(first, 1);
            assert_eq!(progress.receive(50, 1), Received::Dispatch, "first {first}");
            assert_eq!(progress.committable(), Some(first));
        }
    }

    #[test]
    fn a_map_without_a_committed_offset_is_ignored() {
        let mut progress = Progress::new(None, map([(0, 100)]));
        assert_eq!(progress.receive(0, 1), Received::Dispatch);
    }

    // Fails if `receive` compares the base with `committable` alone, without `or(self.committed)`.
    #[test]
    fn the_first_record_is_something_to_commit_unless_it_is_committed() {
        for (committed, news) in [(None, true), (Some(4), true), (Some(9), true), (Some(5), false)] {
            let mut progress = Progress::new(committed, OffsetMap::default());
            progress.receive(5, 1);
            assert_eq!(progress.version() > 0, news, "{committed:?}");
            let before = progress.version();
            received(&mut progress, 6..9);
            assert_eq!(progress.version(), before, "receiving alone is nothing to commit");
        }
        let mut progress = Progress::new(Some(5), map([(5, 9)]));
        assert_eq!(progress.receive(5, 1), Received::AlreadyDone);
        assert!(progress.version() > 0, "6 is something new");
    }

    #[test]
    fn a_partition_is_crowded_before_its_map_is_too_long() {
        let mut progress = fresh();
        received(&mut progress, 0..24_000);
        (1..24_000).for_each(|offset| assert!(progress.finish(offset)));
        assert!(!progress.is_crowded(), "one long run is short text");
        let mut progress = fresh();
        received(&mut progress, 0..24_000);
        (1..24_000).step_by(2).for_each(|offset| assert!(progress.finish(offset)));
        assert!(progress.is_crowded());
        assert!(progress.offset_map().encode(0).is_some(), "still short enough to be written");
    }

    /// The same with plain sets: slow, and hard to get wrong.
    #[derive(Default)]
    struct Model {
        open: BTreeMap<i64, u16>,
        received: BTreeSet<i64>,
        former: BTreeSet<i64>,
    }

    impl Model {
        fn restored(committed: i64, former: &OffsetMap) -> Self {
            let former = former.runs().iter().cloned().flatten().filter(|&offset| offset >= committed).collect();
            Self { former, ..Self::default() }
        }

        fn receive(&mut self, offset: i64, tickets: u16) -> Received {
            self.received.insert(offset);
            if self.former.contains(&offset) {
                return Received::AlreadyDone;
            }
            self.open.insert(offset, tickets);
            Received::Dispatch
        }

        fn finish(&mut self, offset: i64) -> bool {
            let Some(tickets) = self.open.get_mut(&offset) else { return false };
            *tickets -= 1;
            let finished = *tickets == 0;
            if finished {
                self.open.remove(&offset);
            }
            finished
        }

        fn committable(&self) -> Option<i64> {
            let first_open = self.open.keys().next().copied();
            first_open.or(self.received.last().map(|highest| highest + 1))
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        /// Receives the record this far behind the last.
        Receive {
            step: i64,
            tickets: u16,
        },
        /// Receives what was received before.
        Rewind(Index),
        /// A mailbox finishes one of the received records, finished or not.
        Finish(Index),
        /// The partition goes to a new owner, with what was committed last: the crash of this one.
        Crash,
        Commit,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => (prop_oneof![9 => Just(1), 1 => 2..40i64], 1..4u16).prop_map(|(step, tickets)| Step::Receive { step, tickets }),
            1 => any::<Index>().prop_map(Step::Rewind),
            9 => any::<Index>().prop_map(Step::Finish),
            1 => Just(Step::Commit),
            1 => Just(Step::Crash),
        ]
    }

    /// One partition's life: a log, its owners one after another, and what each record went through.
    struct Life {
        log: BTreeMap<i64, u16>,
        /// Finished in the epoch that is running, or in a former one.
        ever_finished: BTreeSet<i64>,
        committed: Option<(i64, Option<String>)>,
        next: i64,
        progress: Progress,
        model: Model,
        seen: (Option<i64>, OffsetMap, u64),
    }

    impl Life {
        fn new(first: i64) -> Self {
            Self {
                log: BTreeMap::new(),
                ever_finished: BTreeSet::new(),
                committed: None,
                next: first,
                progress: fresh(),
                model: Model::default(),
                seen: (None, OffsetMap::default(), 0),
            }
        }

        fn step(&mut self, step: &Step) {
            match *step {
                Step::Receive { step, tickets } => self.receive(step, tickets),
                Step::Rewind(ref index) if !self.model.received.is_empty() => {
                    let all: Vec<_> = self.model.received.iter().copied().collect();
                    assert_eq!(self.progress.receive(*index.get(&all), 1), Received::Stale);
                }
                Step::Finish(ref index) if !self.model.received.is_empty() => {
                    let all: Vec<_> = self.model.received.iter().copied().collect();
                    let offset = *index.get(&all);
                    let finished = self.progress.finish(offset);
                    assert_eq!(finished, self.model.finish(offset));
                    self.ever_finished.extend(finished.then_some(offset));
                }
                Step::Commit => {
                    let map = self.progress.offset_map();
                    self.committed =
                        self.progress.committable().map(|base| (base, map.encode(base))).or(self.committed.take());
                }
                Step::Crash => self.crash(),
                _ => {}
            }
            self.check();
        }

        /// A record of the log that exists already (a former owner got it), or a new one.
        fn receive(&mut self, step: i64, tickets: u16) {
            let offset = self.log.range(self.next..).next().map_or(self.next + step - 1, |(&offset, _)| offset);
            let tickets = *self.log.entry(offset).or_insert(tickets);
            assert_eq!(self.progress.receive(offset, tickets), self.model.receive(offset, tickets));
            self.next = offset + 1;
        }

        fn crash(&mut self) {
            let Some((base, metadata)) = &self.committed else { return };
            let done = OffsetMap::decode(metadata.as_deref().unwrap_or_default().as_bytes(), *base).unwrap();
            self.model = match self.log.range(base..).next() {
                Some((&first, _)) if done.covers(&(*base..first)) => Model::restored(*base, &done),
                Some(_) => Model::default(),
                None => Model::restored(*base, &done),
            };
            (self.next, self.progress) = (*base, Progress::new(Some(*base), done));
            self.seen = (None, self.progress.offset_map(), 0);
        }

        fn check(&mut self) {
            let (progress, model) = (&self.progress, &self.model);
            let (base, map) = (progress.committable(), progress.offset_map());
            assert_eq!(base, model.committable(), "equals the model");
            assert!(base >= self.seen.0, "never goes back");
            assert_eq!(progress.unfinished(), model.open.len());
            let Some(base) = base else { return };
            let highest = *model.received.last().unwrap();
            assert_eq!(progress.span(), (highest + 1 - base) as u64);
            let beyond = model.received.range(base..).filter(|offset| !model.open.contains_key(offset));
            assert_eq!(progress.finished_beyond(), beyond.clone().count());
            for offset in beyond {
                assert!(map.covers(&(*offset..offset + 1)), "{offset} is in the map");
            }
            for (offset, _) in self.log.iter().filter(|(offset, _)| !self.ever_finished.contains(offset)) {
                assert!(*offset >= base, "{offset} is not finished and below the base");
                assert!(!map.covers(&(*offset..offset + 1)), "{offset} is not finished and in the map");
            }
            let news = (Some(base), &map) != (self.seen.0, &self.seen.1);
            let first = self.seen.0.is_none();
            assert!(!news || first || progress.version() > self.seen.2, "news without a new version");
            self.seen = (Some(base), map, progress.version());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        // Each of these one-line changes fails it: `advance` without its condition on `tickets`; `committable` from
        // `highest`; `find` without the binary search; `tickets > 2` for `tickets != 1`; no `version += 1` in `finish`; no
        // `gap ||` in `receive`; `offset < highest` for stale; `run.end < offset` in `was_done`; no `ahead` in `offset_map`.
        #[test]
        fn progress_equals_the_set_model(first in 0..3i64, steps in prop::collection::vec(step(), 1..150)) {
            let mut life = Life::new(first);
            for step in &steps {
                life.step(step);
            }
        }
    }
}

//! What is finished of a partition, and so what may be committed.
//!
//! ```text
//!  offset    10  11  12  13  14  15  16  17          ■ finished   □ received   · not received
//!             □   ■   ■   □   ■   ·   ·   ·
//!             ↑           ↑   ↑
//!  base, to be committed  │   highest
//!                         └─ unfinished: 10 and 13, span 5
//! ```
//!
//! Pure: it knows offsets, no records and no clock. Promise 1 is this file: `committable` never passes what is
//! unfinished, which `progress/tests` shows for random steps against a model that keeps everything.

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
    /// It is not beyond what was already received in this epoch: its log begins again ([`Progress::begin_again`]).
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

    /// Begins anew in another log, at `first`. What was received has to be finished before: the same offset is another
    /// record from here on.
    pub(crate) fn begin_again(&mut self, first: i64) {
        debug_assert!(self.records.is_empty(), "{} records are not finished", self.unfinished());
        let before = first.checked_sub(1);
        *self = Self { highest: before, version: self.version + 1, ..Self::new(None, OffsetMap::default()) };
    }

    /// What has to be committed is another one, for a reason that lies elsewhere.
    pub(crate) fn touch(&mut self) {
        self.version += 1;
    }

    /// Highest offset received.
    pub(crate) fn highest(&self) -> Option<i64> {
        self.highest
    }

    /// Where the group stood when the epoch began.
    pub(crate) fn committed(&self) -> Option<i64> {
        self.committed
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
mod tests;

//! Whose turn a record is, and what may be committed after it.

use std::{collections::BTreeSet, hint::black_box, sync::Arc};

use super::{Piece, Setting, piece};
use crate::dispatch::{Assignment, Choice, Limits, OffsetMap, Progress, Received};

impl Setting {
    /// Finds the key and the lane of each record; counts those that have a lane, and none if keys fall together.
    pub fn choosing_lanes(&self) -> impl Piece {
        let choice = Choice::new(&self.member.actor.policy);
        let keys: BTreeSet<_> = self.batch().iter().filter_map(|record| choice.of(record).0).collect();
        let apart = keys.len() == self.records.len();
        piece(
            || self.batch(),
            move |records| records.iter().filter(|record| black_box(choice.of(record)).1.is_some() && apart).count(),
        )
    }

    /// Receives and finishes each record, in the pure part; counts those that moved the committable offset.
    pub fn progress(&self) -> impl Piece {
        let mut progress = Progress::new(Some(0), OffsetMap::default());
        let mut base = 0;
        let len = self.records.len() as i64;
        piece(
            || (),
            move |()| {
                let offsets = base..base + len;
                base += len;
                let received = offsets.clone().filter(|&offset| progress.receive(offset, 1) == Received::Dispatch);
                let received = received.count();
                let moved = |&offset: &i64| progress.finish(offset) && progress.committable() == Some(offset + 1);
                offsets.filter(moved).count().min(received)
            },
        )
    }

    /// The same as poll thread and mailbox share it: locked once for a batch, with credit and figures.
    pub fn shared_progress(&self) -> impl Piece {
        let assignment = self.assignment();
        assignment.open(1);
        let mut base = 0;
        let len = self.records.len() as i64;
        piece(
            move || {
                let batch = self.copy(base);
                let offsets: Vec<_> = (base..base + len).collect();
                base += len;
                (Some(batch), None, offsets)
            },
            move |(batch, shared, offsets)| {
                *shared = batch.take().and_then(|batch| assignment.receive(batch));
                assignment.arrived();
                let mut finished = 0;
                assignment.finish(offsets, |_| finished += 1);
                if assignment.committable() == offsets.last().map(|last| last + 1) { finished } else { 0 }
            },
        )
    }

    pub(super) fn assignment(&self) -> Arc<Assignment> {
        Arc::new(Assignment::new(self.from.clone(), 1, None, Limits::default(), Arc::new(|| ())))
    }
}

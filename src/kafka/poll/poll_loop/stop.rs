//! The end of a loop: partitions leave, what finished is committed, the client closes; within a bound.

use std::time::Duration;

use tokio::sync::oneshot;

use super::PollLoop;
use crate::{
    dispatch::{Assignment, Intake},
    kafka::{poll::bounds::Patience, source::Source},
};

#[derive(Debug)]
pub(super) enum Phase {
    Running,
    /// Whoever waits for the end, and until when handlers may run.
    Stopping {
        done: Vec<oneshot::Sender<()>>,
        until: Duration,
    },
    Closed,
}

impl<S: Source, I: Intake> PollLoop<S, I> {
    /// Everything has to end by `until`; a second call may only shorten that.
    pub(super) fn stop(&mut self, until: Duration, done: Option<oneshot::Sender<()>>) {
        if let Phase::Stopping { done: waiting, until: own } = &mut self.phase {
            waiting.extend(done);
            *own = until.min(*own);
        } else {
            self.phase = Phase::Stopping { done: done.into_iter().collect(), until };
            self.committer.leave();
            self.source.leave();
        }
        for assignment in self.partitions.leave(until) {
            self.give_up(&assignment);
        }
    }

    /// Until when last commits are waited for.
    ///
    /// A stop waits for as long as it may take itself: while the group joins, a commit waits behind the request to
    /// join, and is refused when all have joined. Without a broker nothing is gained by that, nor for a partition that
    /// the group waits for.
    fn patience(&self) -> Patience {
        let stop = match self.phase {
            Phase::Stopping { until, .. } => Some(until),
            Phase::Running | Phase::Closed => None,
        };
        Patience { last_commit: self.settings.bounds.last_commit, stop, reachable: self.reachable }
    }

    /// Moves what leaves as far as it gets; true when something went.
    pub(super) fn depart(&mut self, now: Duration) -> bool {
        let patience = self.patience();
        let Self { partitions, committer, .. } = self;
        let settled = |one: &Assignment, version| committer.is_settled(now, &one.partition, one.epoch, version);
        let departed = partitions.advance(now, patience, settled);
        let busy = !departed.is_empty();
        for departed in departed {
            self.let_go(departed);
        }
        busy
    }

    /// Closes the client once nothing is on its way out; true when it did.
    pub(super) fn close_if_done(&mut self) -> bool {
        if !matches!(self.phase, Phase::Stopping { .. }) || self.partitions.is_departing() {
            return false;
        }
        self.source.close(self.settings.bounds.close);
        if let Phase::Stopping { done, .. } = std::mem::replace(&mut self.phase, Phase::Closed) {
            for done in done {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
        true
    }
}

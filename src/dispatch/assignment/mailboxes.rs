//! What a partition's mailboxes tell its assignment.
//!
//! All of it is called on the arbiter of the partition, but for [`open`](Assignment::open), which the router calls.
//! Each call that gives back something the poll thread may be waiting for wakes it.

use std::sync::{
    Arc,
    atomic::Ordering::{Acquire, Relaxed, Release},
};

use super::{Assignment, HeldBytes};
use crate::telemetry::logs;

impl Assignment {
    /// Opens the intake: `count` mailboxes will each finish every record. The count does not change any more.
    pub(crate) fn open(&self, count: usize) {
        self.running.store(count, Release);
        self.mailboxes.store(count, Release);
        (self.waker)();
    }

    /// A mailbox has taken a batch out of its queue. The poll thread is woken if it may have been held for this.
    pub(crate) fn arrived(&self) {
        if self.transit.arrived() {
            (self.waker)();
        }
    }

    /// A mailbox is done with these records. Ignored, and said so once per call, when the assignment has ended.
    ///
    /// `finished` is told of each record that all mailboxes are done with.
    pub(crate) fn finish(&self, offsets: &[i64], mut finished: impl FnMut(i64)) {
        if offsets.is_empty() {
            return;
        }
        if self.closed.load(Acquire) {
            logs::group::finished_late(&self.partition, self.epoch, offsets.len());
            return;
        }
        let mut progress = self.progress();
        let held_back = self.crowded.load(Relaxed)
            || progress.unfinished() >= self.limits.records
            || progress.span() >= self.limits.window;
        let mut count = 0;
        for &offset in offsets {
            if progress.finish(offset) {
                count += 1;
                finished(offset);
            }
        }
        self.publish(&progress);
        let turns_over = progress.unfinished() == 0 && self.new_log().is_some();
        drop(progress);
        self.meter.finished(count);
        if held_back || turns_over {
            (self.waker)();
        }
    }

    /// A mailbox has, or no longer has, more waiting than it can start. To be called when that changes: it is counted
    /// up and down.
    pub(crate) fn saturated(&self, now: bool) {
        if now {
            self.saturated.fetch_add(1, Relaxed);
        } else if self.saturated.fetch_sub(1, Relaxed) == 1 {
            (self.waker)();
        }
    }

    /// A mailbox has ended everything it had started, after [`Assignment::cancel`]; said once by each. When all have
    /// said so, the poll thread need not wait for the drain bound.
    pub(crate) fn drained(&self) {
        if self.running.fetch_sub(1, Release) == 1 {
            (self.waker)();
        }
    }

    /// Counter that records copied out of a batch are charged to: those handed to the supervisor.
    pub(crate) fn held(&self) -> &Arc<HeldBytes> {
        &self.held
    }
}

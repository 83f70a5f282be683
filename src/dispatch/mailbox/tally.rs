//! What a mailbox counts between two turns.
//!
//! Counting must cost little beside a handler that ends in less than a microsecond. So the clock is read once for each
//! run of a lane, and for 16 records of a batch that is taken in; attempts that ended without waiting share the time
//! between two readings.

use std::time::Duration;

use tokio::time::Instant;

use crate::{dispatch::route::Member, stats::Tally};

/// What a mailbox counts between two turns, by handler; plain numbers, handed on once in a turn.
#[derive(Debug)]
pub(super) struct Tallies {
    /// By their place in [`Member::handlers`].
    of: Vec<Tally>,
    /// Attempts since the clock was read that ended without waiting.
    at_once: u32,
    /// Attempts since then that had waited: handler, and since when they ran.
    waited: Vec<(usize, Instant)>,
    /// Whether there is something to hand on: most turns of an idle bus have nothing.
    dirty: bool,
}

impl Tallies {
    pub(super) fn new(handlers: usize) -> Self {
        Self { of: (0..handlers).map(|_| Tally::default()).collect(), at_once: 0, waited: Vec::new(), dirty: false }
    }

    /// A record of this handler is done, its outputs included.
    pub(super) fn handled(&mut self, handler: usize) {
        self.of[handler].handled();
        self.dirty = true;
    }

    /// An attempt of this handler ended; `since` is when it was first seen to wait.
    pub(super) fn ended(&mut self, handler: usize, since: Option<Instant>) {
        match since {
            Some(since) => self.waited.push((handler, since)),
            None => {
                self.of[handler].ended_at_once();
                self.at_once += 1;
            }
        }
    }

    /// The clock was read, and what ran since the last reading `took` so long, all of it together.
    pub(super) fn clock(&mut self, now: Instant, took: Duration) {
        let at_once = std::mem::take(&mut self.at_once);
        if at_once > 0 {
            let each = took / at_once;
            self.of.iter_mut().for_each(|tally| tally.share(each));
            self.dirty = true;
        }
        for (handler, since) in self.waited.drain(..) {
            self.of[handler].ended_after(now.saturating_duration_since(since));
            self.dirty = true;
        }
    }

    /// Hands on what was counted.
    pub(super) fn flush(&mut self, member: &Member) {
        if std::mem::take(&mut self.dirty) {
            for (handler, tally) in member.handlers.iter().zip(&mut self.of) {
                handler.meter.take(tally);
            }
        }
    }
}

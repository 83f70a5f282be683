//! What a handler did.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{
    HandlerStats,
    histogram::{Latencies, LatencyMeter},
};

/// What one handler did, over all partitions. Mailboxes add to it once in a turn, the supervisor at each failure.
#[derive(Debug, Default)]
pub(crate) struct HandlerMeter {
    handled: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
    pub(crate) discarded: AtomicU64,
    latency: LatencyMeter,
}

impl HandlerMeter {
    /// Takes over what a mailbox counted.
    pub(crate) fn take(&self, tally: &mut Tally) {
        if std::mem::take(&mut tally.dirty) {
            self.handled.fetch_add(std::mem::take(&mut tally.handled), Relaxed);
            self.latency.take(&mut tally.latencies);
        }
    }

    pub(super) fn snapshot(&self, actor: &'static str, event_type: &'static str, topic: &str) -> HandlerStats {
        HandlerStats {
            actor,
            event_type,
            topic: topic.to_owned(),
            handled: self.handled.load(Relaxed),
            retried: self.retried.load(Relaxed),
            dead_lettered: self.dead_lettered.load(Relaxed),
            discarded: self.discarded.load(Relaxed),
            latency: self.latency.snapshot(),
        }
    }
}

/// What one mailbox counted of one handler since its last turn: plain numbers, no atomics.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    handled: u64,
    latencies: Latencies,
    /// Attempts of this run of a lane that ended without waiting, and share its time.
    at_once: u32,
    dirty: bool,
}

impl Tally {
    pub(crate) fn handled(&mut self) {
        self.handled += 1;
        self.dirty = true;
    }

    /// An attempt ended without waiting; [`Tally::share`] says how long it took.
    pub(crate) fn ended_at_once(&mut self) {
        self.at_once += 1;
    }

    /// Gives each attempt that ended at once its share of the time.
    pub(crate) fn share(&mut self, each: Duration) {
        let n = std::mem::take(&mut self.at_once);
        if n > 0 {
            self.latencies.observe(each, n);
            self.latencies.took(each.saturating_mul(n));
            self.dirty = true;
        }
    }

    /// An attempt ended that had waited.
    pub(crate) fn ended_after(&mut self, took: Duration) {
        self.latencies.observe(took, 1);
        self.latencies.took(took);
        self.dirty = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_mailbox_counted_is_taken_once() {
        let (meter, mut tally) = (HandlerMeter::default(), Tally::default());
        tally.ended_at_once();
        tally.ended_at_once();
        tally.share(Duration::from_millis(7));
        tally.share(Duration::from_secs(9));
        // Fails without `dirty = true` in `share`.
        meter.take(&mut tally);
        meter.take(&mut tally);
        assert_eq!(meter.snapshot("actor", "type", "topic").latency.count, 2);
        tally.handled();
        tally.ended_after(Duration::from_secs(3));
        meter.take(&mut tally);
        let stats = meter.snapshot("actor", "type", "topic");
        assert_eq!((stats.handled, stats.latency.count), (1, 3));
        assert_eq!((stats.latency.counts[1], stats.latency.counts[11]), (2, 1));
    }
}

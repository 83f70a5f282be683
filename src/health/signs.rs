//! Signs of life: what the poll loop and the clients leave behind for probes, in atomics.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::clock::monotonic;

/// A loop that has not turned for so long hangs: it turns ten times a second, and waits 5 s at most, at an assign.
const LIVE_WITHIN: Duration = Duration::from_secs(30);

/// Signs of life of one bus.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    /// When the poll loop began, so that its own time is enough; none, if the bus has no actors.
    began: OnceLock<Instant>,
    /// Milliseconds from there to its last turn.
    turned: AtomicU64,
    /// The bus has no actors, so its producer's connection counts.
    publishes_only: AtomicBool,
    /// This member was told its partitions. Taken back when it loses them without being asked, not at each rebalance.
    joined: AtomicBool,
    /// Down, and not up: the cluster has answered before a bus is spawned, and a client says nothing until something
    /// changes.
    consumer_down: AtomicBool,
    /// Counts only where nothing is consumed: elsewhere handlers wait for the producer by themselves.
    producer_down: AtomicBool,
    /// Somebody asked the bus to stop: no traffic any more, and no reason to restart the process.
    stopping: AtomicBool,
    /// Nobody asked: the process is to be restarted.
    ended: AtomicBool,
}

impl Signs {
    /// The poll loop turned; `now` is its own time.
    pub(crate) fn turned(&self, now: Duration) {
        self.began.get_or_init(|| monotonic().checked_sub(now).unwrap_or_else(monotonic));
        self.turned.store(now.as_millis() as u64, Relaxed);
    }

    /// There will be no poll loop.
    pub(crate) fn publishes_only(&self) {
        self.publishes_only.store(true, Relaxed);
    }

    pub(crate) fn joined(&self, joined: bool) {
        self.joined.store(joined, Relaxed);
    }

    /// The consumer's connection came or went.
    pub(crate) fn consumer_reaches_the_cluster(&self, up: bool) {
        self.consumer_down.store(!up, Relaxed);
    }

    /// That of the producer of events; the producer of dead letters tells nobody, its failures have reasons of their
    /// own.
    pub(crate) fn producer_reaches_the_cluster(&self, up: bool) {
        self.producer_down.store(!up, Relaxed);
    }

    /// Somebody asked for the end: probes for traffic fail from now on, those for life do not.
    pub(crate) fn stopping(&self) {
        self.stopping.store(true, Relaxed);
    }

    /// The bus ended by itself.
    pub(crate) fn ended(&self) {
        self.ended.store(true, Relaxed);
    }

    pub(super) fn is_live(&self) -> bool {
        self.is_live_at(monotonic())
    }

    fn is_live_at(&self, now: Instant) -> bool {
        if self.ended.load(Relaxed) {
            return false;
        }
        // Before its first turn the loop is about to start: `spawn` returns once its thread is there.
        self.began.get().is_none_or(|began| {
            let last = *began + Duration::from_millis(self.turned.load(Relaxed));
            now.saturating_duration_since(last) < LIVE_WITHIN
        })
    }

    /// Connected, with actors also joined, and neither stopping nor ended.
    pub(super) fn is_ready(&self) -> bool {
        let is = |flag: &AtomicBool| flag.load(Relaxed);
        let connected = if is(&self.publishes_only) {
            !is(&self.producer_down)
        } else {
            is(&self.joined) && !is(&self.consumer_down)
        };
        connected && !is(&self.stopping) && !is(&self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_is_live_while_its_poll_loop_turns() {
        let signs = Signs::default();
        signs.turned(Duration::from_secs(5));
        // Fails when the loop's own time is not taken off.
        assert!(monotonic() - *signs.began.get().unwrap() >= Duration::from_secs(5));
        let last = *signs.began.get().unwrap() + Duration::from_secs(5);
        assert!(signs.is_live_at(last + LIVE_WITHIN / 2));
        assert!(!signs.is_live_at(last + LIVE_WITHIN));
        signs.turned(Duration::from_secs(35));
        assert!(signs.is_live_at(last + LIVE_WITHIN));
        signs.ended();
        assert!(!signs.is_live_at(last + LIVE_WITHIN));
    }

    #[test]
    fn a_member_is_ready_from_its_assignment_until_it_loses_it_or_stops() {
        let signs = Signs::default();
        assert!(!signs.is_ready());
        signs.joined(true);
        assert!(signs.is_ready());
        signs.consumer_reaches_the_cluster(false);
        assert!(!signs.is_ready());
        signs.consumer_reaches_the_cluster(true);
        signs.producer_reaches_the_cluster(false);
        assert!(signs.is_ready(), "the producer mends itself");
        signs.joined(false);
        assert!(!signs.is_ready());
        signs.joined(true);
        signs.stopping();
        assert!(!signs.is_ready());
    }

    #[test]
    fn a_bus_without_actors_is_ready_while_its_producer_reaches_the_cluster() {
        let signs = Signs::default();
        signs.publishes_only();
        assert!(signs.is_ready() && signs.is_live());
        signs.producer_reaches_the_cluster(false);
        assert!(!signs.is_ready() && signs.is_live());
    }
}

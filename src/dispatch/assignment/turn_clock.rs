//! What the mailboxes of a partition do right now, as another thread sees it: a handler that blocks its thread, and
//! does not return, cannot be told of by its own.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::Assignment;

/// The turns of one mailbox. Its thread writes, and another one looks now and then.
#[derive(Debug)]
pub(crate) struct TurnClock {
    /// The names of the actor's handlers.
    handlers: Vec<Arc<str>>,
    /// A turn runs.
    runs: AtomicBool,
    /// Rises with each turn, and with each attempt that is polled.
    steps: AtomicU64,
    /// Whose attempt was polled last.
    handler: AtomicUsize,
    /// What the last look saw.
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    steps: u64,
    /// When this number was first seen; `None` between two turns.
    since: Option<Instant>,
    told: bool,
}

/// A handler that has kept its thread busy for long, and still does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Blocking {
    pub(crate) handler: Arc<str>,
    /// At least.
    pub(crate) since: Duration,
    /// Nobody was told of this time before.
    pub(crate) is_new: bool,
}

impl TurnClock {
    pub(crate) fn new(handlers: Vec<Arc<str>>) -> Self {
        let (runs, steps, handler, seen) = Default::default();
        Self { handlers, runs, steps, handler, seen }
    }

    /// Only the mailbox's thread writes, so that a load and a store are enough.
    fn step(&self) {
        self.steps.store(self.steps.load(Relaxed).wrapping_add(1), Relaxed);
    }

    pub(crate) fn begins(&self) {
        self.step();
        self.runs.store(true, Relaxed);
    }

    /// An attempt is polled.
    pub(crate) fn polls(&self, handler: usize) {
        self.step();
        self.handler.store(handler, Relaxed);
    }

    pub(crate) fn ends(&self) {
        self.runs.store(false, Relaxed);
    }

    /// Looks, about once a second: who blocks the thread, if the attempt that is polled is the same as `long` ago.
    fn blocking(&self, now: Instant, long: Duration) -> Option<Blocking> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (runs, steps) = (self.runs.load(Relaxed), self.steps.load(Relaxed));
        if !runs || seen.since.is_none() || seen.steps != steps {
            *seen = Seen { steps, since: runs.then_some(now), told: false };
            return None;
        }
        let since = now.saturating_duration_since(seen.since?);
        let handler = Arc::clone(self.handlers.get(self.handler.load(Relaxed)).filter(|_| since >= long)?);
        Some(Blocking { handler, since, is_new: !std::mem::replace(&mut seen.told, true) })
    }
}

impl Assignment {
    /// A mailbox shows its turns.
    pub(crate) fn watch(&self, clock: Arc<TurnClock>) {
        self.turn_clocks.lock().unwrap_or_else(PoisonError::into_inner).push(clock);
    }

    /// The handlers that have kept their threads busy for `long`, and still do.
    pub(crate) fn blocking(&self, now: Instant, long: Duration) -> Vec<Blocking> {
        let clocks = self.turn_clocks.lock().unwrap_or_else(PoisonError::into_inner);
        clocks.iter().filter_map(|clock| clock.blocking(now, long)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when a turn that has ended counts, when the attempt before is named, when it is told each second, and when a
    // turn of many attempts counts as one that hangs.
    #[test]
    fn an_attempt_that_does_not_return_is_told_once() {
        let start = Instant::now();
        let clock = TurnClock::new(vec!["shop::Billing/a".into(), "shop::Billing/b".into()]);
        let look = |second| clock.blocking(start + Duration::from_secs(second), Duration::from_secs(5));
        assert_eq!([look(0), look(9)], [None, None], "none runs");
        clock.begins();
        clock.polls(0);
        assert_eq!([look(10), look(14)], [None, None]);
        clock.polls(1);
        assert_eq!([look(15), look(19)], [None, None], "another attempt");
        let said = |seconds, is_new| {
            Some(Blocking { handler: "shop::Billing/b".into(), since: Duration::from_secs(seconds), is_new })
        };
        assert_eq!([look(20), look(21)], [said(5, true), said(6, false)]);
        clock.ends();
        assert_eq!(look(22), None);
        clock.begins();
        clock.polls(1);
        assert_eq!([look(23), look(27), look(28)], [None, None, said(5, true)], "another turn");
    }
}

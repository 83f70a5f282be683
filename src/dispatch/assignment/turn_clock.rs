//! What the mailboxes of a partition do right now, as another thread sees it: a handler that blocks its thread, and does
//! not return, cannot be told of by its own.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::Assignment;

/// The turns of one mailbox. Its thread writes, others read.
#[derive(Debug)]
pub(crate) struct TurnClock {
    /// The names of the actor's handlers.
    handlers: Vec<Arc<str>>,
    /// When it was made; times count from there.
    origin: Instant,
    /// When the turn began that runs, in milliseconds, and one; 0 between two.
    began: AtomicU64,
    /// Whose attempt was polled last.
    handler: AtomicUsize,
    /// The turn that was told of, by when it began.
    told: AtomicU64,
}

/// A handler that has kept its thread busy for long, and still does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Blocking {
    pub(crate) handler: Arc<str>,
    pub(crate) since: Duration,
    /// Nobody was told of this turn before.
    pub(crate) is_new: bool,
}

impl TurnClock {
    pub(crate) fn new(handlers: Vec<Arc<str>>, now: Instant) -> Self {
        let (began, handler, told) = Default::default();
        Self { handlers, origin: now, began, handler, told }
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.origin).as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// Some attempts are polled now, one after the other.
    pub(crate) fn begins(&self, now: Instant) {
        self.began.store(self.millis(now) + 1, Relaxed);
    }

    /// An attempt is polled.
    pub(crate) fn polls(&self, handler: usize) {
        self.handler.store(handler, Relaxed);
    }

    /// None is polled any more.
    pub(crate) fn ends(&self) {
        self.began.store(0, Relaxed);
    }

    /// Who blocks the thread, if the turn that runs began `long` ago or longer.
    fn blocking(&self, now: Instant, long: Duration) -> Option<Blocking> {
        let began = self.began.load(Relaxed);
        let since = Duration::from_millis(self.millis(now).checked_sub(began.checked_sub(1)?)?);
        let handler = Arc::clone(self.handlers.get(self.handler.load(Relaxed)).filter(|_| since >= long)?);
        Some(Blocking { handler, since, is_new: self.told.swap(began, Relaxed) != began })
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

    // Fails when a turn that has ended counts, when the attempt before is named, or when it is told each second.
    #[test]
    fn a_turn_that_does_not_end_is_told_once_with_the_handler_that_was_polled_last() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let clock = TurnClock::new(vec!["shop::Billing/a".into(), "shop::Billing/b".into()], start);
        let long = Duration::from_secs(5);
        assert_eq!(clock.blocking(at(100), long), None, "none runs");
        clock.begins(at(100));
        clock.polls(0);
        clock.polls(1);
        assert_eq!(clock.blocking(at(104), long), None);
        let said = |seconds, is_new| {
            Some(Blocking { handler: "shop::Billing/b".into(), since: Duration::from_secs(seconds), is_new })
        };
        assert_eq!(clock.blocking(at(105), long), said(5, true));
        assert_eq!(clock.blocking(at(106), long), said(6, false));
        clock.ends();
        assert_eq!(clock.blocking(at(200), long), None);
        clock.begins(at(200));
        assert_eq!(clock.blocking(at(205), long), said(5, true), "another turn");
    }
}

//! What every stage of a running bus shares.
//!
//! They are handed down as one `Arc`, so a stage that needs another of them tomorrow changes no signature.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{
            AtomicU64,
            Ordering::{Relaxed, Release},
        },
    },
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    dispatch::Member,
    error::Error,
    event::{Encoder, Said},
    health::{HealthState, Signs},
    home::Home,
    kafka::source::Sink,
    stats::Book,
    telemetry::{Telemetry, logs, logs::record::Failure},
};

/// What every stage of a running bus shares; made once by `spawn`.
pub(crate) struct Services {
    /// Time and randomness; that of a test bus is moved by hand.
    pub(crate) clock: Clock,
    /// Makes records of events: of a handler's outputs and of what a `Publisher` is given.
    pub(crate) encoder: Arc<Encoder>,
    /// Publishes outputs.
    pub(crate) sink: Arc<dyn Sink>,
    /// Publishes dead letters, with a shorter delivery timeout.
    pub(crate) dead_letters: Arc<dyn Sink>,
    /// The consumer group: part of the ids of outputs, and in each dead letter.
    pub(crate) group: Arc<str>,
    /// The service's name, for log lines and dead letters.
    pub(crate) service: Arc<str>,
    /// What spans and log lines have in common, and what may be shown in them.
    pub(crate) telemetry: Arc<Telemetry>,
    /// The runtime that called `spawn`; handlers are polled inside its context.
    pub(crate) home: Home,
    /// What is wrong now; those who find out say so, and take it back.
    pub(crate) health: HealthState,
    /// The types of events that were skipped and named in the log, once each.
    pub(crate) skipped: Said,
    /// The handlers of whose errors rules could not see one, and that were named in the log, once each.
    pub(crate) blind: Said,
    /// What happened so far, for `Stats`.
    pub(crate) counters: Arc<Counters>,
    /// The meters of handlers and partitions, for `Stats`.
    pub(crate) book: Arc<Book>,
    /// A partition with records waiting and none finished for so long makes no progress.
    pub(crate) stalled_after: Duration,
    /// Sees how records end; a test bus waits for that.
    pub(crate) observer: Arc<dyn Observer>,
    /// Where a stage says that the bus cannot go on.
    pub(crate) end: End,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("group", &self.group).finish_non_exhaustive()
    }
}

/// Told how each record ended for each actor; a test bus listens.
pub(crate) trait Observer: Send + Sync {
    /// An actor is done with a record, or (`actor` is `None`) nobody handles it.
    fn settled(&self, _settled: &Settled<'_>) {}
    /// An attempt failed, and the actor gets the record again.
    fn failed(&self, _actor: &str, _failure: &Failure<'_>) {}
    /// Every actor is done with a record.
    fn finished(&self, _topic: &str, _partition: i32, _offset: i64) {}
    /// Something waits for time to pass (+1), or no longer waits (-1).
    fn waiting(&self, _change: i64) {}
    /// So many more, or fewer, attempts run; called at the end of each turn of a mailbox.
    fn running(&self, _change: i64) {}
    /// Something went on.
    fn active(&self) {}
}

/// An [`Observer`] that looks away.
pub(crate) struct Unobserved;

impl Observer for Unobserved {}

/// How a record ended for one actor.
#[derive(Debug)]
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only a test bus looks at it"))]
pub(crate) struct Settled<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// Whose mailbox says so.
    pub(crate) member: &'a Member,
    /// The handler's place among those of the member; `None` if the record is no event, or nobody handles it.
    pub(crate) handler: Option<usize>,
    /// Attempts that got an event; 0 if it could not be decoded, nobody handles it, or it had expired.
    pub(crate) attempts: u32,
    pub(crate) end: RecordEnd<'a>,
}

/// The possible ends of a record.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only a test bus looks at it"))]
pub(crate) enum RecordEnd<'a> {
    /// Its handler succeeded, and the broker has its outputs.
    Acked,
    /// A policy discarded it.
    Discarded,
    /// The broker has its dead letter; `reason` is the error's text.
    DeadLettered { reason: &'a str },
    /// No actor handles its type, and it was skipped.
    Unknown,
    /// Its `expirytime` has passed.
    Expired,
}

/// What happened so far, in records.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// By one actor: a record of two actors counts twice.
    pub(crate) handled: AtomicU64,
    /// Each further attempt that was decided on; holds are none.
    pub(crate) retried: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
    /// By class. Locked, because a dead letter is rare and costs a round to the broker anyway.
    dead_letters: Mutex<BTreeMap<&'static str, u64>>,
    /// Dead letters that had to leave something out.
    pub(crate) reduced: AtomicU64,
    pub(crate) discarded: AtomicU64,
    pub(crate) unknown: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) published: AtomicU64,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Relaxed);
    }

    /// Counts a dead letter that the broker has.
    pub(crate) fn dead_letter(&self, class: &'static str, reduced: bool) {
        Self::add(&self.reduced, reduced.into());
        *self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner).entry(class).or_default() += 1;
        // Last: whoever sees it sees the others.
        self.dead_lettered.fetch_add(1, Release);
    }

    /// Dead letters by their class.
    pub(crate) fn dead_letters(&self) -> BTreeMap<&'static str, u64> {
        self.dead_letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why the bus has to end by itself; set once.
///
/// Whoever cannot go on sets it, on any thread; `run_until` waits for it, drains, and returns the error.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// Taken by whoever returns it.
    error: Mutex<Option<Error>>,
    /// Stays when the error is taken: a second error is none.
    said: OnceLock<()>,
    /// Wakes those who wait in [`End::called`].
    notify: Notify,
    /// A liveness probe has to fail from then on.
    signs: Arc<Signs>,
    /// Whose bus it is, for the log.
    service: Arc<str>,
}

impl End {
    pub(crate) fn new(service: &str, signs: Arc<Signs>) -> Self {
        Self { signs, service: service.into(), ..Self::default() }
    }

    /// Asks the bus to drain and `run_until` to return `error`; the first one counts.
    pub(crate) fn with(&self, error: Error) {
        let mut slot = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if self.said.get().is_some() {
            return;
        }
        logs::bus::ends(&self.service, &error);
        // In this order: whoever sees that it was said also finds the error.
        *slot = Some(error);
        let _ = self.said.set(());
        self.signs.ended();
        drop(slot);
        self.notify.notify_waiters();
    }

    /// Resolves when the bus has to end.
    pub(crate) async fn called(&self) {
        loop {
            let notified = self.notify.notified();
            if self.said.get().is_some() {
                return;
            }
            notified.await;
        }
    }

    /// The error, for the one who returns it; `None` if nothing went wrong, or it was taken before.
    pub(crate) fn take(&self) -> Option<Error> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Delay before the `n`th repetition (from 1) of something that must get through: 100 ms, doubling, 10 s at most.
pub(crate) fn persistent_backoff(n: u32) -> Duration {
    Duration::from_millis(100).saturating_mul(1 << n.saturating_sub(1).min(10)).min(Duration::from_secs(10))
}

impl Services {
    /// Waits for `delay`; false if `cancel` came first.
    pub(crate) async fn wait(&self, delay: Duration, cancel: &CancellationToken) -> bool {
        self.observer.waiting(1);
        let due = tokio::select! {
            () = self.clock.sleep(delay) => true,
            () = cancel.cancelled() => false,
        };
        self.observer.waiting(-1);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::heard::heard;

    // Fails when a bus ends by itself without a word, and when what follows from the first error has a line too.
    #[test]
    fn why_a_bus_ends_by_itself_is_one_line() {
        let end = End::new("billing", Arc::default());
        let text = heard(|| ["the first", "the second"].map(Error::internal).into_iter().for_each(|one| end.with(one)));
        assert!(text.starts_with("ERROR carom::bus: the bus ends service=\"billing\" error="), "{text}");
        assert!(text.contains("the first") && text.lines().count() == 1, "{text}");
        assert!(end.take().is_some_and(|error| error.to_string().contains("the first")));
    }
}

//! What every stage of a running bus shares.

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
    error::Error,
    event::Encoder,
    health::{HealthState, Signs},
    kafka::source::Sink,
    stats::Book,
    telemetry::Telemetry,
};

/// What every stage of a running bus shares; made once by `spawn`.
pub(crate) struct Services {
    pub(crate) clock: Clock,
    pub(crate) encoder: Arc<Encoder>,
    /// Publishes outputs.
    pub(crate) sink: Arc<dyn Sink>,
    /// Publishes dead letters, with a shorter delivery timeout.
    pub(crate) dead_letters: Arc<dyn Sink>,
    pub(crate) group: Arc<str>,
    pub(crate) service: Arc<str>,
    pub(crate) telemetry: Arc<Telemetry>,
    /// The runtime that called `spawn`; handlers are polled inside its context.
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) health: HealthState,
    pub(crate) counters: Arc<Counters>,
    pub(crate) book: Arc<Book>,
    /// A partition with records waiting and none finished for so long makes no progress.
    pub(crate) stalled_after: Duration,
    /// Records of a type that no actor handles become dead letters instead of being skipped.
    pub(crate) dead_letter_unknown: bool,
    pub(crate) observer: Arc<dyn Observer>,
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
    pub(crate) attempts: u32,
    pub(crate) end: RecordEnd<'a>,
}

/// The possible ends of a record.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only a test bus looks at it"))]
pub(crate) enum RecordEnd<'a> {
    Acked,
    Discarded,
    DeadLettered {
        reason: &'a str,
    },
    /// No actor handles its type, and it was skipped.
    Unknown,
    /// Its `expirytime` has passed.
    Expired,
}

/// What happened so far, in records.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) handled: AtomicU64,
    pub(crate) retried: AtomicU64,
    pub(crate) dead_lettered: AtomicU64,
    dead_letters: Mutex<BTreeMap<&'static str, u64>>,
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
#[derive(Debug, Default)]
pub(crate) struct End {
    error: Mutex<Option<Error>>,
    said: OnceLock<()>,
    notify: Notify,
    signs: Arc<Signs>,
}

impl End {
    pub(crate) fn new(signs: Arc<Signs>) -> Self {
        Self { signs, ..Self::default() }
    }

    /// Asks the bus to drain and `run_until` to return `error`; the first one counts.
    pub(crate) fn with(&self, error: Error) {
        let mut slot = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if self.said.get().is_some() {
            return;
        }
        tracing::error!(%error, "the bus ends");
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

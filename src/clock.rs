//! Time and randomness: the only place that asks the system for either.
//!
//! Two kinds of time run here. *Waiting* time passes while a record waits for its next attempt; a test bus lets it pass
//! at once when nothing else can happen. *Working* time passes while a handler runs; a handler may do real I/O, so it
//! is real time everywhere, unless a test moves it by hand.
//!
//! A test that moves the clock moves retries, holds, timeouts, and the times in events and dead letters. What a client
//! or a thread does by itself, commits and drain bounds among it, goes by [`monotonic`].

use std::{
    collections::BTreeMap,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::{runtime::Handle, time::Instant};
use uuid::Uuid;

/// The system's monotonic clock, for bounds on what a client or a thread does. What happens to records goes by a
/// [`Clock`], which a test can move.
pub(crate) fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}

/// How long ago that was, by [`monotonic`].
pub(crate) fn since(then: std::time::Instant) -> Duration {
    monotonic().saturating_duration_since(then)
}

/// Longer than anybody waits, and short enough to be added to a time.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A future that ends at a point in time.
pub(crate) type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time and randomness come from; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// `None` is the system's time. Shared by the clones: a test moves all of them at once.
    hands: Option<Arc<Mutex<Hands>>>,
}

/// The state of a clock that a test moves.
#[derive(Debug, Default)]
struct Hands {
    /// Waiting time that was skipped or moved by hand.
    waited: Duration,
    /// Working time that was moved by hand.
    worked: Duration,
    /// Who sleeps, by when it is due and by a number of its own: two may be due at once.
    waiting: BTreeMap<(Duration, u64), Waker>,
    /// Whose attempt may run out of time, likewise.
    working: BTreeMap<(Duration, u64), Waker>,
    /// The last number that was given to a sleeper.
    next: u64,
    /// Where real timers are. The runtime of the test may have a clock that stands and jumps (`start_paused`).
    real: Option<Handle>,
}

impl Clock {
    /// The system's time.
    pub(crate) fn system() -> Self {
        Self::default()
    }

    /// A clock whose waiting time stands until it is moved.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn by_hand() -> Self {
        Self { hands: Some(Arc::default()) }
    }

    /// Takes real time from the runtime in which this is called.
    #[cfg(feature = "testing")]
    pub(crate) fn set_real(&self) {
        if let Some(mut hands) = self.hands() {
            hands.real = Some(Handle::current());
        }
    }

    fn hands(&self) -> Option<MutexGuard<'_, Hands>> {
        self.hands.as_ref().map(|hands| hands.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Now, on the monotonic clock of waiting time.
    pub(crate) fn now(&self) -> Instant {
        self.hands().map_or_else(Instant::now, |hands| real_now() + hands.waited)
    }

    /// Now, on the clock on the wall.
    pub(crate) fn wall(&self) -> DateTime<Utc> {
        let moved = self.hands().map_or(Duration::ZERO, |hands| hands.waited);
        Utc::now() + chrono::Duration::from_std(moved).unwrap_or_default()
    }

    /// Any number, each as likely as any other.
    pub(crate) fn random(&self) -> u64 {
        fastrand::u64(..)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn fraction(&self) -> f64 {
        fastrand::f64()
    }

    /// A fresh UUIDv7.
    pub(crate) fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    /// Waits for `delay` of waiting time.
    pub(crate) fn sleep(&self, delay: Duration) -> Timer {
        match &self.hands {
            None => Box::pin(tokio::time::sleep(delay)),
            Some(hands) => Box::pin(Hand::new(hands, delay, Which::Waiting)),
        }
    }

    /// Ends when a handler that starts now has worked for `limit`.
    pub(crate) fn deadline(&self, limit: Duration) -> Timer {
        let Some(hands) = &self.hands else { return Box::pin(tokio::time::sleep(limit)) };
        let mut moved = Hand::new(hands, limit, Which::Working);
        let runtime = self.hands().and_then(|hands| hands.real.clone());
        let mut real = {
            let _context = runtime.as_ref().map(Handle::enter);
            Box::pin(tokio::time::sleep(limit))
        };
        Box::pin(poll_fn(move |cx| {
            if real.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { Pin::new(&mut moved).poll(cx) }
        }))
    }

    /// Now, on the clock of working time.
    pub(crate) fn working_now(&self) -> Instant {
        self.hands().map_or_else(Instant::now, |hands| real_now() + hands.worked)
    }

    /// Moves both times on by `by`.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn advance(&self, by: Duration) {
        if let Some(mut hands) = self.hands() {
            hands.worked += by;
            hands.waited += by;
            hands.wake();
        }
    }

    /// Moves waiting time to the next sleeper, and wakes it; false if nobody sleeps.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn skip_to_next(&self) -> bool {
        let Some(mut hands) = self.hands() else { return false };
        let Some(&(due, _)) = hands.waiting.keys().next() else { return false };
        hands.waited = hands.waited.max(due);
        hands.wake();
        true
    }
}

/// Now, whatever the clock of the runtime says in whose context this is asked.
fn real_now() -> Instant {
    monotonic().into()
}

impl Hands {
    #[cfg(any(test, feature = "testing"))]
    fn wake(&mut self) {
        for (times, now) in [(&mut self.waiting, self.waited), (&mut self.working, self.worked)] {
            while let Some(entry) = times.first_entry() {
                if entry.key().0 > now {
                    break;
                }
                entry.remove().wake();
            }
        }
    }
}

/// Which of the two times a sleeper waits for.
#[derive(Clone, Copy)]
enum Which {
    Waiting,
    Working,
}

/// A sleeper on a clock that is moved by hand.
struct Hand {
    hands: Arc<Mutex<Hands>>,
    /// When it is due, and its number.
    key: (Duration, u64),
    which: Which,
}

impl Hand {
    fn new(hands: &Arc<Mutex<Hands>>, delay: Duration, which: Which) -> Self {
        let mut state = hands.lock().unwrap_or_else(PoisonError::into_inner);
        state.next += 1;
        let (now, _) = state.times(which);
        let key = (now.saturating_add(delay), state.next);
        drop(state);
        Self { hands: Arc::clone(hands), key, which }
    }
}

impl Hands {
    /// One of the two times, and who waits for it.
    fn times(&mut self, which: Which) -> (Duration, &mut BTreeMap<(Duration, u64), Waker>) {
        match which {
            Which::Waiting => (self.waited, &mut self.waiting),
            Which::Working => (self.worked, &mut self.working),
        }
    }
}

impl Future for Hand {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, times) = hands.times(self.which);
        if self.key.0 <= now {
            times.remove(&self.key);
            return Poll::Ready(());
        }
        times.insert(self.key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut hands = self.hands.lock().unwrap_or_else(PoisonError::into_inner);
        hands.times(self.which).1.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(timer: &mut Timer) -> Poll<()> {
        timer.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn skipping_wakes_the_next_sleeper_only() {
        let clock = Clock::by_hand();
        let mut short = clock.sleep(Duration::from_secs(1));
        let mut long = clock.sleep(Duration::from_secs(9));
        assert!(poll(&mut short).is_pending() && poll(&mut long).is_pending());
        assert!(clock.skip_to_next());
        assert!(poll(&mut short).is_ready() && poll(&mut long).is_pending());
        drop(long);
        assert!(!clock.skip_to_next(), "a sleeper that is gone is not waited for");
    }

    // Fails when real time is that of whoever asks: a test's clock that jumps would end attempts that have just begun.
    #[cfg(feature = "testing")]
    #[test]
    fn real_time_is_not_that_of_a_clock_that_stands() {
        let runtime =
            |paused| tokio::runtime::Builder::new_current_thread().enable_time().start_paused(paused).build().unwrap();
        let (clock, real, standing) = (Clock::by_hand(), runtime(false), runtime(true));
        real.block_on(async { clock.set_real() });
        standing.block_on(async {
            let start = clock.working_now();
            let mut limit = clock.deadline(Duration::from_secs(60));
            tokio::time::advance(Duration::from_secs(3_600)).await;
            assert!(poll(&mut limit).is_pending());
            assert!(clock.working_now() - start < Duration::from_secs(60));
        });
    }

    #[tokio::test]
    async fn skipping_does_not_move_working_time_but_advancing_does() {
        let clock = Clock::by_hand();
        let mut limit = clock.deadline(Duration::from_secs(60));
        let _sleeper = clock.sleep(Duration::from_secs(99));
        assert!(poll(&mut limit).is_pending());
        clock.skip_to_next();
        assert!(poll(&mut limit).is_pending());
        clock.advance(Duration::from_secs(60));
        assert!(poll(&mut limit).is_ready());
    }
}

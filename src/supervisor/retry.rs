//! How often a record is tried again, and how long it waits before that.

use std::time::Duration;

/// How often a record is tried, and how long it waits in between.
///
/// Delays grow exponentially up to a maximum and are drawn at random between zero and that ("full jitter", as in
/// Marc Brooker's *Exponential Backoff And Jitter*, AWS Architecture Blog, 2015), so that records that failed together
/// do not come back together.
///
/// ```
/// use std::time::Duration;
/// use carom::Retry;
///
/// let retry = Retry::exponential(5).initial(Duration::from_millis(200)).max(Duration::from_secs(30));
/// assert_eq!(retry.attempts(), Some(5));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    attempts: Option<u32>,
    initial: Duration,
    max: Duration,
    factor: u32,
    jitter: bool,
}

impl Default for Retry {
    /// 5 attempts, 100 ms to 10 s.
    fn default() -> Self {
        Self::exponential(5)
    }
}

impl Retry {
    /// Up to `attempts` attempts, the first included; delays double from 100 ms to 10 s, with full jitter.
    #[must_use]
    pub fn exponential(attempts: u32) -> Self {
        Self {
            attempts: Some(attempts),
            initial: Duration::from_millis(100),
            max: Duration::from_secs(10),
            factor: 2,
            jitter: true,
        }
    }

    /// Up to `attempts` attempts, the first included, always after the same delay.
    #[must_use]
    pub fn fixed(attempts: u32, delay: Duration) -> Self {
        Self { attempts: Some(attempts), initial: delay, max: delay, factor: 1, jitter: false }
    }

    /// One attempt: what fails is dead-lettered at once.
    #[must_use]
    pub fn none() -> Self {
        Self::exponential(1)
    }

    /// As [`Retry::exponential`], without end: a record that always fails holds back its key for ever.
    #[must_use]
    pub fn forever() -> Self {
        Self { attempts: None, ..Self::exponential(1) }
    }

    /// The largest delay before the second attempt. Default: 100 ms.
    #[must_use]
    pub fn initial(mut self, delay: Duration) -> Self {
        self.initial = delay;
        self
    }

    /// The largest delay before any attempt. Default: 10 s.
    #[must_use]
    pub fn max(mut self, delay: Duration) -> Self {
        self.max = delay;
        self
    }

    /// Always waits for the largest delay instead of drawing one at random.
    #[must_use]
    pub fn without_jitter(mut self) -> Self {
        self.jitter = false;
        self
    }

    /// Attempts, the first included; `None` without end.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        self.attempts
    }

    /// What makes no sense, in words.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.attempts == Some(0) {
            Some("a retry policy of 0 attempts would never run the handler; write 1 for no retries".to_owned())
        } else if self.initial > self.max {
            Some(format!("the first delay of a retry ({:?}) is longer than the longest ({:?})", self.initial, self.max))
        } else {
            None
        }
    }

    /// Whether there is an attempt after this many.
    pub(crate) fn allows_another(&self, attempts: u32) -> bool {
        self.attempts.is_none_or(|limit| attempts < limit)
    }

    /// How long to wait after the `n`th attempt; `random` is in `0.0..1.0`.
    pub(crate) fn delay(&self, n: u32, random: f64) -> Duration {
        let longest = self
            .factor
            .checked_pow(n.saturating_sub(1))
            .map_or(self.max, |factor| self.initial.saturating_mul(factor).min(self.max));
        if self.jitter { longest.mul_f64(random.clamp(0.0, 1.0)) } else { longest }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delays_double_up_to_the_maximum() {
        let retry = Retry::exponential(9).without_jitter();
        let delays: Vec<u64> = (1..=9).map(|n| retry.delay(n, 0.5).as_millis() as u64).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    }

    #[test]
    fn attempts_are_bounded_unless_asked_otherwise() {
        assert!(!Retry::none().allows_another(1));
        assert!(Retry::exponential(5).allows_another(4) && !Retry::exponential(5).allows_another(5));
        assert!(Retry::forever().allows_another(u32::MAX));
        assert!(Retry::exponential(0).problem().is_some());
    }

    proptest! {
        // Fails when `mul_f64(random)` is left out of `delay` and when `min(self.max)` is.
        #[test]
        fn full_jitter_stays_within_its_bound(n in 1u32.., random in 0.0..1.0f64, initial in 0u64..100_000, more in 0u64..100_000) {
            let (initial, max) = (Duration::from_millis(initial), Duration::from_millis(initial + more));
            let retry = Retry::exponential(3).initial(initial).max(max);
            let longest = retry.clone().without_jitter().delay(n, 0.0);
            let delay = retry.delay(n, random);
            prop_assert!(longest <= max && delay <= longest);
            prop_assert!(delay.abs_diff(longest.mul_f64(random)) < Duration::from_nanos(2));
        }
    }
}

//! How often, and after what delay, a record is handled again.

use std::time::Duration;

const INITIAL: Duration = Duration::from_millis(100);
const MAX: Duration = Duration::from_secs(10);

/// How often, and after what delay, a record is handled again.
///
/// The first handling is an attempt too: `Retry::exponential(5)` means one handling and four repeats at most. While a
/// record waits, its key is parked and other keys go on.
///
/// | policy | attempts | delay before attempt n + 1 |
/// |---|---|---|
/// | `Retry::default()` = `Retry::exponential(5)` | 5 | random, up to 100 ms · 2ⁿ⁻¹, up to 10 s |
/// | [`Retry::fixed(3, d)`](Retry::fixed) | 3 | `d` |
/// | [`Retry::none()`](Retry::none) | 1 | – |
/// | [`Retry::forever()`](Retry::forever) | no limit | as `exponential` |
///
/// ```
/// use std::time::Duration;
/// use carom::{Retry, Supervisor};
///
/// let patient = Retry::exponential(10).initial(Duration::from_secs(1)).max(Duration::from_secs(60));
/// let supervisor = Supervisor::one_for_one().retry(patient);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// `None`: no limit.
    attempts: Option<u32>,
    initial: Duration,
    max: Duration,
    jitter: Jitter,
}

/// How much of a delay is left to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Jitter {
    /// Anything between 0 and the whole delay, so that records that failed together do not come back together.
    #[default]
    Full,
    /// Nothing: each delay is as long as the policy says.
    None,
}

impl Default for Retry {
    /// Five attempts, exponential, 100 ms to 10 s, full jitter.
    fn default() -> Self {
        Self::exponential(5)
    }
}

impl Retry {
    /// Up to `attempts` attempts, the first included; the delay doubles from 100 ms to 10 s, with full jitter.
    ///
    /// 0 attempts are an error when the bus is spawned.
    pub const fn exponential(attempts: u32) -> Self {
        Self { attempts: Some(attempts), initial: INITIAL, max: MAX, jitter: Jitter::Full }
    }

    /// Up to `attempts` attempts, the first included, with the same delay before each repeat and no jitter.
    ///
    /// 0 attempts are an error when the bus is spawned.
    pub const fn fixed(attempts: u32, delay: Duration) -> Self {
        Self { attempts: Some(attempts), initial: delay, max: delay, jitter: Jitter::None }
    }

    /// One attempt: what fails is dead-lettered at once.
    ///
    /// A record that waits for an unavailable dependency still waits, with the delays of [`Retry::exponential`].
    pub const fn none() -> Self {
        Self::exponential(1)
    }

    /// No limit: a record that always fails holds back its key for ever, and in time its partition. Delays as
    /// [`Retry::exponential`].
    pub const fn forever() -> Self {
        Self { attempts: None, initial: INITIAL, max: MAX, jitter: Jitter::Full }
    }

    /// Delay before the second attempt; it doubles from there. Default 100 ms.
    ///
    /// Longer than [`max`](Retry::max) is an error when the bus is spawned.
    #[must_use]
    pub const fn initial(self, initial: Duration) -> Self {
        Self { initial, ..self }
    }

    /// Longest delay. Default 10 s.
    #[must_use]
    pub const fn max(self, max: Duration) -> Self {
        Self { max, ..self }
    }

    /// How much of each delay is left to chance. Default [`Jitter::Full`], for [`Retry::fixed`] [`Jitter::None`].
    #[must_use]
    pub const fn jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// What is wrong with this policy, in a sentence that says what to write instead.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.attempts == Some(0) {
            return Some(
                "a retry policy of 0 attempts never handles a record: write `Retry::none()` for one attempt".into(),
            );
        }
        if self.initial > self.max {
            let Self { initial, max, .. } = self;
            return Some(format!(
                "the first retry delay ({initial:?}) is longer than the longest ({max:?}): raise it with `.max(..)`"
            ));
        }
        if self.attempts.is_none() && self.initial.is_zero() {
            return Some("`Retry::forever()` without a delay would never rest: give `.initial(..)` more than 0".into());
        }
        None
    }

    /// Whether a record may be handled again after its attempt number `attempt` (from 1) failed.
    pub(crate) fn allows_another(&self, attempt: u32) -> bool {
        self.attempts.is_none_or(|attempts| attempt < attempts)
    }

    /// The delay after attempt number `attempt` (from 1); `random` is any number, evenly spread.
    pub(crate) fn delay(&self, attempt: u32, random: u64) -> Duration {
        let ceiling = self.ceiling(attempt);
        match self.jitter {
            Jitter::Full => nanoseconds(portion(ceiling, random)),
            Jitter::None => nanoseconds(ceiling),
        }
    }

    /// The longest delay after attempt number `attempt`, in nanoseconds.
    fn ceiling(&self, attempt: u32) -> u128 {
        let (initial, max) = (self.initial.as_nanos(), self.max.as_nanos());
        let doublings = attempt.saturating_sub(1);
        if initial == 0 {
            return 0;
        }
        if doublings >= initial.leading_zeros() {
            return max;
        }
        max.min(initial << doublings)
    }
}

/// `whole * random / 2^64` without overflow; a `Duration` has at most 94 bits of nanoseconds.
fn portion(whole: u128, random: u64) -> u128 {
    let random = u128::from(random);
    let (high, low) = (whole >> 64, whole & u128::from(u64::MAX));
    high * random + ((low * random) >> 64)
}

/// The reverse of `Duration::as_nanos`.
fn nanoseconds(nanos: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    Duration::new((nanos / SECOND) as u64, (nanos % SECOND) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_default_doubles_from_100_ms_to_10_s() {
        let retry = Retry::default().jitter(Jitter::None);
        let delays: Vec<_> = (1..=9).map(|attempt| retry.delay(attempt, 0).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        assert_eq!(Retry::default(), Retry::exponential(5));
    }

    #[test]
    fn attempts_count_the_first() {
        // Fails if `allows_another` compares with `<=`.
        let allowed = |retry: Retry| (1..100).take_while(|&attempt| retry.allows_another(attempt)).count() + 1;
        assert_eq!(allowed(Retry::exponential(5)), 5);
        assert_eq!(allowed(Retry::fixed(2, MAX)), 2);
        assert_eq!(allowed(Retry::none()), 1);
        assert!(Retry::forever().allows_another(u32::MAX));
    }

    #[test]
    fn fixed_delays_stay_the_same() {
        let retry = Retry::fixed(9, Duration::from_secs(3));
        assert!((1..50).all(|attempt| retry.delay(attempt, 77) == Duration::from_secs(3)));
    }

    #[test]
    fn full_jitter_reaches_both_ends() {
        let retry = Retry::exponential(5);
        assert_eq!(retry.delay(1, 0), Duration::ZERO);
        assert_eq!(retry.delay(1, u64::MAX / 2 + 1), Duration::from_millis(50));
        assert_eq!(retry.delay(1, u64::MAX), Duration::from_nanos(99_999_999));
    }

    #[test]
    fn what_makes_no_sense_is_a_problem_and_no_panic() {
        let zero = Retry::exponential(0);
        assert!(zero.problem().unwrap().contains("Retry::none()"));
        assert!(!zero.allows_another(1));
        assert!(Retry::fixed(0, MAX).problem().is_some());
        let long = Retry::default().initial(Duration::from_secs(11));
        assert_eq!(
            long.problem().unwrap(),
            "the first retry delay (11s) is longer than the longest (10s): raise it with `.max(..)`"
        );
        assert!(Retry::forever().initial(Duration::ZERO).problem().is_some());
        for fine in [Retry::default(), Retry::none(), Retry::forever(), Retry::fixed(3, Duration::ZERO)] {
            assert_eq!(fine.problem(), None);
        }
    }

    fn any_retry() -> impl Strategy<Value = Retry> {
        let duration = || prop_oneof![any::<Duration>(), (0..20_000u64).prop_map(Duration::from_millis)];
        (any::<Option<u32>>(), duration(), duration(), any::<bool>()).prop_map(|(attempts, initial, max, full)| Retry {
            attempts,
            initial,
            max,
            jitter: if full { Jitter::Full } else { Jitter::None },
        })
    }

    fn any_attempt() -> impl Strategy<Value = u32> {
        prop_oneof![0..130u32, any::<u32>()]
    }

    proptest! {
        // Fails if `portion` forgets `>> 64`, or if `ceiling` leaves out the check of the leading zeros.
        #[test]
        fn delays_stay_within_the_policy(retry in any_retry(), attempt in any_attempt(), random in any::<u64>()) {
            let delay = retry.delay(attempt, random);
            prop_assert!(delay <= retry.max);
            if let Some(grown) = retry.initial.checked_mul(1u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX)) {
                prop_assert!(attempt > 32 || delay <= grown);
                prop_assert!(retry.jitter == Jitter::Full || attempt > 32 || delay == grown.min(retry.max));
            }
        }

        #[test]
        fn more_luck_is_never_a_shorter_delay(retry in any_retry(), attempt in any_attempt(), a in any::<u64>(), b in any::<u64>()) {
            prop_assert!(retry.delay(attempt, a.min(b)) <= retry.delay(attempt, a.max(b)));
        }

        #[test]
        fn without_jitter_delays_never_shrink(retry in any_retry(), attempt in 1..200u32) {
            let retry = retry.jitter(Jitter::None);
            prop_assert!(retry.delay(attempt, 0) <= retry.delay(attempt + 1, 0));
        }

        #[test]
        fn attempts_are_bounded(attempts in any::<u32>()) {
            prop_assert!(!Retry::exponential(attempts).allows_another(attempts));
        }
    }
}

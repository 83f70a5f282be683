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
    /// For a fixed delay the same as `max`: then there is nothing to double.
    initial: Duration,
    max: Duration,
    jitter: Jitter,
}

/// How much of a delay is left to chance.
///
/// ```
/// use std::time::Duration;
///
/// use carom::{Retry, supervisor::Jitter};
///
/// // A partner who asks for a fixed rhythm, and gets it spread a little all the same.
/// let spread = Retry::fixed(10, Duration::from_secs(30)).jitter(Jitter::Full);
/// assert_ne!(spread, Retry::fixed(10, Duration::from_secs(30)));
/// ```
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
    ///
    /// ```
    /// use carom::Retry;
    ///
    /// let patient = Retry::exponential(12); // about half a minute in all, on average
    /// assert_eq!(Retry::exponential(5), Retry::default());
    /// ```
    pub const fn exponential(attempts: u32) -> Self {
        Self { attempts: Some(attempts), initial: INITIAL, max: MAX, jitter: Jitter::Full }
    }

    /// Up to `attempts` attempts, the first included, with the same delay before each repeat and no jitter.
    ///
    /// 0 attempts are an error when the bus is spawned.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Retry, Supervisor};
    ///
    /// // Handled at once, 5 s after the failure, and 5 s after the next one.
    /// let supervisor = Supervisor::one_for_one().retry(Retry::fixed(3, Duration::from_secs(5)));
    /// ```
    pub const fn fixed(attempts: u32, delay: Duration) -> Self {
        Self { attempts: Some(attempts), initial: delay, max: delay, jitter: Jitter::None }
    }

    /// One attempt: what fails is dead-lettered at once.
    ///
    /// A record that waits for an unavailable dependency still waits, with the delays of [`Retry::exponential`].
    ///
    /// ```
    /// use carom::{Retry, Supervisor};
    ///
    /// // Whoever looks at the dead letters decides what is tried again.
    /// let supervisor = Supervisor::one_for_one().retry(Retry::none());
    /// assert_eq!(Retry::none(), Retry::exponential(1));
    /// ```
    pub const fn none() -> Self {
        Self::exponential(1)
    }

    /// No limit: a record that always fails holds back its key for ever, and in time its partition. Delays as
    /// [`Retry::exponential`]; without any delay it is an error when the bus is spawned.
    ///
    /// For what must never be passed over. Where a dependency is down,
    /// [`Failure::unavailable`](crate::Failure::unavailable) waits as long, and leaves other failures their bound.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Retry, Supervisor};
    ///
    /// let ledger = Supervisor::one_for_one().retry(Retry::forever().max(Duration::from_secs(60)));
    /// ```
    pub const fn forever() -> Self {
        Self { attempts: None, initial: INITIAL, max: MAX, jitter: Jitter::Full }
    }

    /// Delay before the second attempt; it doubles from there, unless it is [`Retry::fixed`]. Default 100 ms, or the
    /// delay of [`Retry::fixed`].
    ///
    /// Longer than [`max`](Retry::max) is an error when the bus is spawned.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::Retry;
    ///
    /// // Up to 1 s, 2 s, 4 s and 8 s: nobody has mended anything after 100 ms.
    /// let retry = Retry::exponential(5).initial(Duration::from_secs(1));
    /// ```
    #[must_use]
    pub const fn initial(self, initial: Duration) -> Self {
        Self { initial, ..self }
    }

    /// Longest delay. Default 10 s, for [`Retry::fixed`] its delay.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::Retry;
    ///
    /// let retry = Retry::exponential(20).max(Duration::from_secs(300));
    /// ```
    #[must_use]
    pub const fn max(self, max: Duration) -> Self {
        Self { max, ..self }
    }

    /// How much of each delay is left to chance. Default [`Jitter::Full`], for [`Retry::fixed`] [`Jitter::None`].
    ///
    /// ```
    /// use carom::{Retry, supervisor::Jitter};
    ///
    /// // 100 ms, 200 ms, 400 ms and 800 ms, to the millisecond.
    /// let retry = Retry::exponential(5).jitter(Jitter::None);
    /// ```
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
mod tests;

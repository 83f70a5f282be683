//! What happens after a failure: deciding, and carrying it out.

mod actor;
mod dead_letter;
mod dead_letter_headers;
mod directive;
mod forward;
mod history;
mod key_hash;
mod retry;

use std::{error::Error as StdError, time::Duration};

pub(crate) use actor::{Failed, Forget, SupervisorActor};
pub use directive::{Directive, OnLimit, Strategy};
#[cfg(feature = "testing")]
pub(crate) use directive::{History, Outcome, RecordDirective, decide};
use directive::{Policy, RestartLimit, Rule};
pub(crate) use key_hash::key_hash;
pub use retry::{Jitter, Retry};

const CONCURRENCY: usize = 32;
const CONCURRENCY_MAX: usize = 4096;
const TIMEOUT: Duration = Duration::from_secs(60);

/// How an actor runs, and what happens when one of its handlers fails.
///
/// Every option has a default; `Supervisor::one_for_one()` alone is a good start. What makes no sense is an error when
/// the bus is spawned, together with all others, and says what to write instead.
///
/// | outcome of an attempt | what happens |
/// |---|---|
/// | `Ok` | outputs are published, then the record is complete |
/// | a transient [`Failure`](crate::Failure) (`?`) | [retry](Self::retry), then dead letter |
/// | no answer within the [timeout](Self::timeout) | as transient, and the actor is rebuilt |
/// | a panic | as transient, and the actor is rebuilt |
/// | `Failure::permanent`, bytes that are not the event | dead letter |
/// | `Failure::unavailable` | the key waits, no attempt is counted |
/// | an error with a [rule](Self::on) | what the rule says |
///
/// ```
/// use std::time::Duration;
/// use carom::{Directive, Ordering, Retry, Supervisor};
///
/// let supervisor = Supervisor::one_for_one()
///     .retry(Retry::exponential(8).max(Duration::from_secs(30)))
///     .on::<std::num::ParseIntError>(Directive::DeadLetter)
///     .timeout(Duration::from_secs(10))
///     .ordering(Ordering::Key)
///     .concurrency(64);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a supervisor does nothing until it is given to `supervise`"]
pub struct Supervisor {
    pub(crate) policy: Policy,
    pub(crate) timeout: Duration,
    pub(crate) ordering: Ordering,
    pub(crate) blocking: bool,
    /// `None`: not set, so the default of the ordering holds.
    concurrency: Option<usize>,
}

/// Which events of a partition wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ordering {
    /// Events with the same key, one after another in the order of the log; keys run side by side.
    #[default]
    Key,
    /// All events of the partition, one after another in the order of the log. A failing record holds back all.
    Partition,
    /// None: also events with the same key may overtake each other. For handlers that do not care.
    Unordered,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::one_for_one()
    }
}

impl Supervisor {
    /// After a panic or a timeout, the instance that failed is rebuilt, and no other.
    pub fn one_for_one() -> Self {
        Self::new(Strategy::OneForOne)
    }

    /// After a panic or a timeout, all instances of this actor in the partition are rebuilt.
    pub fn one_for_all() -> Self {
        Self::new(Strategy::OneForAll)
    }

    /// After a panic or a timeout, all instances of this actor and of the actors supervised after it are rebuilt, in
    /// the partition.
    pub fn rest_for_one() -> Self {
        Self::new(Strategy::RestForOne)
    }

    fn new(strategy: Strategy) -> Self {
        Self {
            policy: Policy { strategy, ..Policy::default() },
            timeout: TIMEOUT,
            ordering: Ordering::Key,
            blocking: false,
            concurrency: None,
        }
    }

    /// How often and when a record is handled again after a transient failure, a timeout or a panic.
    ///
    /// Default: 5 attempts, exponential from 100 ms to 10 s, full jitter. Its delays are also those of a record that
    /// waits for an unavailable dependency.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.policy.retry = retry;
        self
    }

    /// What happens to a record whose handler failed with an `E`, instead of what the kind of the failure says.
    ///
    /// Default: no rules. `E` is looked for in the whole source chain of the error, and the first rule that matches
    /// wins, so write the special ones first. A rule also overrides `Failure::permanent` and `Failure::unavailable`.
    /// Panics and timeouts have no error type: no rule matches them.
    ///
    /// ```
    /// use carom::{Directive, Retry, Supervisor};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("card declined")]
    /// struct CardDeclined;
    ///
    /// let supervisor = Supervisor::one_for_one()
    ///     .on::<CardDeclined>(Directive::DeadLetter)
    ///     .on::<std::io::Error>(Directive::Retry(Retry::exponential(20)));
    /// ```
    pub fn on<E: StdError + 'static>(mut self, directive: Directive) -> Self {
        self.policy.rules.push(Rule::of::<E>(directive));
        self
    }

    /// How long one attempt may take. Default 60 s; 0 is an error.
    ///
    /// What takes longer is cancelled at its next `.await` and counts as a transient failure. A handler that blocks its
    /// thread cannot be cancelled; see [`blocking`](Self::blocking).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many events this actor handles side by side, in each partition. Default 32; 1 to 4,096.
    ///
    /// As many instances of the actor are built, when they are first needed. For [`Ordering::Partition`] it is 1, and
    /// anything else is an error.
    pub fn concurrency(mut self, lanes: usize) -> Self {
        self.concurrency = Some(lanes);
        self
    }

    /// Which events wait for each other. Default [`Ordering::Key`].
    pub fn ordering(mut self, ordering: Ordering) -> Self {
        self.ordering = ordering;
        self
    }

    /// At most `restarts` restarts of this actor in a partition within any `within`; what happens to the next one is
    /// said by [`on_limit`](Self::on_limit).
    ///
    /// Default: no limit. None is needed to keep a poison record from restarting its actor for ever, because each
    /// restart is an attempt and attempts are bounded. Set one if building the actor is expensive, or to notice that
    /// something is badly wrong. With 0 restarts, a record that panics or times out once is over the limit. A `within`
    /// of 0 is an error.
    ///
    /// ```
    /// use std::time::Duration;
    /// use carom::{Supervisor, supervisor::OnLimit};
    ///
    /// let strict = Supervisor::one_for_all().restart_limit(3, Duration::from_secs(60)).on_limit(OnLimit::Escalate);
    /// ```
    pub fn restart_limit(mut self, restarts: u32, within: Duration) -> Self {
        self.policy.restart_limit = Some(RestartLimit { restarts, within });
        self
    }

    /// What happens when a restart would exceed the [`restart_limit`](Self::restart_limit).
    ///
    /// Default [`OnLimit::DeadLetter`]: the record is dead-lettered and the service lives on. Without a limit it is an
    /// error.
    pub fn on_limit(mut self, on_limit: OnLimit) -> Self {
        self.policy.on_limit = Some(on_limit);
        self
    }

    /// The handlers of this actor block their thread: they run on the blocking threads of the runtime that spawned the
    /// bus.
    ///
    /// Default: they do not, and a handler that blocks anyway stalls the other keys of its thread. A thread cannot be
    /// stopped, so with this the [`timeout`](Self::timeout) is not enforced: the next attempt would run beside the last.
    pub fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// How many lanes a partition has.
    pub(crate) fn lanes(&self) -> usize {
        match self.ordering {
            Ordering::Partition => 1,
            Ordering::Key | Ordering::Unordered => self.concurrency.unwrap_or(CONCURRENCY),
        }
    }

    /// What makes no sense, each in a sentence that says what to write instead.
    pub(crate) fn problems(&self) -> Vec<String> {
        let own = [self.concurrency_problem(), self.timeout_problem(), self.limit_problem()];
        let rules = self.policy.rules.iter().map(Rule::problem);
        own.into_iter().chain([self.policy.retry.problem()]).chain(rules).flatten().collect()
    }

    fn concurrency_problem(&self) -> Option<String> {
        let lanes = self.concurrency?;
        match lanes {
            0 => Some("`.concurrency(0)` would handle nothing: write 1 or more".into()),
            2.. if self.ordering == Ordering::Partition => Some(format!(
                "`Ordering::Partition` handles one event at a time: leave out `.concurrency({lanes})`, or write `Ordering::Key`"
            )),
            _ if lanes > CONCURRENCY_MAX => Some(format!(
                "`.concurrency({lanes})` builds as many actors in each partition: write {CONCURRENCY_MAX} or less"
            )),
            _ => None,
        }
    }

    fn timeout_problem(&self) -> Option<String> {
        let none = self.timeout.is_zero();
        none.then(|| "`.timeout(0)` would fail every attempt: write a longer one, or leave it out for 60 s".into())
    }

    fn limit_problem(&self) -> Option<String> {
        match (self.policy.restart_limit, self.policy.on_limit) {
            (None, Some(_)) => {
                Some("`.on_limit(..)` without `.restart_limit(..)` has no effect: set the limit too".into())
            }
            (Some(limit), _) if limit.within.is_zero() => {
                Some("`.restart_limit(..)` within 0 s counts nothing: write a longer window".into())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

//! What happens after a failure: deciding, and carrying it out.

mod actor;
mod dead_letter;
mod directive;
mod forward;
mod headers;
mod retry;

use std::{error::Error as StdError, time::Duration};

pub(crate) use actor::{Failed, Forget, SupervisorActor};
pub use directive::Directive;
pub use retry::Retry;

/// What a bus does when a handler of an actor fails, and how many events of it run at once.
///
/// | what happened | what follows, unless a method below says otherwise |
/// |---|---|
/// | any error (`?`) | retried: 5 attempts, 100 ms to 10 s with full jitter; then dead-lettered |
/// | the attempt took over 60 s | as above, and the lane's actor is built anew |
/// | a panic | as above, and the lane's actor is built anew |
/// | `Failure::permanent`, undecodable | dead-lettered at once |
/// | `Failure::unavailable` | the key waits as between retries, and no attempt is counted |
///
/// ```
/// use std::{io, time::Duration};
/// use carom::{Directive, Retry, Supervisor};
///
/// let policy = Supervisor::one_for_one()
///     .retry(Retry::exponential(8).max(Duration::from_secs(60)))
///     .on::<io::Error>(Directive::Hold)
///     .timeout(Duration::from_secs(10))
///     .concurrency(64);
/// # let _ = policy;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Supervisor {
    strategy: Strategy,
    retry: Retry,
    rules: Vec<directive::Rule>,
    timeout: Duration,
    concurrency: usize,
    ordering: Ordering,
    restart_limit: Option<(u32, Duration)>,
    on_limit: OnLimit,
}

/// Which actors are built anew after a panic or a timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// The one instance that failed.
    #[default]
    OneForOne,
    /// All instances of the actor in the partition, each after its current event.
    OneForAll,
    /// Those, and all instances of the actors that are supervised after it.
    RestForOne,
}

/// Which events of an actor wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ordering {
    /// Those of one key.
    #[default]
    Key,
    /// All of one partition: one lane, and a record that waits for its next attempt holds back the whole partition.
    Partition,
    /// None.
    Unordered,
}

/// What happens when an actor restarts more often than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnLimit {
    /// The record that made it restart is dead-lettered, whatever attempts are left.
    #[default]
    DeadLetter,
    /// The bus drains, and [`BusHandle::run_until`](crate::BusHandle::run_until) returns the error.
    Escalate,
}

/// More lanes than this in one partition cost more than they bring.
const MOST_LANES: usize = 4_096;

impl Supervisor {
    fn with(strategy: Strategy) -> Self {
        Self {
            strategy,
            retry: Retry::default(),
            rules: Vec::new(),
            timeout: Duration::from_secs(60),
            concurrency: 32,
            ordering: Ordering::default(),
            restart_limit: None,
            on_limit: OnLimit::default(),
        }
    }

    /// A panic or a timeout restarts the one instance that failed.
    pub fn one_for_one() -> Self {
        Self::with(Strategy::OneForOne)
    }

    /// A panic or a timeout restarts all instances of the actor in the partition, each after its current event.
    pub fn one_for_all() -> Self {
        Self::with(Strategy::OneForAll)
    }

    /// As [`Supervisor::one_for_all`], and also all instances of the actors that are supervised after it.
    pub fn rest_for_one() -> Self {
        Self::with(Strategy::RestForOne)
    }

    /// How often a record is tried. Default: [`Retry::exponential(5)`](Retry::exponential).
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// What happens when a handler fails with an `E`, or with an error that has an `E` among its sources.
    ///
    /// The first rule that fits wins, also over [`Failure::permanent`](crate::Failure::permanent) and
    /// [`Failure::unavailable`](crate::Failure::unavailable).
    pub fn on<E: StdError + 'static>(mut self, directive: Directive) -> Self {
        self.rules.push(directive::Rule::of::<E>(directive));
        self
    }

    /// How long one attempt may take. Default: 60 s.
    ///
    /// After that its future is dropped, wherever it is, and the actor is built anew. A handler that blocks its thread
    /// cannot be stopped this way.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How many events of one partition run at once, each with an instance of its own. Default: 32; 4,096 at most.
    ///
    /// Events of one key still run one after another.
    pub fn concurrency(mut self, lanes: usize) -> Self {
        self.concurrency = lanes;
        self
    }

    /// Which events wait for each other. Default: [`Ordering::Key`].
    pub fn ordering(mut self, ordering: Ordering) -> Self {
        self.ordering = ordering;
        self
    }

    /// How often the actor may restart in one partition within a time. Default: no limit, because attempts are bounded.
    pub fn restart_limit(mut self, restarts: u32, within: Duration) -> Self {
        self.restart_limit = Some((restarts, within));
        self
    }

    /// What happens beyond the restart limit. Default: [`OnLimit::DeadLetter`].
    pub fn on_limit(mut self, on_limit: OnLimit) -> Self {
        self.on_limit = on_limit;
        self
    }

    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn lanes(&self) -> usize {
        self.concurrency
    }

    pub(crate) fn lane_ordering(&self) -> Ordering {
        self.ordering
    }

    /// What makes no sense, in words.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self.retry.problem().into_iter().collect();
        problems.extend(self.rules.iter().filter_map(|rule| match &rule.directive {
            Directive::Retry(retry) => retry.problem().map(|problem| format!("rule for {}: {problem}", rule.error)),
            _ => None,
        }));
        if self.concurrency == 0 || self.concurrency > MOST_LANES {
            problems.push(format!("a concurrency of {} is out of range; use 1 to {MOST_LANES}", self.concurrency));
        }
        if self.timeout.is_zero() {
            problems.push("a timeout of 0 would end every attempt before it began".to_owned());
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_make_no_sense_are_named() {
        let policy = Supervisor::one_for_one()
            .concurrency(0)
            .timeout(Duration::ZERO)
            .retry(Retry::exponential(0))
            .on::<std::io::Error>(Directive::Retry(Retry::exponential(0)));
        assert_eq!(policy.problems().len(), 4, "{:?}", policy.problems());
        assert_eq!(Supervisor::one_for_one().problems(), Vec::<String>::new());
    }
}

//! Deciding what happens after a failure: pure, apart from acting on it.

use std::{collections::VecDeque, error::Error as StdError, fmt, time::Duration};

use tokio::time::Instant;

use super::{OnLimit, Retry, Strategy, Supervisor};
use crate::actor::{Failure, FailureKind, Fault};

/// What a policy may say about an error type, in [`Supervisor::on`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Directive {
    /// Dead-letter it without another attempt.
    DeadLetter,
    /// Forget it: the record counts as finished, and is counted and logged.
    Discard,
    /// Try again by this policy, then dead-letter it.
    Retry(Retry),
    /// A dependency is down, which is not the record's fault: the key waits, no attempt is counted.
    Hold,
}

/// What happens to the record, and to the actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) record: RecordDirective,
    pub(crate) restart: Option<Scope>,
}

/// What happens to the record. `Ack` is not here: what succeeds never reaches the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordDirective {
    Retry(Duration),
    Hold(Duration),
    DeadLetter,
    Discard,
    Escalate,
}

/// Which instances are built anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// That of the failing lane.
    Lane,
    /// All of this actor in the partition.
    Actor,
    /// Those, and all of the actors supervised after it.
    Rest,
}

/// A rule for an error type.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) error: &'static str,
    matches: fn(&(dyn StdError + 'static)) -> bool,
    pub(crate) directive: Directive,
}

impl Rule {
    pub(crate) fn of<E: StdError + 'static>(directive: Directive) -> Self {
        Self { error: std::any::type_name::<E>(), matches: |error| error.is::<E>(), directive }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} => {:?}", self.error, self.directive)
    }
}

/// The restarts of an actor in a partition.
#[derive(Debug, Default)]
pub(crate) struct History {
    restarts: VecDeque<Instant>,
}

impl History {
    /// Notes a restart; whether there were more than `limit` within the time.
    fn exceeds(&mut self, now: Instant, limit: Option<(u32, Duration)>) -> bool {
        let Some((limit, within)) = limit else { return false };
        self.restarts.push_back(now);
        while self.restarts.front().is_some_and(|&restart| now.duration_since(restart) > within) {
            self.restarts.pop_front();
        }
        self.restarts.len() > limit as usize
    }
}

/// How often a record was tried, and how often it waited for a dependency.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tries {
    /// The one that just failed included.
    pub(crate) attempts: u32,
    pub(crate) holds: u32,
}

/// Decides about one failure. `random` is in `0.0..1.0`.
pub(crate) fn decide(
    fault: &Fault,
    tries: Tries,
    policy: &Supervisor,
    history: &mut History,
    now: Instant,
    random: f64,
) -> Decision {
    let transient = || retry(&policy.retry, tries.attempts, random);
    match fault {
        Fault::Failure(failure) => Decision { record: failed(failure, tries, policy, random), restart: None },
        Fault::Undecodable(_) | Fault::Unpublishable(_) => {
            Decision { record: RecordDirective::DeadLetter, restart: None }
        }
        Fault::Timeout(_) | Fault::Panic(_) => {
            let record = match (history.exceeds(now, policy.restart_limit), policy.on_limit) {
                (true, OnLimit::Escalate) => RecordDirective::Escalate,
                (true, OnLimit::DeadLetter) => RecordDirective::DeadLetter,
                (false, _) => transient(),
            };
            Decision { record, restart: Some(scope(policy.strategy)) }
        }
    }
}

fn failed(failure: &Failure, tries: Tries, policy: &Supervisor, random: f64) -> RecordDirective {
    let hold = || RecordDirective::Hold(policy.retry.delay(tries.holds + 1, random));
    if let Some(rule) = policy.rules.iter().find(|rule| failure.chain().any(rule.matches)) {
        return match &rule.directive {
            Directive::DeadLetter => RecordDirective::DeadLetter,
            Directive::Discard => RecordDirective::Discard,
            Directive::Hold => hold(),
            Directive::Retry(policy) => retry(policy, tries.attempts, random),
        };
    }
    match failure.kind() {
        FailureKind::Transient => retry(&policy.retry, tries.attempts, random),
        FailureKind::Permanent => RecordDirective::DeadLetter,
        FailureKind::Unavailable(_) => hold(),
    }
}

fn retry(policy: &Retry, attempts: u32, random: f64) -> RecordDirective {
    if policy.allows_another(attempts) {
        RecordDirective::Retry(policy.delay(attempts, random))
    } else {
        RecordDirective::DeadLetter
    }
}

fn scope(strategy: Strategy) -> Scope {
    match strategy {
        Strategy::OneForOne => Scope::Lane,
        Strategy::OneForAll => Scope::Actor,
        Strategy::RestForOne => Scope::Rest,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn policy() -> Supervisor {
        Supervisor::one_for_one().retry(Retry::exponential(3).without_jitter())
    }

    fn decided(fault: &Fault, attempts: u32, policy: &Supervisor) -> Decision {
        decide(fault, Tries { attempts, holds: 0 }, policy, &mut History::default(), Instant::now(), 0.5)
    }

    fn transient() -> Fault {
        Fault::Failure("down".into())
    }

    fn record(directive: RecordDirective) -> Decision {
        Decision { record: directive, restart: None }
    }

    const FIRST_DELAY: RecordDirective = RecordDirective::Retry(Duration::from_millis(100));

    // One row for each row of the failure table in docs/semantics.md. Fails when any arm of `decide` or `failed` answers
    // with another directive.
    #[test]
    fn every_outcome_has_its_directive() {
        let io = || io::Error::other("disk");
        let restart = |record| Decision { record, restart: Some(Scope::Lane) };
        let rows: Vec<(&str, Fault, u32, Supervisor, Decision)> = vec![
            ("transient", transient(), 1, policy(), record(FIRST_DELAY)),
            ("transient, second", transient(), 2, policy(), record(RecordDirective::Retry(Duration::from_millis(200)))),
            ("transient, last", transient(), 3, policy(), record(RecordDirective::DeadLetter)),
            ("permanent", Fault::Failure(Failure::permanent("no")), 1, policy(), record(RecordDirective::DeadLetter)),
            (
                "unavailable, whatever the attempt",
                Fault::Failure(Failure::unavailable("db", "down")),
                9,
                policy(),
                record(RecordDirective::Hold(Duration::from_millis(100))),
            ),
            ("timeout", Fault::Timeout(Duration::from_secs(60)), 1, policy(), restart(FIRST_DELAY)),
            (
                "timeout, last",
                Fault::Timeout(Duration::from_secs(60)),
                3,
                policy(),
                restart(RecordDirective::DeadLetter),
            ),
            ("panic", Fault::Panic("oops".into()), 1, policy(), restart(FIRST_DELAY)),
            ("panic, last", Fault::Panic("oops".into()), 3, policy(), restart(RecordDirective::DeadLetter)),
            (
                "rule",
                Fault::Failure(io().into()),
                1,
                policy().on::<io::Error>(Directive::Discard),
                record(RecordDirective::Discard),
            ),
            (
                "first rule wins",
                Fault::Failure(io().into()),
                1,
                policy().on::<io::Error>(Directive::DeadLetter).on::<io::Error>(Directive::Discard),
                record(RecordDirective::DeadLetter),
            ),
            (
                "rule with a retry of its own",
                Fault::Failure(io().into()),
                3,
                policy().on::<io::Error>(Directive::Retry(Retry::fixed(4, Duration::from_secs(1)))),
                record(RecordDirective::Retry(Duration::from_secs(1))),
            ),
            (
                "rule to hold",
                Fault::Failure(io().into()),
                9,
                policy().on::<io::Error>(Directive::Hold),
                record(RecordDirective::Hold(Duration::from_millis(100))),
            ),
            ("another error", transient(), 1, policy().on::<io::Error>(Directive::Discard), record(FIRST_DELAY)),
        ];
        for (name, fault, attempts, policy, expected) in rows {
            assert_eq!(decided(&fault, attempts, &policy), expected, "{name}");
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_rule_looks_at_the_whole_source_chain() {
        let fault = Fault::Failure(Outer(io::Error::other("inner")).into());
        let policy = policy().on::<io::Error>(Directive::Discard);
        assert_eq!(decided(&fault, 1, &policy).record, RecordDirective::Discard);
    }

    #[test]
    fn the_strategy_decides_who_restarts() {
        let panic = Fault::Panic("oops".into());
        for (policy, scope) in [
            (Supervisor::one_for_one(), Scope::Lane),
            (Supervisor::one_for_all(), Scope::Actor),
            (Supervisor::rest_for_one(), Scope::Rest),
        ] {
            assert_eq!(decided(&panic, 1, &policy).restart, Some(scope));
        }
    }

    // Fails when `exceeds` forgets to drop restarts that are too old, or compares with `>=`.
    #[test]
    fn too_many_restarts_end_the_retries() {
        let panic = Fault::Panic("oops".into());
        let start = Instant::now();
        let tries = Tries { attempts: 1, holds: 0 };
        for (on_limit, expected) in
            [(OnLimit::DeadLetter, RecordDirective::DeadLetter), (OnLimit::Escalate, RecordDirective::Escalate)]
        {
            let policy = policy().restart_limit(2, Duration::from_secs(10)).on_limit(on_limit);
            let mut history = History::default();
            let mut at = |seconds: u64| {
                decide(&panic, tries, &policy, &mut history, start + Duration::from_secs(seconds), 0.5).record
            };
            assert_eq!([at(0), at(1)], [FIRST_DELAY, FIRST_DELAY]);
            assert_eq!(at(2), expected);
            assert_eq!(at(30), FIRST_DELAY, "the earlier ones are forgotten");
        }
    }
}

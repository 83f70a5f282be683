//! What happens after an attempt: the decision alone, pure. Acting on it is somewhere else.

use std::{
    any::type_name,
    error::Error as StdError,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::{dead_letter_headers::ErrorClass, retry::Retry};
use crate::actor::{Failure, FailureKind};

/// What happens to a record whose handler failed with a certain error; see [`Supervisor::on`](super::Supervisor::on).
///
/// | directive | the record | its key |
/// |---|---|---|
/// | `DeadLetter` | goes to the dead-letter topic at once | goes on |
/// | `Discard` | is complete; nothing is written | goes on |
/// | `Retry(policy)` | is handled again, by this policy instead of the supervisor's; then dead-lettered | parked meanwhile |
/// | `Hold` | waits and is handled again, as often as it takes; no attempt is counted | parked meanwhile |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Directive {
    /// To the dead-letter topic, without a retry.
    DeadLetter,
    /// Nothing more happens, and the record is complete. The only directive that loses it; it is counted.
    Discard,
    /// Again, by this policy; to the dead-letter topic when its attempts are used up. Attempts that failed otherwise
    /// count too.
    Retry(Retry),
    /// Again after the backoff of the supervisor's retry policy, without end: the record is not to blame. What
    /// [`Failure::unavailable`] does by itself.
    Hold,
}

/// Which actors are built anew when a handler panics or times out, within the partition of the record.
///
/// Instances that are rebuilt finish their current event first; the mailboxes keep what waits in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// The instance that failed, and no other.
    #[default]
    OneForOne,
    /// All instances of this actor: for actors that share something the failure may have spoilt.
    OneForAll,
    /// All instances of this actor, and of the actors supervised after it in `main`: for actors that build on it.
    RestForOne,
}

/// What happens when a restart would exceed [`Supervisor::restart_limit`](super::Supervisor::restart_limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnLimit {
    /// The record that panicked or timed out is dead-lettered without further attempts; its instance is rebuilt, and
    /// everything else goes on. The default: one service's bad hour does not stop its other work.
    #[default]
    DeadLetter,
    /// The bus drains and [`BusHandle::run_until`](crate::BusHandle::run_until) returns the error; the record stays
    /// uncommitted. For services that somebody, or something, starts again. Whoever does not call `run_until` keeps a
    /// bus in which this key waits.
    Escalate,
}

/// One `.on::<E>(..)`.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    matches: fn(&(dyn StdError + 'static)) -> bool,
    error: &'static str,
    pub(crate) directive: Directive,
}

/// By what it is decided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    pub(crate) strategy: Strategy,
    pub(crate) retry: Retry,
    /// In the order in which they were written.
    pub(crate) rules: Vec<Rule>,
    pub(crate) restart_limit: Option<RestartLimit>,
    pub(crate) on_limit: Option<OnLimit>,
}

/// At most `restarts` within any `within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RestartLimit {
    pub(crate) restarts: u32,
    pub(crate) within: Duration,
}

/// How an attempt ended.
#[derive(Debug)]
#[allow(dead_code, reason = "the table is complete; successes and unknown types never reach the supervisor")]
pub(crate) enum Outcome<'a> {
    Ok,
    Failed(&'a Failure),
    TimedOut,
    Panicked,
    /// The value is not an event of its type.
    Undecodable,
    /// It is one, but breaks the schema or the rules of the envelope.
    WrongSchema,
    /// No handler for this type.
    UnknownType,
}

/// What is remembered besides the number of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct History {
    /// Restarts of this actor in this partition within the window of the limit, before this one.
    pub(crate) restarts: u32,
    /// How often this record was held already.
    pub(crate) holds: u32,
}

/// What happens to the record, and to the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) record: RecordDirective,
    pub(crate) restart: Option<Scope>,
}

/// What happens to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordDirective {
    /// Complete, once its outputs are acknowledged.
    Ack,
    /// Complete; counted as a record that nobody handles.
    Skip,
    /// The next attempt after this delay; its key is parked.
    Retry(Duration),
    /// The same attempt again after this delay; its key is parked.
    Hold(Duration),
    /// Complete, once its dead letter is acknowledged.
    DeadLetter,
    /// Complete; counted as discarded.
    Discard,
    /// Not complete: the bus drains and ends with an error.
    Escalate,
}

/// Which instances are rebuilt, within the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Lane,
    Actor,
    ActorAndLater,
}

/// Shortest hold: without it a policy without delays would turn a dependency that is down into a busy loop.
const HOLD_MIN: Duration = Duration::from_millis(10);

/// Links of a source chain that are looked at; a chain may be endless.
const CHAIN_MAX: usize = 64;

/// Decides what follows attempt number `attempt` (from 1); `random` is any number, evenly spread.
pub(crate) fn decide(outcome: &Outcome<'_>, attempt: u32, policy: &Policy, history: History, random: u64) -> Decision {
    let record = match outcome {
        Outcome::Ok => RecordDirective::Ack,
        Outcome::UnknownType => RecordDirective::Skip,
        Outcome::Undecodable | Outcome::WrongSchema => RecordDirective::DeadLetter,
        Outcome::Failed(failure) => carry_out(directive(failure, policy), attempt, policy, history, random),
        Outcome::TimedOut | Outcome::Panicked => return restart(attempt, policy, history, random),
    };
    Decision { record, restart: None }
}

/// What the policy says to a failure: the first rule that matches, else the default of its kind.
fn directive(failure: &Failure, policy: &Policy) -> Directive {
    let rule = policy.rules.iter().find(|rule| rule.finds(failure));
    match (rule, failure.kind()) {
        (Some(rule), _) => rule.directive,
        (None, FailureKind::Transient) => Directive::Retry(policy.retry),
        (None, FailureKind::Permanent) => Directive::DeadLetter,
        (None, FailureKind::Unavailable(_)) => Directive::Hold,
    }
}

fn carry_out(directive: Directive, attempt: u32, policy: &Policy, history: History, random: u64) -> RecordDirective {
    match directive {
        Directive::DeadLetter => RecordDirective::DeadLetter,
        Directive::Discard => RecordDirective::Discard,
        Directive::Retry(retry) if retry.allows_another(attempt) => {
            RecordDirective::Retry(retry.delay(attempt, random))
        }
        Directive::Retry(_) => RecordDirective::DeadLetter,
        Directive::Hold => {
            RecordDirective::Hold(policy.retry.delay(history.holds.saturating_add(1), random).max(HOLD_MIN))
        }
    }
}

/// After a panic or a timeout: the instance is rebuilt whatever the limit says, for its state may be half-way.
fn restart(attempt: u32, policy: &Policy, history: History, random: u64) -> Decision {
    let exceeded = policy.restart_limit.is_some_and(|limit| history.restarts >= limit.restarts);
    let record = match policy.on_limit.unwrap_or_default() {
        OnLimit::Escalate if exceeded => RecordDirective::Escalate,
        OnLimit::DeadLetter if exceeded => RecordDirective::DeadLetter,
        _ => carry_out(Directive::Retry(policy.retry), attempt, policy, history, random),
    };
    Decision { record, restart: Some(policy.strategy.scope()) }
}

impl Strategy {
    fn scope(self) -> Scope {
        match self {
            Self::OneForOne => Scope::Lane,
            Self::OneForAll => Scope::Actor,
            Self::RestForOne => Scope::ActorAndLater,
        }
    }
}

impl Outcome<'_> {
    /// The class under which a dead letter is filed; `None` if nothing failed.
    pub(crate) fn class(&self) -> Option<ErrorClass> {
        match self {
            Self::Ok => None,
            Self::Failed(failure) => Some(match failure.kind() {
                FailureKind::Transient | FailureKind::Unavailable(_) => ErrorClass::Transient,
                FailureKind::Permanent => ErrorClass::Permanent,
            }),
            Self::TimedOut => Some(ErrorClass::Timeout),
            Self::Panicked => Some(ErrorClass::Panic),
            Self::Undecodable => Some(ErrorClass::Decode),
            Self::WrongSchema => Some(ErrorClass::Validation),
            Self::UnknownType => Some(ErrorClass::UnknownType),
        }
    }
}

impl Rule {
    /// A rule for errors of type `E`, wherever in the source chain.
    pub(crate) fn of<E: StdError + 'static>(directive: Directive) -> Self {
        Self { matches: |error| error.is::<E>(), error: type_name::<E>(), directive }
    }

    /// Whether the failure or one of its sources is of this type; not, if `source` of a user's error panics.
    fn finds(&self, failure: &Failure) -> bool {
        let chain = || failure.chain().take(CHAIN_MAX).any(self.matches);
        // The outermost one by itself: the chain asks each error for its source before it yields it.
        (self.matches)(failure.error()) || catch_unwind(AssertUnwindSafe(chain)).unwrap_or_default()
    }

    /// What is wrong with this rule.
    pub(crate) fn problem(&self) -> Option<String> {
        let Directive::Retry(retry) = self.directive else { return None };
        retry.problem().map(|problem| format!("`.on::<{}>(..)`: {problem}", self.error))
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on::<{}>({:?})", self.error, self.directive)
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt::Error as FmtError, io, num::ParseIntError, str::Utf8Error};

    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{
        super::retry::Jitter,
        RecordDirective::{Ack, DeadLetter, Discard, Escalate, Hold, Skip},
        *,
    };

    /// An error with a source.
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer<E: StdError + 'static>(#[source] E);

    /// Its own source, without end.
    #[derive(Debug, thiserror::Error)]
    #[error("endless")]
    struct Endless;

    #[derive(Debug)]
    struct Loop;

    impl fmt::Display for Loop {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("loop")
        }
    }

    impl StdError for Loop {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(self)
        }
    }

    /// Panics when it is asked for its source.
    #[derive(Debug)]
    struct Touchy;

    impl fmt::Display for Touchy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("touchy")
        }
    }

    impl StdError for Touchy {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            panic!("no questions, please")
        }
    }

    // Fails when `Rule::finds` does not catch: the panic would end the supervisor, and every key that fails after it
    // would stay parked.
    #[test]
    fn a_source_that_panics_matches_no_rule_but_its_own() {
        let failure = Failure::transient(Touchy);
        let with = |rule| Policy { rules: vec![rule], ..policy() };
        let after = |policy| after(&Outcome::Failed(&failure), 1, &policy, History::default());
        assert_eq!(after(with(Rule::of::<FmtError>(Directive::Discard))), (retry(100), None));
        assert_eq!(after(with(Rule::of::<Touchy>(Directive::Discard))), (Discard, None));
    }

    fn policy() -> Policy {
        Policy { retry: Retry::default().jitter(Jitter::None), ..Policy::default() }
    }

    fn retry(millis: u64) -> RecordDirective {
        RecordDirective::Retry(Duration::from_millis(millis))
    }

    fn hold(millis: u64) -> RecordDirective {
        Hold(Duration::from_millis(millis))
    }

    fn after(
        outcome: &Outcome<'_>,
        attempt: u32,
        policy: &Policy,
        history: History,
    ) -> (RecordDirective, Option<Scope>) {
        let Decision { record, restart } = decide(outcome, attempt, policy, history, 0);
        (record, restart)
    }

    #[test]
    fn every_row_of_the_failure_table() {
        // Fails if any arm of `decide`, `directive` or `carry_out` says something else.
        let (transient, permanent) = (Failure::transient("x"), Failure::permanent("x"));
        let unavailable = Failure::unavailable("payments", "503");
        use Outcome::{Failed, Ok, Panicked, TimedOut, Undecodable, UnknownType, WrongSchema};
        let lane = Some(Scope::Lane);
        let rows = [
            (Ok, 1, (Ack, None)),
            (Ok, 5, (Ack, None)),
            (Failed(&transient), 1, (retry(100), None)),
            (Failed(&transient), 2, (retry(200), None)),
            (Failed(&transient), 4, (retry(800), None)),
            (Failed(&transient), 5, (DeadLetter, None)),
            (Failed(&transient), u32::MAX, (DeadLetter, None)),
            (TimedOut, 1, (retry(100), lane)),
            (TimedOut, 5, (DeadLetter, lane)),
            (Panicked, 1, (retry(100), lane)),
            (Panicked, 5, (DeadLetter, lane)),
            (Failed(&permanent), 1, (DeadLetter, None)),
            (Undecodable, 1, (DeadLetter, None)),
            (WrongSchema, 1, (DeadLetter, None)),
            (Failed(&unavailable), 1, (hold(100), None)),
            (Failed(&unavailable), 99, (hold(100), None)),
            (UnknownType, 1, (Skip, None)),
        ];
        for (outcome, attempt, expected) in rows {
            assert_eq!(after(&outcome, attempt, &policy(), History::default()), expected, "{outcome:?} {attempt}");
        }
    }

    #[test]
    fn a_hold_backs_off_by_how_often_it_was_held_and_has_no_end() {
        // Fails if `carry_out` computes the hold from `attempt`.
        let down = Failure::unavailable("payments", "503");
        for (holds, delay) in [(0, 100), (1, 200), (3, 800), (50, 10_000), (u32::MAX, 10_000)] {
            let history = History { holds, ..History::default() };
            assert_eq!(after(&Outcome::Failed(&down), 1, &policy(), history).0, hold(delay));
        }
        let hasty = Policy { retry: Retry::fixed(1, Duration::ZERO), ..policy() };
        assert_eq!(after(&Outcome::Failed(&down), 1, &hasty, History::default()).0, hold(10), "never a busy loop");
    }

    #[test]
    fn the_strategy_says_what_is_rebuilt() {
        let scopes = [
            (Strategy::OneForOne, Scope::Lane),
            (Strategy::OneForAll, Scope::Actor),
            (Strategy::RestForOne, Scope::ActorAndLater),
        ];
        for (strategy, scope) in scopes {
            let policy = Policy { strategy, ..policy() };
            assert_eq!(after(&Outcome::Panicked, 1, &policy, History::default()).1, Some(scope));
            assert_eq!(after(&Outcome::TimedOut, 1, &policy, History::default()).1, Some(scope));
            assert_eq!(after(&Outcome::Failed(&"x".into()), 1, &policy, History::default()).1, None);
        }
    }

    #[test]
    fn a_rule_finds_its_error_anywhere_in_the_chain() {
        // Fails if `directive` looks at `failure.error()` alone.
        let policy = Policy { rules: vec![Rule::of::<FmtError>(Directive::Discard)], ..policy() };
        let cases: [(Failure, _); 4] = [
            (FmtError.into(), Discard),
            (Outer(Outer(FmtError)).into(), Discard),
            (Outer(Outer(Endless)).into(), retry(100)),
            ("only text".into(), retry(100)),
        ];
        for (failure, expected) in cases {
            assert_eq!(after(&Outcome::Failed(&failure), 1, &policy, History::default()).0, expected, "{failure:?}");
        }
        let endless = Failure::transient(Loop);
        assert_eq!(after(&Outcome::Failed(&endless), 1, &policy, History::default()).0, retry(100), "and it ends");
    }

    #[test]
    fn the_first_rule_wins_even_if_a_later_one_matches_further_out() {
        // Fails if `directive` searches the rules from the end.
        let rules = vec![Rule::of::<FmtError>(Directive::DeadLetter), Rule::of::<Outer<FmtError>>(Directive::Discard)];
        let failure = Failure::from(Outer(FmtError));
        let forward = Policy { rules: rules.clone(), ..policy() };
        assert_eq!(after(&Outcome::Failed(&failure), 1, &forward, History::default()).0, DeadLetter);
        let backward = Policy { rules: rules.into_iter().rev().collect(), ..policy() };
        assert_eq!(after(&Outcome::Failed(&failure), 1, &backward, History::default()).0, Discard);
    }

    #[test]
    fn a_rule_says_what_its_directive_says_whatever_the_kind() {
        let slow = Retry::fixed(2, Duration::from_secs(1));
        let rules = [
            (Directive::DeadLetter, 1, DeadLetter),
            (Directive::Discard, 1, Discard),
            (Directive::Hold, 9, hold(100)),
            (Directive::Retry(slow), 1, retry(1_000)),
            (Directive::Retry(slow), 2, DeadLetter),
        ];
        for (directive, attempt, expected) in rules {
            let policy = Policy { rules: vec![Rule::of::<FmtError>(directive)], ..policy() };
            let down = Failure::unavailable("payments", FmtError);
            for failure in [Failure::transient(FmtError), Failure::permanent(FmtError), down] {
                let decided = after(&Outcome::Failed(&failure), attempt, &policy, History::default());
                assert_eq!(decided, (expected, None), "{directive:?} {failure:?}");
            }
        }
    }

    #[test]
    fn beyond_the_restart_limit_the_record_is_dead_lettered_or_the_bus_ends() {
        // Fails if `restart` compares with `>`.
        let limit = RestartLimit { restarts: 3, within: Duration::from_secs(5) };
        let rows = [
            (None, 2, retry(100)),
            (None, 3, DeadLetter),
            (Some(OnLimit::DeadLetter), 4, DeadLetter),
            (Some(OnLimit::Escalate), 2, retry(100)),
            (Some(OnLimit::Escalate), 3, Escalate),
        ];
        for (on_limit, restarts, expected) in rows {
            let policy = Policy { restart_limit: Some(limit), on_limit, ..policy() };
            let history = History { restarts, ..History::default() };
            for outcome in [Outcome::Panicked, Outcome::TimedOut] {
                let decided = after(&outcome, 1, &policy, history);
                assert_eq!(decided, (expected, Some(Scope::Lane)), "{on_limit:?} {restarts}");
            }
            let failed = after(&Outcome::Failed(&"x".into()), 1, &policy, history);
            assert_eq!(failed, (retry(100), None), "an error restarts nothing");
        }
    }

    #[test]
    fn without_a_limit_restarts_are_bounded_by_the_attempts_alone() {
        let history = History { restarts: u32::MAX, holds: 0 };
        assert_eq!(after(&Outcome::Panicked, 4, &policy(), history).0, retry(800));
        let escalate = Policy { on_limit: Some(OnLimit::Escalate), ..policy() };
        assert_eq!(after(&Outcome::Panicked, 5, &escalate, history).0, DeadLetter);
    }

    #[test]
    fn every_end_has_its_class() {
        let (transient, permanent) = (Failure::transient("x"), Failure::permanent("x"));
        let unavailable = Failure::unavailable("payments", "503");
        let classes = [
            (Outcome::Failed(&transient), "transient"),
            (Outcome::Failed(&unavailable), "transient"),
            (Outcome::Failed(&permanent), "permanent"),
            (Outcome::TimedOut, "timeout"),
            (Outcome::Panicked, "panic"),
            (Outcome::Undecodable, "decode"),
            (Outcome::WrongSchema, "validation"),
            (Outcome::UnknownType, "unknown-type"),
        ];
        for (outcome, class) in classes {
            assert_eq!(outcome.class().map(ErrorClass::as_str), Some(class));
        }
        assert!(Outcome::Ok.class().is_none());
    }

    #[test]
    fn a_rule_with_a_senseless_retry_names_its_error() {
        let problem = Rule::of::<ParseIntError>(Directive::Retry(Retry::exponential(0))).problem().unwrap();
        assert!(problem.starts_with("`.on::<core::num::error::ParseIntError>(..)`: a retry policy of 0"), "{problem}");
        assert_eq!(Rule::of::<Utf8Error>(Directive::Hold).problem(), None);
    }

    proptest! {
        #[test]
        fn attempts_are_bounded_whatever_fails(
            attempts in 1..20u32, attempt in any::<u32>(), restarts in any::<u32>(), random in any::<u64>(),
        ) {
            let policy = Policy { retry: Retry::exponential(attempts), ..Policy::default() };
            let history = History { restarts, holds: 0 };
            let failure = Failure::from(io::Error::other("x"));
            for outcome in [Outcome::Failed(&failure), Outcome::TimedOut, Outcome::Panicked] {
                let again = matches!(decide(&outcome, attempt, &policy, history, random).record, RecordDirective::Retry(_));
                prop_assert_eq!(again, attempt < attempts);
            }
        }
    }
}

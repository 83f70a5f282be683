//! The failure table row by row: rules, strategies, holds, and where retries and restarts end.

mod rules;

use std::{fmt::Error as FmtError, io, num::ParseIntError, str::Utf8Error};

use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{
    super::retry::Jitter,
    RecordDirective::{Ack, DeadLetter, Discard, Escalate, Hold},
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

fn after(outcome: &Outcome<'_>, attempt: u32, policy: &Policy, history: History) -> (RecordDirective, Option<Scope>) {
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
        (UnknownType, 1, (DeadLetter, None)),
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
        assert_eq!(outcome.class(&policy()).map(ErrorClass::as_str), Some(class));
    }
    assert!(Outcome::Ok.class(&policy()).is_none());
}

// Fails when `Outcome::class` asks the kind of the failure.
#[test]
fn what_a_rule_does_not_retry_is_permanent_and_what_it_retries_is_transient() {
    let rules = [
        (Directive::DeadLetter, "permanent"),
        (Directive::Discard, "permanent"),
        (Directive::Retry(Retry::none()), "transient"),
        (Directive::Hold, "transient"),
    ];
    for (directive, class) in rules {
        let policy = Policy { rules: vec![Rule::of::<FmtError>(directive)], ..policy() };
        for failure in [Failure::transient(FmtError), Failure::permanent(FmtError)] {
            let said = Outcome::Failed(&failure).class(&policy);
            assert_eq!(said.map(ErrorClass::as_str), Some(class), "{directive:?} {failure:?}");
        }
    }
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

//! The defaults of a supervisor, and what is said of settings that make no sense.

use std::time::Duration;

use super::*;

#[test]
fn the_defaults_are_those_of_the_docs() {
    let supervisor = Supervisor::one_for_one();
    assert_eq!((supervisor.lanes(), supervisor.timeout), (32, Duration::from_secs(60)));
    assert_eq!((supervisor.ordering, supervisor.blocking), (Ordering::Key, false));
    assert_eq!(supervisor.policy.retry, Retry::exponential(5));
    assert!(supervisor.policy.rules.is_empty() && supervisor.policy.restart_limit.is_none());
    assert_eq!(supervisor.problems(), [""; 0]);
}

#[test]
fn the_constructors_name_the_strategy() {
    assert_eq!(Supervisor::one_for_one().policy.strategy, Strategy::OneForOne);
    assert_eq!(Supervisor::one_for_all().policy.strategy, Strategy::OneForAll);
    assert_eq!(Supervisor::rest_for_one().policy.strategy, Strategy::RestForOne);
    assert_eq!(Supervisor::default().policy.strategy, Strategy::OneForOne);
}

#[test]
fn what_makes_no_sense_is_said_with_what_to_write() {
    let minute = Duration::from_secs(60);
    let one = Supervisor::one_for_one;
    let cases = [
        (one().concurrency(0), "`.concurrency(0)` would handle nothing: write 1 or more"),
        (one().concurrency(4_097), "`.concurrency(4097)` builds as many actors in each partition: write 4096 or less"),
        (
            one().ordering(Ordering::Partition).concurrency(2),
            "`Ordering::Partition` handles one event at a time: leave out `.concurrency(2)`, or write `Ordering::Key`",
        ),
        (
            one().timeout(Duration::ZERO),
            "`.timeout(0)` would fail every attempt: write a longer one, or leave it out for 60 s",
        ),
        (
            one().on_limit(OnLimit::Escalate),
            "`.on_limit(..)` without `.restart_limit(..)` has no effect: set the limit too",
        ),
        (
            one().restart_limit(3, Duration::ZERO),
            "`.restart_limit(..)` within 0 s counts nothing: write a longer window",
        ),
        (
            one().retry(Retry::exponential(0)),
            "a retry policy of 0 attempts never handles a record: write `Retry::none()` for one attempt",
        ),
    ];
    for (supervisor, problem) in cases {
        assert_eq!(supervisor.problems(), [problem]);
    }
    for fine in [
        one().concurrency(1),
        one().concurrency(4_096).ordering(Ordering::Unordered),
        one().ordering(Ordering::Partition).concurrency(1),
        one().restart_limit(0, minute).on_limit(OnLimit::Escalate),
    ] {
        assert_eq!(fine.problems(), [""; 0]);
    }
}

#[test]
fn all_problems_are_said_at_once() {
    let rule = Directive::Retry(Retry::fixed(0, Duration::ZERO));
    let wrong = Supervisor::one_for_one().concurrency(0).timeout(Duration::ZERO).on::<std::fmt::Error>(rule);
    assert_eq!(wrong.problems().len(), 3);
}

#[test]
fn the_order_of_a_partition_needs_one_lane() {
    assert_eq!(Supervisor::one_for_one().ordering(Ordering::Partition).lanes(), 1);
    assert_eq!(Supervisor::one_for_one().ordering(Ordering::Unordered).concurrency(7).lanes(), 7);
}

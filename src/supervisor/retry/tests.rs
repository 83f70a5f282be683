//! Attempts, delays, and what makes no sense.

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

//! Which errors a rule is for.

use super::*;

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

// Fails when `one_of` looks at the error's own type alone: these have their error's source as their own.
#[test]
fn a_rule_finds_an_error_that_is_shared_boxed_or_kept_by_io() {
    let policy = Policy { rules: vec![Rule::of_some(|_: &Endless| true, Directive::Discard)], ..policy() };
    let cases: [Failure; 7] = [
        Arc::new(Endless).into(),
        Failure::permanent(Box::new(Endless)),
        io::Error::other(Endless).into(),
        Outer(io::Error::other(Arc::new(Endless))).into(),
        Failure::from(Arc::new(io::Error::other(Endless))),
        Failure::from(Arc::<dyn StdError + Send + Sync>::from(Box::<dyn StdError + Send + Sync>::from(Endless))),
        anyhow::Error::new(Endless).context("by anyhow").into(),
    ];
    for failure in cases {
        assert_eq!(after(&Outcome::Failed(&failure), 1, &policy, History::default()).0, Discard, "{failure:?}");
        assert!(!policy.is_blind_to(&failure), "{failure:?}");
    }
}

// Fails when the line about it comes for errors whose type can be seen, or for an actor without rules.
#[test]
fn a_rule_is_blind_to_what_anyhow_hides() {
    let hidden = Failure::from(anyhow::Error::new(Endless));
    let with_a_rule = Policy { rules: vec![Rule::of::<Endless>(Directive::Discard)], ..policy() };
    assert!(with_a_rule.is_blind_to(&hidden) && !policy().is_blind_to(&hidden));
    assert!(with_a_rule.is_blind_to(&Failure::from(anyhow::Error::new(Outer(FmtError)))), "a source is another error");
    assert!(!with_a_rule.is_blind_to(&Failure::from(FmtError)), "it is seen, and not meant");
    let given_back = anyhow::Error::new(Endless).reallocate_into_boxed_dyn_error_without_backtrace();
    assert_eq!(after(&Outcome::Failed(&given_back.into()), 1, &with_a_rule, History::default()).0, Discard);
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

// Fails when `Rule::of_some` leaves `when` out, and when `Rule::finds` asks it without a guard.
#[test]
fn a_rule_for_some_errors_of_a_type_is_asked_and_may_panic() {
    let some =
        |when: fn(&ParseIntError) -> bool| Policy { rules: vec![Rule::of_some(when, Directive::Discard)], ..policy() };
    let after = |policy: &Policy, text: &str| {
        let failure = Failure::from(Outer(text.parse::<u8>().unwrap_err()));
        after(&Outcome::Failed(&failure), 1, policy, History::default()).0
    };
    let empty = some(|error| *error.kind() == std::num::IntErrorKind::Empty);
    assert_eq!(after(&empty, ""), Discard, "it is a source");
    assert_eq!(after(&empty, "x"), retry(100), "it is another one");
    assert_eq!(after(&some(|_| panic!("no questions, please")), ""), retry(100));
    assert!(format!("{empty:?}").contains("on_if::<core::num::error::ParseIntError>(Discard)"), "{empty:?}");
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
fn a_rule_with_a_senseless_retry_names_its_error() {
    let problem = Rule::of::<ParseIntError>(Directive::Retry(Retry::exponential(0))).problem().unwrap();
    assert!(problem.starts_with("`.on::<core::num::error::ParseIntError>(..)`: a retry policy of 0"), "{problem}");
    assert_eq!(Rule::of::<Utf8Error>(Directive::Hold).problem(), None);
}

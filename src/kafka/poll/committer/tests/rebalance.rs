//! Partitions that seem lost, that a rebalance confirms, and that are back in another epoch.

use super::*;

#[test]
fn a_partition_that_seems_lost_is_left_alone_until_a_rebalance_confirms_it() {
    let mut committer = tracking(2);
    let first = committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap();
    let mut answers = all(&first, &Ok(()));
    answers[0].1 = Err(CommitError::Lost("generation".to_owned()));
    let text = heard(|| assert_eq!(committer.answered(SECOND, answers, 0.0).lost, [partition(0)]));
    // Fails when `fail` does not say what the broker refuses.
    let line = " INFO carom::bus: a commit was refused: a rebalance runs, or the partition is lost topic=\"orders\" \
                partition=0 reason=\"generation\"\n";
    assert_eq!(text, line);
    assert!(committer.is_settled(SECOND, &partition(0), 1, 5), "nobody waits for it");
    assert_eq!(offsets(&committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap()), [(1, 5)]);
    committer.answered(SECOND, all(&first[1..], &Ok(())), 0.0);
    committer.confirm(SECOND);
    // Fails when `confirm` leaves `suspended`: a revoke right after it would go without its last commit.
    assert!(!committer.is_settled(SECOND, &partition(0), 1, 5));
    assert_eq!(offsets(&committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap()), [(0, 5)]);
}

#[test]
fn a_refusal_of_what_was_sent_before_the_rebalance_does_not_count() {
    let mut committer = tracking(1);
    let points = committer.request(SECOND, [standing(0, 1, 5)]).unwrap();
    committer.confirm(SECOND * 2);
    let verdict = committer.answered(SECOND * 2, all(&points, &Err(CommitError::Lost(String::new()))), 0.0);
    // Fails without the comparison with `confirmed`.
    assert_eq!(verdict, Verdict::default());
    assert!(!committer.is_settled(SECOND * 2, &partition(0), 1, 5));
}

#[test]
fn who_leaves_while_the_group_joins_asks_once_more() {
    let refused = |points: &[CommitPoint]| all(points, &Err(CommitError::OldGeneration(String::new())));
    let mut committer = tracking(1);
    // Sent while it stayed: only a rebalance, or time, makes up for the refusal.
    let first = committer.request(SECOND, [standing(0, 1, 5)]).unwrap();
    assert_eq!(committer.answered(SECOND, refused(&first), 0.0).lost, [partition(0)]);
    assert!(committer.is_settled(SECOND, &partition(0), 1, 5));
    assert_eq!(committer.request(SECOND, [standing(0, 1, 5)]), None);

    committer.leave();
    // Fails when `is_suspended` does not look at `leaving`: what had finished is repeated after the restart.
    assert!(!committer.is_settled(SECOND, &partition(0), 1, 5));
    let second = committer.request(SECOND, [standing(0, 1, 5)]).unwrap();
    committer.answered(SECOND, refused(&second), 0.0);
    let urgent = Load { urgent: true, ..Load::default() };
    // Fails when `fail` does not ask for a pause: it would send as fast as the broker refuses.
    assert!(!committer.due(SECOND, urgent));
    assert!(committer.due(SECOND + Duration::from_millis(100), urgent));
    assert!(!committer.is_settled(SECOND, &partition(0), 1, 5));
}

#[test]
fn what_was_thrown_out_of_the_group_is_not_asked_for_again() {
    let mut committer = tracking(1);
    committer.leave();
    let points = committer.request(SECOND, [standing(0, 1, 5)]).unwrap();
    committer.answered(SECOND, all(&points, &Err(CommitError::Lost(String::new()))), 0.0);
    // Fails when `fail` takes it for a generation that has passed.
    assert!(committer.is_settled(SECOND, &partition(0), 1, 5), "nobody waits for it");
}

#[test]
fn what_belongs_to_another_epoch_is_neither_sent_nor_acknowledged() {
    let mut committer = tracking(1);
    let points = committer.request(SECOND, [standing(0, 1, 50)]).unwrap();
    committer.track(partition(0), 2, Some(0));
    committer.answered(SECOND, all(&points, &Ok(())), 0.0);
    // Fails when `accept` or `is_dirty` does not compare epochs.
    assert!(!committer.is_settled(SECOND, &partition(0), 2, 10));
    assert_eq!(committer.request(SECOND, [standing(0, 1, 60)]), None);
    committer.forget(&partition(0), 1);
    assert_eq!(offsets(&committer.request(SECOND, [standing(0, 2, 10)]).unwrap()), [(0, 10)]);
    committer.answered(SECOND, Vec::new(), 0.0);
    committer.forget(&partition(0), 2);
    // Fails when `forget` does nothing.
    assert_eq!(committer.request(SECOND * 2, [standing(0, 2, 20)]), None);
    assert!(committer.is_settled(SECOND * 2, &partition(0), 2, 20), "nobody waits for it");
}

//! A partition that is revoked drains, is committed for the last time and goes, all of it within bounds.

use super::*;

/// A partition that has to go, and whose handlers are done: its last commit is on its way.
fn drained() -> Bench {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.revoke(&[0], false);
    bench.assignment(0).drained();
    bench.turn(SECOND);
    bench
}

#[test]
fn a_revoked_partition_drains_then_commits_then_goes() {
    let mut bench = Bench::running(Limits::default(), 2, 100);
    bench.turn(Duration::ZERO);
    bench.notes();
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes(), [Note::Revoke(0)]);
    assert!(bench.assignment(0).cancel.is_cancelled());
    bench.finish_batch(0);
    bench.turn(SECOND / 10);
    assert_eq!(bench.notes(), [], "its handlers still run");
    bench.assignment(0).drained();
    bench.turn(SECOND / 5);
    // Fails when `Departure::is_over` ignores what is not settled: the release then overtakes the commit.
    assert_eq!(bench.notes(), [Note::Commit(vec![(0, 100)])]);
    bench.turn(SECOND / 4);
    assert_eq!(bench.notes(), [], "its commit is not answered");
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND / 4);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
}

#[test]
fn the_last_commit_waits_for_the_one_in_flight_and_takes_what_came_after() {
    let mut bench = Bench::running(Limits::default(), 1, 400);
    bench.turn(Duration::ZERO);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.turn(SECOND);
    assert_eq!(bench.notes().last(), Some(&Note::Commit(vec![(0, 256)])));
    bench.finish_batch(0);
    bench.revoke(&[0], false);
    bench.assignment(0).drained();
    bench.turn(SECOND);
    assert_eq!(bench.notes(), [Note::Revoke(0)]);
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND);
    assert_eq!(bench.notes(), [Note::Commit(vec![(0, 400)])]);
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
}

#[test]
fn a_handler_that_does_not_end_is_left_behind_at_the_bound_and_never_committed() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    bench.assignment(0).finish(&[0, 1], |_| {});
    bench.turn(SECOND * 4);
    bench.notes();
    bench.committed(&[0], &Ok(()));
    let text = heard(|| bench.turn(SECOND * 5));
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
    // Fails when `drained` does not say which partitions leave with unfinished records.
    assert!(text.contains(" WARN carom::bus: what handlers had begun did not end in time: "), "{text}");
    assert!(text.ends_with(" count=1 partitions=\"orders[0]\"\n"), "{text}");
    // Fails when neither `drained` nor `let_go` closes the assignment, and when nobody learns what that costs.
    let text = heard(|| bench.assignment(0).finish(&[2, 3], |_| {}));
    assert_eq!(
        text,
        " INFO carom::bus: finished after the partition was revoked: will be redelivered topic=\"orders\" partition=0 \
         epoch=1 records=2\n"
    );
    assert_eq!(bench.assignment(0).committable(), Some(2));
    bench.turn(SECOND * 50);
    assert_eq!(bench.notes(), []);
}

#[test]
fn what_finishes_after_the_last_commit_was_sent_moves_nothing() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.assignment(0).finish(&[0], |_| {});
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    bench.committed(&[0], &Ok(()));
    bench.assignment(0).finish(&[1], |_| {});
    bench.turn(SECOND * 5);
    assert_eq!(bench.notes().last(), Some(&Note::Commit(vec![(0, 2)])));
    // Fails when `Departure::drained` does not close: the commit that is awaited would have to chase it.
    bench.assignment(0).finish(&[2], |_| {});
    assert_eq!(bench.assignment(0).committable(), Some(2));
}

#[test]
fn a_partition_goes_even_if_its_last_commit_is_never_answered() {
    let mut bench = drained();
    assert_eq!(bench.notes().last(), Some(&Note::Commit(vec![(0, 100)])));
    bench.turn(SECOND * 4 - SECOND / 10);
    assert_eq!(bench.notes(), []);
    // Fails when `is_over` looks at nothing but what is settled: the group would stand. Also when it does not say so.
    let text = heard(|| bench.turn(SECOND * 4));
    let line = " WARN carom::bus: the last commit was not answered in time: records will be redelivered count=1\n";
    assert_eq!(text, line);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
}

#[test]
fn a_refusal_right_before_a_revoke_does_not_cost_the_last_commit() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.turn(SECOND);
    bench.notes();
    bench.committed(&[0], &Err(CommitError::Lost("generation".to_owned())));
    bench.revoke(&[0], false);
    bench.assignment(0).drained();
    bench.turn(SECOND);
    // Fails without `confirm`: released without a commit, and 100 records twice.
    assert_eq!(bench.notes(), [Note::Revoke(0), Note::Commit(vec![(0, 100)])]);
}

#[test]
fn a_partition_whose_last_commit_is_refused_goes_at_once() {
    let mut bench = drained();
    bench.notes();
    bench.committed(&[0], &Err(CommitError::Lost("member".to_owned())));
    bench.turn(SECOND + SECOND / 100);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
}

//! A stop takes nothing more, drains, commits and closes, within its bounds.

use super::*;

#[test]
fn stop_takes_nothing_more_drains_commits_and_closes() {
    let mut bench = Bench::running(Limits::default(), 2, 1_000);
    bench.turn(Duration::ZERO);
    (0..2).for_each(|number| bench.finish_batch(number));
    bench.notes();
    let mut closed = bench.stop(SECOND * 10);
    bench.turn(SECOND / 10);
    let notes = bench.notes();
    assert_eq!(notes[..2], [Note::Revoke(0), Note::Revoke(1)]);
    assert!(!notes.iter().any(|note| matches!(note, Note::Deliver(..))));
    bench.assignment(0).drained();
    bench.assignment(1).drained();
    bench.turn(SECOND / 5);
    bench.committed(&[0, 1], &Ok(()));
    bench.turn(SECOND / 5);
    let all: Vec<_> = notes.into_iter().chain(bench.notes()).skip(2).collect();
    // Fails when `close_if_done` does not wait for departures.
    assert_eq!(all, [Note::Commit(vec![(0, 256), (1, 256)]), Note::Close(0), Note::Close(1), Note::ClientClosed]);
    assert_eq!(closed.try_recv(), Ok(()));
    assert!(bench.poll.is_closed());
    assert!(!bench.turn(SECOND));
}

#[test]
fn a_stop_while_the_group_joins_commits_when_it_has_joined() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    let mut closed = bench.stop(SECOND * 10);
    bench.turn(SECOND / 10);
    bench.assignment(0).drained();
    bench.turn(SECOND / 5);
    assert_eq!(bench.notes().last(), Some(&Note::Commit(vec![(0, 100)])));
    bench.committed(&[0], &Err(CommitError::OldGeneration("the commit waited behind the join".to_owned())));
    bench.turn(SECOND / 4);
    bench.turn(SECOND / 2);
    // Fails without `Committer::leave`: the client closes, and 100 records are repeated after the restart.
    assert_eq!(bench.notes(), [Note::Commit(vec![(0, 100)])]);
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND / 2);
    assert_eq!(bench.notes(), [Note::Close(0), Note::ClientClosed]);
    assert_eq!(closed.try_recv(), Ok(()));
}

/// The broker does not answer the last commit, because a request to join waits before it.
fn stopping_behind_a_join() -> (Bench, oneshot::Receiver<()>) {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    let closed = bench.stop(SECOND * 10);
    bench.turn(Duration::ZERO);
    bench.assignment(0).drained();
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes().last(), Some(&Note::Commit(vec![(0, 100)])));
    (bench, closed)
}

#[test]
fn a_stop_waits_for_a_join_as_long_as_it_may_take_itself() {
    let (mut bench, mut closed) = stopping_behind_a_join();
    // Fails when only the bound of a last commit counts, as for a partition that is revoked.
    bench.turn(SECOND * 9);
    assert!(closed.try_recv().is_err());
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND * 9);
    assert_eq!(closed.try_recv(), Ok(()));
}

#[test]
fn a_partition_that_is_revoked_during_a_stop_is_not_held_for_the_whole_stop() {
    let (mut bench, mut closed) = stopping_behind_a_join();
    bench.turn(SECOND);
    bench.revoke(&[0], false);
    bench.turn(SECOND);
    bench.turn(SECOND * 4 - SECOND / 10);
    assert!(closed.try_recv().is_err());
    // Fails when `Patience::until` does not ask who waits for it: the group would stand for 13 s.
    bench.turn(SECOND * 4);
    assert_eq!(closed.try_recv(), Ok(()));
}

#[test]
fn a_stop_keeps_its_bound_however_often_the_group_joins() {
    let (mut bench, mut closed) = stopping_behind_a_join();
    bench.turn(SECOND * 12);
    bench.revoke(&[0], false);
    bench.turn(SECOND * 12);
    assert!(closed.try_recv().is_err());
    // Fails when a revoke during the last commit begins a bound of its own.
    bench.turn(SECOND * 13);
    assert_eq!(closed.try_recv(), Ok(()));
}

#[test]
fn a_second_stop_may_shorten_the_first() {
    let (mut bench, mut closed) = stopping_behind_a_join();
    bench.turn(SECOND);
    let mut sooner = bench.stop(SECOND);
    bench.turn(SECOND);
    // Some of the time may have passed since it was asked.
    bench.turn(SECOND * 4);
    assert!(closed.try_recv().is_err());
    // Fails when `stop` keeps the later end.
    bench.turn(SECOND * 5);
    assert_eq!([closed.try_recv(), sooner.try_recv()], [Ok(()), Ok(())]);
}

#[test]
fn a_stop_without_a_broker_waits_no_longer_than_a_commit_may_take() {
    let (mut bench, mut closed) = stopping_behind_a_join();
    let broker = |up| SourceEvent::Broker { up, detail: String::new() };
    bench.event(broker(false));
    bench.turn(SECOND);
    bench.event(broker(true));
    bench.turn(SECOND * 4);
    assert!(closed.try_recv().is_err(), "it is back");
    // Fails when `patience` does not look at `reachable`, or does so only once.
    bench.event(broker(false));
    bench.turn(SECOND * 4);
    assert_eq!(closed.try_recv(), Ok(()));
}

#[test]
fn stop_ends_at_its_bounds_whatever_happens() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.assignment(0).finish(&[0], |_| {});
    let mut closed = bench.stop(SECOND * 2);
    bench.turn(Duration::ZERO);
    bench.turn(SECOND * 2);
    assert!(closed.try_recv().is_err());
    bench.turn(SECOND * 5);
    assert_eq!(closed.try_recv(), Ok(()));
}

#[test]
fn partitions_that_come_or_go_during_a_stop_are_answered_and_not_taken_from() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    let mut closed = bench.stop(SECOND * 10);
    bench.turn(Duration::ZERO);
    bench.notes();
    bench.assign(5..6);
    bench.revoke(&[0], false);
    bench.turn(SECOND / 10);
    let notes = bench.notes();
    assert!(notes.contains(&Note::Start(vec![(5, Some(0))])) && !notes.contains(&Note::Assign(5, 2)), "{notes:?}");
    bench.assignment(0).drained();
    bench.turn(SECOND / 5);
    let notes = bench.notes();
    assert_eq!(notes, [Note::Release(vec![0]), Note::Close(0), Note::ClientClosed]);
    assert_eq!(closed.try_recv(), Ok(()));
}

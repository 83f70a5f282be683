//! When commits are sent, and when an offset counts as committed.

use super::*;
use crate::kafka::poll::committer::Policy;

#[test]
fn an_offset_counts_as_committed_when_the_broker_has_said_so() {
    let mut bench = Bench::running(Limits::default(), 2, 100);
    bench.turn(Duration::ZERO);
    (0..2).for_each(|number| bench.finish_batch(number));
    bench.turn(SECOND);
    let committed = |bench: &Bench| [0, 1].map(|number| bench.assignment(number).meter().last_committed());
    assert_eq!(committed(&bench), [Some(0), Some(0)], "it has been asked for, and that is all");
    // Fails when `note_answer` looks at each partition by itself: the broker errs for some that it did commit, and the
    // other way round.
    bench.event(SourceEvent::Committed(vec![
        (partition(0), Ok(())),
        (partition(1), Err(CommitError::Retry("moved".to_owned()))),
    ]));
    bench.turn(SECOND);
    assert_eq!(committed(&bench), [Some(0), Some(0)]);
    bench.turn(SECOND * 9);
    bench.committed(&[0, 1], &Ok(()));
    bench.turn(SECOND * 9);
    assert_eq!(committed(&bench), [Some(100), Some(100)]);
}

#[test]
fn commits_wait_for_time_or_count_while_records_are_in_work() {
    let mut bench = Bench::running(Limits::default(), 1, 100_000);
    let policy = Policy::default();
    bench.turn(Duration::ZERO);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.turn(policy.interval / 2);
    assert!(!bench.notes().iter().any(|note| matches!(note, Note::Commit(_))));
    for _ in 0..19 {
        bench.turn(policy.interval / 2);
        bench.finish_batch(0);
    }
    bench.turn(policy.interval / 2);
    assert!(bench.notes().contains(&Note::Commit(vec![(0, 5_120)])));
}

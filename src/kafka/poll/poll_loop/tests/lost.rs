//! A partition that is lost goes at once, and is not committed.

use super::*;

#[test]
fn a_lost_partition_goes_at_once_and_is_never_committed() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.notes();
    bench.revoke(&[0], true);
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
    assert!(bench.assignment(0).cancel.is_cancelled());
    bench.turn(SECOND * 2);
    // Fails when `on_revoked` ignores `lost`.
    assert_eq!(bench.notes(), []);
}

#[test]
fn a_partition_lost_while_it_drains_is_not_committed_any_more() {
    let mut bench = Bench::running(Limits::default(), 2, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    bench.notes();
    bench.revoke(&[0, 1], true);
    bench.turn(SECOND / 10);
    let notes = bench.notes();
    assert_eq!(notes[..3], [Note::Release(vec![0, 1]), Note::Close(0), Note::Close(1)]);
    assert!(!notes.iter().any(|note| matches!(note, Note::Commit(_))));
    bench.turn(SECOND * 9);
    assert!(!bench.notes().iter().any(|note| matches!(note, Note::Commit(_))));
}

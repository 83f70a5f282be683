//! What a former owner finished is kept, as long as the log goes on where it stopped.

use super::*;

// Fails if `was_done` says yes to any offset before the end of a run.
#[test]
fn what_a_former_owner_finished_is_not_handled_again() {
    let mut progress = Progress::new(Some(5), map([(6, 8), (9, 10)]));
    let answers: Vec<_> = (5..11).map(|offset| progress.receive(offset, 1)).collect();
    use Received::{AlreadyDone, Dispatch};
    assert_eq!(answers, [Dispatch, AlreadyDone, AlreadyDone, Dispatch, AlreadyDone, Dispatch]);
    assert_eq!((progress.unfinished(), progress.finished_beyond()), (3, 3));
    progress.finish(5);
    assert_eq!(progress.committable(), Some(8));
}

#[test]
fn a_restored_map_survives_a_commit_before_its_records_come() {
    // Fails if `offset_map` leaves out `ahead`.
    let mut progress = Progress::new(Some(5), map([(6, 8), (20, 30)]));
    progress.receive(5, 1);
    assert_eq!(progress.offset_map(), map([(6, 8), (20, 30)]));
    progress.finish(5);
    assert_eq!((progress.committable(), progress.offset_map()), (Some(6), map([(6, 8), (20, 30)])));
    let mut next = Progress::new(Some(6), progress.offset_map());
    assert_eq!(next.receive(6, 1), Received::AlreadyDone);
    assert_eq!(next.committable(), Some(7));
}

#[test]
fn a_restored_map_is_kept_if_only_done_records_are_missing_before_the_first() {
    let mut progress = Progress::new(Some(5), map([(5, 8), (9, 12)]));
    assert_eq!(progress.receive(8, 1), Received::Dispatch, "5 to 7 were compacted away");
    assert_eq!(progress.receive(9, 1), Received::AlreadyDone);
}

#[test]
fn a_restored_map_is_dropped_if_the_log_does_not_go_on_at_the_committed_offset() {
    // Fails if `begin` keeps the map when `first < committed`, or does not look at what it covers.
    for first in [0, 4, 6, 7] {
        let mut progress = Progress::new(Some(5), map([(6, 7), (8, 100)]));
        progress.receive(first, 1);
        assert_eq!(progress.receive(50, 1), Received::Dispatch, "first {first}");
        assert_eq!(progress.committable(), Some(first));
    }
}

#[test]
fn a_map_without_a_committed_offset_is_ignored() {
    let mut progress = Progress::new(None, map([(0, 100)]));
    assert_eq!(progress.receive(0, 1), Received::Dispatch);
}

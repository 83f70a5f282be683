//! What may be committed, and what is finished beyond it.

use super::*;

#[test]
fn nothing_may_be_committed_before_a_record_was_received() {
    let progress = Progress::new(Some(7), map([(9, 12)]));
    assert_eq!((progress.committable(), progress.span(), progress.unfinished()), (None, 0, 0));
}

#[test]
fn what_was_received_is_not_committable_until_it_is_finished() {
    let mut progress = fresh();
    received(&mut progress, 5..10);
    assert_eq!(progress.committable(), Some(5));
    assert!(progress.finish(5));
    assert_eq!(progress.committable(), Some(6));
}

#[test]
fn the_base_waits_for_the_slowest() {
    let mut progress = fresh();
    received(&mut progress, 0..5);
    assert!(progress.finish(1) && progress.finish(3) && progress.finish(4));
    assert_eq!((progress.committable(), progress.finished_beyond(), progress.span()), (Some(0), 3, 5));
    assert_eq!(progress.offset_map(), map([(1, 2), (3, 5)]));
    assert!(progress.finish(0));
    assert_eq!((progress.committable(), progress.offset_map()), (Some(2), map([(3, 5)])));
    assert!(progress.finish(2));
    assert_eq!((progress.committable(), progress.span(), progress.offset_map()), (Some(5), 0, map([])));
}

// Fails if `finish` compares `tickets > 2`.
#[test]
fn a_record_is_finished_when_all_its_mailboxes_are() {
    let mut progress = fresh();
    progress.receive(0, 3);
    assert_eq!([progress.finish(0), progress.finish(0), progress.finish(0)], [false, false, true]);
    assert_eq!(progress.committable(), Some(1));
}

#[test]
fn a_ticket_too_many_is_ignored() {
    let mut progress = fresh();
    received(&mut progress, 0..3);
    assert!(progress.finish(1) && !progress.finish(1));
    assert_eq!(progress.unfinished(), 2);
    assert!(!progress.finish(7) && !progress.finish(-1) && !progress.finish(i64::MIN));
}

#[test]
fn gaps_are_done_and_cost_nothing() {
    let mut progress = fresh();
    received(&mut progress, [0, 10, 1_000_000, i64::MAX - 1]);
    assert_eq!(progress.records.len(), 4);
    assert!(progress.finish(1_000_000));
    assert_eq!(progress.offset_map(), map([(11, i64::MAX - 1)]));
    assert!(progress.finish(0));
    assert_eq!(progress.committable(), Some(10));
}

#[test]
fn a_record_below_the_highest_is_stale() {
    let mut progress = fresh();
    received(&mut progress, [5, 9]);
    assert_eq!([progress.receive(9, 1), progress.receive(7, 1), progress.receive(0, 1)], [Received::Stale; 3]);
    assert_eq!(progress.unfinished(), 2);
}

#[test]
fn no_tickets_count_as_one() {
    let mut progress = fresh();
    progress.receive(0, 0);
    assert_eq!(progress.committable(), Some(0));
    assert!(progress.finish(0));
}

// Fails if `receive` compares the base with `committable` alone, without `or(self.committed)`.
#[test]
fn the_first_record_is_something_to_commit_unless_it_is_committed() {
    for (committed, news) in [(None, true), (Some(4), true), (Some(9), true), (Some(5), false)] {
        let mut progress = Progress::new(committed, OffsetMap::default());
        progress.receive(5, 1);
        assert_eq!(progress.version() > 0, news, "{committed:?}");
        let before = progress.version();
        received(&mut progress, 6..9);
        assert_eq!(progress.version(), before, "receiving alone is nothing to commit");
    }
    let mut progress = Progress::new(Some(5), map([(5, 9)]));
    assert_eq!(progress.receive(5, 1), Received::AlreadyDone);
    assert!(progress.version() > 0, "6 is something new");
}

#[test]
fn a_partition_is_crowded_before_its_map_is_too_long() {
    let mut progress = fresh();
    received(&mut progress, 0..24_000);
    (1..24_000).for_each(|offset| assert!(progress.finish(offset)));
    assert!(!progress.is_crowded(), "one long run is short text");
    let mut progress = fresh();
    received(&mut progress, 0..24_000);
    (1..24_000).step_by(2).for_each(|offset| assert!(progress.finish(offset)));
    assert!(progress.is_crowded());
    assert!(progress.offset_map().encode(0).is_some(), "still short enough to be written");
}

//! Each rebalance is answered and said, and a partition that comes back is another epoch.

use super::*;

#[test]
fn every_rebalance_is_answered_empty_and_unknown_ones_too() {
    let mut bench = bench(Limits::default());
    bench.event(SourceEvent::Assigned(Vec::new()));
    bench.revoke(&[], false);
    bench.revoke(&[7], false);
    bench.revoke(&[], true);
    bench.turn(Duration::ZERO);
    let notes = bench.notes();
    // Fails when `lose` or `revoke` answer for known partitions only.
    for (answer, times) in [(Note::Start(vec![]), 1), (Note::Release(vec![]), 2), (Note::Release(vec![7]), 1)] {
        assert_eq!(notes.iter().filter(|note| **note == answer).count(), times, "{answer:?} in {notes:?}");
    }
}

#[test]
fn a_partition_that_comes_back_is_another_epoch_and_old_finishes_change_nothing() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    let old = bench.assignment(0);
    bench.turn(SECOND);
    bench.revoke(&[0], false);
    bench.assign(0..1);
    bench.turn(SECOND);
    let notes = bench.notes();
    assert!(notes.contains(&Note::Close(0)) && notes.contains(&Note::Assign(0, 2)), "{notes:?}");
    // The client still gets its answer to the revoke, but not for the partition that is back.
    assert!(notes.contains(&Note::Release(Vec::new())), "{notes:?}");
    old.finish(&(0..100).collect::<Vec<_>>(), |_| {});
    bench.turn(SECOND * 3);
    // Fails when `insert` does not take the old one out of its departure, and nobody closes it.
    assert!(!bench.notes().iter().any(|note| matches!(note, Note::Commit(_))));
    assert_eq!(bench.poll.partitions.len(), 1);
}

#[test]
fn each_rebalance_is_one_line() {
    let text = heard(|| {
        let mut bench = bench(Limits::default());
        bench.assign(0..3);
        bench.assign(3..3);
        bench.revoke(&[2], false);
        bench.revoke(&[1, 0], true);
        bench.turn(Duration::ZERO);
    });
    // Fails when `assign` says it for each partition or for none, and when what is lost is only revoked.
    let expected = [
        " INFO carom::bus: partitions assigned count=3 partitions=\"orders[0,1,2]\"",
        " INFO carom::bus: partitions revoked count=1 partitions=\"orders[2]\"",
        " WARN carom::bus: partitions lost: another member may own them already, and handles again what was not \
         committed count=2 partitions=\"orders[0,1]\"",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_member_that_waits_long_for_its_group_says_so() {
    let text = heard(|| {
        let mut bench = bench(Limits::default());
        bench.world.lock().unwrap().joined = Some(false);
        (0..20).map(|second| bench.turn(SECOND * second)).count()
    });
    // Fails when `observe` does not say what `is_news` finds.
    assert_eq!(text.matches(" INFO carom::bus: still waiting for the group: ").count(), 1, "{text}");
}

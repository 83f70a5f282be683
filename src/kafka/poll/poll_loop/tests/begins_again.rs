//! A log that begins again at a lower offset: nothing of it is dropped, and nothing before it is cut off.

use super::*;

/// `old` records are unfinished when the log begins again at `first`, with two.
fn waiting(old: usize, first: i64) -> Bench {
    let mut bench = Bench::running(Limits::default(), 1, old);
    bench.turn(Duration::ZERO);
    bench.world.lock().unwrap().logs.insert(0, (first, 2));
    bench.assignment(0).arrived();
    bench.turn(Duration::ZERO);
    bench
}

fn offsets(bench: &Bench) -> Vec<i64> {
    let world = bench.world.lock().unwrap();
    world.batches.get(&0).into_iter().flatten().flat_map(|batch| batch.offsets().collect::<Vec<_>>()).collect()
}

// Fails when what begins again is dropped, when it does not wait, and when a partition that waits is asked for more.
#[test]
fn a_new_log_waits_until_the_old_one_is_finished() {
    let mut bench = Bench::running(Limits::default(), 1, 3);
    bench.turn(Duration::ZERO);
    bench.world.lock().unwrap().logs.insert(0, (1, 4));
    bench.assignment(0).arrived();
    for _ in 0..3 {
        bench.turn(Duration::ZERO);
    }
    assert_eq!(bench.notes(), [Note::Deliver(0, 3)]);
    assert!(!bench.assignment(0).cancel.is_cancelled());
    let old = bench.world.lock().unwrap().batches.get_mut(&0).unwrap().pop_front().unwrap();
    let woken = |offset| {
        let count = Arc::clone(&bench.world.lock().unwrap().woken);
        let before = count.load(Relaxed);
        bench.assignment(0).finish(&[offset], |_| {});
        count.load(Relaxed) - before
    };
    assert_eq!(old.offsets().map(woken).collect::<Vec<_>>(), [0, 0, 1], "only when the end is reached");
    bench.turn(Duration::ZERO);
    assert_eq!((bench.notes(), offsets(&bench)), (vec![Note::Deliver(0, 4)], vec![1, 2, 3, 4]));
}

// Fails when there is no round after what jumps, or after what was put aside and begins: nobody wakes the loop for what is
// left in the queue.
#[test]
fn the_rest_of_a_new_log_is_taken_without_being_woken() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.world.lock().unwrap().logs.insert(0, (0, 300));
    assert_eq!((0..10).position(|_| !bench.turn(Duration::ZERO)), Some(2));
    assert_eq!(bench.notes(), [100, 256, 44].map(|records| Note::Deliver(0, records)));
}

// Fails when the committable offset may only rise, or counts as nothing new where it has fallen.
#[test]
fn the_position_in_a_new_log_is_committed() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.turn(SECOND);
    assert_eq!(bench.notes(), [Note::Deliver(0, 100), Note::Commit(vec![(0, 100)])]);
    bench.committed(&[0], &Ok(()));
    bench.world.lock().unwrap().logs.insert(0, (0, 2));
    for _ in 0..3 {
        bench.turn(SECOND);
    }
    bench.turn(SECOND * 2);
    assert_eq!(bench.notes(), [Note::Deliver(0, 2), Note::Commit(vec![(0, 0)])]);
    bench.committed(&[0], &Ok(()));
    bench.finish_batch(0);
    bench.turn(SECOND * 3);
    assert_eq!(bench.notes(), [Note::Commit(vec![(0, 2)])]);
}

// Fails when the batch is looked at as a whole, and when only its first record is.
#[test]
fn a_log_may_begin_again_in_the_middle_of_a_batch_and_more_than_once() {
    let assignment = Bench::running(Limits::default(), 1, 0).assignment(0);
    let mut batch = Batch::new(partition(0));
    for offset in [7, 8, 9, 0, 1, 1, 2] {
        batch.push(offset, Timestamp::None, Some(&[offset as u8]), Some(b"value"));
        batch.push_headers([(&b"name"[..], Some(&[offset as u8][..]))].into_iter());
    }
    let mut got = Vec::new();
    let mut next = Some(batch);
    while let Some(batch) = next {
        let batch = assignment.receive(batch).unwrap();
        for record in batch.records() {
            let byte = [record.offset() as u8];
            assert_eq!(record.key(), Some(&byte[..]));
            assert_eq!(record.headers().collect::<Vec<_>>(), [(&b"name"[..], Some(&byte[..]))]);
        }
        let offsets: Vec<_> = batch.offsets().collect();
        assignment.arrived();
        assignment.finish(&offsets, |_| {});
        got.push(offsets);
        next = assignment.begin_again();
    }
    assert_eq!(got, [vec![7, 8, 9], vec![0, 1], vec![1, 2]]);
}

// Fails when what waits belongs to the partition and not to its assignment: the next owner reads it again.
#[test]
fn a_new_log_that_waits_goes_with_its_assignment() {
    let mut bench = waiting(3, 0);
    bench.revoke(&[0], true);
    bench.turn(Duration::ZERO);
    bench.assign(0..1);
    bench.turn(Duration::ZERO);
    bench.assignment(0).open(1);
    bench.notes();
    for _ in 0..3 {
        bench.turn(Duration::ZERO);
    }
    assert_eq!(bench.notes(), []);
}

// Fails when a last commit is that of the old log: the next owner would go on in the new one where that ended.
#[test]
fn a_member_that_goes_commits_the_beginning_of_a_new_log() {
    let mut bench = waiting(100, 5);
    bench.notes();
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    let old = bench.world.lock().unwrap().batches.get_mut(&0).unwrap().pop_front().unwrap();
    bench.assignment(0).finish(&old.offsets().collect::<Vec<_>>(), |_| {});
    bench.assignment(0).drained();
    // The answer to what was committed while the new log waited.
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND);
    bench.turn(SECOND * 2);
    assert_eq!(bench.notes(), [Note::Revoke(0), Note::Commit(vec![(0, 0)]), Note::Commit(vec![(0, 5)])]);
}

// Fails when the old position, or the old map, is committed while a new log waits: the next owner would skip records of
// it.
#[test]
fn while_a_new_log_waits_no_more_than_its_beginning_is_committed() {
    for (begins, committed) in [(5, 5), (50, 10)] {
        let assignment = Bench::running(Limits::default(), 1, 0).assignment(0);
        let mut batch = Batch::new(partition(0));
        (10..100).for_each(|offset| batch.push(offset, Timestamp::None, None, None));
        assignment.receive(batch).unwrap();
        // The first one waits for another attempt.
        assignment.finish(&(11..100).collect::<Vec<_>>(), |_| {});
        let (before, _) = assignment.commit_point().unwrap();
        let mut again = Batch::new(partition(0));
        (begins..begins + 3).for_each(|offset| again.push(offset, Timestamp::None, None, None));
        assert!(assignment.receive(again).is_none());
        assignment.close();
        let (version, point) = assignment.commit_point().unwrap();
        assert_eq!((point.offset, point.metadata), (committed, None));
        assert!(version > before, "it has to be sent");
    }
}

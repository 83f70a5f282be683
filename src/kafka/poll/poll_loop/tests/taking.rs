//! What is taken from partitions: as much as credit allows, and each in its turn.

use super::*;

#[test]
fn nothing_is_taken_before_the_mailboxes_are_there_and_no_more_than_credit_allows() {
    let mut bench = bench(Limits { records: 300, ..Limits::default() });
    bench.world.lock().unwrap().logs.insert(0, (0, 1_000));
    bench.assign(0..1);
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes(), [Note::Assign(0, 1), Note::Start(vec![(0, Some(0))])]);
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes(), []);
    bench.assignment(0).open(1);
    bench.turn(Duration::ZERO);
    bench.turn(Duration::ZERO);
    // Fails when `take` asks for `BATCH` records whatever the credit says.
    assert_eq!(bench.notes(), [Note::Deliver(0, 256), Note::Deliver(0, 44)]);
    bench.assignment(0).arrived();
    bench.turn(Duration::ZERO);
    assert!(!bench.world.lock().unwrap().notes.contains(&Note::Take(0)), "no credit is left");
}

#[test]
fn at_most_two_batches_wait_in_front_of_a_mailbox() {
    let mut bench = Bench::running(Limits::default(), 1, 10_000);
    for _ in 0..5 {
        bench.turn(Duration::ZERO);
    }
    assert_eq!(bench.notes(), [Note::Deliver(0, 256), Note::Deliver(0, 256)]);
    bench.assignment(0).arrived();
    for _ in 0..5 {
        bench.turn(Duration::ZERO);
    }
    assert_eq!(bench.notes(), [Note::Deliver(0, 256)]);
}

#[test]
fn each_partition_gets_its_turn_and_none_is_always_first() {
    let mut bench = Bench::running(Limits::default(), 3, 100_000);
    let mut first = Vec::new();
    for _ in 0..6 {
        bench.turn(Duration::ZERO);
        let notes = bench.notes();
        let mut turn: Vec<_> = notes
            .iter()
            .filter_map(|note| match note {
                Note::Deliver(number, 256) => Some(*number),
                _ => None,
            })
            .collect();
        first.push(turn[0]);
        turn.sort_unstable();
        assert_eq!(turn, [0, 1, 2]);
        (0..3).for_each(|number| bench.finish_batch(number));
    }
    // Fails when the round begins at the same partition each time.
    assert_eq!(first, [2, 0, 1, 2, 0, 1]);
}

// Fails when a round that took something is always followed by another one: for a record that comes alone, the handler
// would wait until that has found nothing.
#[test]
fn a_round_that_left_nothing_is_the_last_until_something_comes() {
    let mut bench = Bench::running(Limits::default(), 2, 300);
    assert!(bench.turn(Duration::ZERO), "44 records are left in each");
    assert!(!bench.turn(Duration::ZERO));
    let delivered = |number, records| Note::Deliver(number, records);
    let mut notes = bench.notes();
    notes.sort_by_key(|note| format!("{note:?}"));
    assert_eq!(notes, [delivered(0, 256), delivered(0, 44), delivered(1, 256), delivered(1, 44)]);
}

// Fails when a jump does not bring another round: what the client told about it, or a former log that has ended, would
// wait for the next record.
#[test]
fn offsets_that_jump_bring_another_round() {
    let mut bench = Bench::running(Limits::default(), 1, 0);
    bench.world.lock().unwrap().logs.insert(0, (10, 3));
    assert!(bench.turn(Duration::ZERO));
    assert!(!bench.turn(Duration::ZERO));
    assert_eq!(bench.notes(), [Note::Deliver(0, 3)]);
}

//! An offset is committed only when every handler of its record has finished.

use std::collections::BTreeSet;

use carom::Supervisor;
use integration_tests::{
    check,
    job::{Job, Shared, Step, Worker},
    probe,
    workers::Workers,
    world::World,
};

use super::contract;

contract!(embedded, real: {
    what_is_committed_never_passes_a_record_that_is_unfinished,
    a_killed_process_loses_nothing_and_repeats_only_what_was_not_committed,
    what_finished_beyond_the_committed_offset_is_not_repeated_after_a_kill,
});

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// A handler at the gate holds back whatever shares its lane.
fn lanes_enough() -> Supervisor {
    Supervisor::one_for_one().concurrency(1024)
}

// Fails when `Assignment::commit_point` adds `finished_beyond` to the offset.
async fn what_is_committed_never_passes_a_record_that_is_unfinished(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(lanes_enough())).await;
    let topic = bus.topic::<Job>();
    let script = |key: u32, seq: u32| match (key, seq) {
        (0..8, 2) => vec![Step::Gate],
        // Later records of the partition finish first.
        (8.., 0) => vec![Step::Sleep(u64::from(key) * 5)],
        _ => vec![],
    };
    bus.publish((0..5).flat_map(|seq| (0..20).map(move |key| Job::new(format!("key-{key}"), seq, script(key, seq)))))
        .await;
    shared.ledger.until_handled(8 * 2 + 12 * 5).await;
    let caught_up = |found: &Vec<(i64, i64, bool)>| found.iter().all(|(at, lowest, all)| at == lowest && *all);
    let look = || {
        let committed = probe::finished(world.kafka(), world.group(), &topic);
        let finished = check::finished(&shared.ledger.entries());
        let of = |(partition, (offset, beyond)): (_, (i64, Vec<i64>))| {
            let finished = &finished[&partition];
            let lowest = check::lowest_unfinished(Some(finished));
            assert!(offset <= lowest, "partition {partition} is committed to {offset}, but {lowest} is unfinished");
            assert!(beyond.iter().all(|offset| finished.contains(offset)), "{beyond:?} beside {finished:?}");
            (offset, lowest, finished.iter().all(|at| *at < offset || beyond.contains(at)))
        };
        committed.into_iter().map(of).collect::<Vec<_>>()
    };
    probe::until("commits up to the gate", look, caught_up).await;
    assert_eq!(shared.ledger.succeeded("Worker").len(), 76, "the gate is closed");
    shared.gate.open();
    shared.ledger.until_handled(100).await;
    let ends = probe::ends(world.kafka(), &topic);
    probe::until("the last commit", || probe::committed(world.kafka(), world.group(), &topic), |at| *at == ends).await;
    assert_eq!(shared.ledger.order_violations(), Vec::<String>::new());
}

// Fails when `Mailbox::admit` pushes the offset of a record that has a handler to `finished`.
async fn a_killed_process_loses_nothing_and_repeats_only_what_was_not_committed(world: World) {
    let mut workers = Workers::new(&world, WORKER).await;
    let topic = workers.publisher.topic::<Job>();
    let worker = workers.start(1, "closed").await;
    let sleep = |key: u32, seq: u32| Step::Sleep(u64::from((key * 7 + seq * 3) % 5 + 1) * 30);
    // The last of each key passes the gate, which stays closed: the kill comes in the middle, however late.
    let step = |key: u32, seq: u32| if seq == 17 { Step::Gate } else { sleep(key, seq) };
    let jobs = (0..18).flat_map(|seq| (0..24).map(move |key| Job::new(format!("key-{key}"), seq, [step(key, seq)])));
    workers.publisher.publish(jobs).await;
    let is_committed = || probe::committed(world.kafka(), world.group(), &topic).values().any(|offset| *offset > 20);
    probe::until("a commit under load", is_committed, |some| *some).await;
    workers.until("half of the jobs", |entries| check::succeeded(entries).len() >= 216).await;
    workers.kill(worker);

    let before = workers.entries();
    assert!(before.iter().any(|entry| entry.end.is_none()), "handlers were in flight");
    let finished = check::finished(&before);
    let committed = probe::finished(world.kafka(), world.group(), &topic);
    for (partition, (offset, _)) in &committed {
        let lowest = check::lowest_unfinished(finished.get(partition));
        assert!(*offset <= lowest, "partition {partition} is committed to {offset}, but {lowest} is unfinished");
    }

    let _worker = workers.start(2, "open").await;
    workers.until("all jobs", |entries| check::succeeded(entries).len() == 432).await;
    let entries = workers.entries();
    assert_eq!(check::keys_out_of_order(&entries), [""; 0]);
    let second = entries.iter().filter(|entry| entry.member == 2);
    let needless: Vec<_> = second
        .filter(|entry| {
            let (offset, beyond) = &committed[&entry.partition];
            entry.offset < *offset || beyond.contains(&entry.offset)
        })
        .collect();
    assert!(needless.is_empty(), "was committed and ran again: {needless:#?}");
}

// Fails when `Assignment::new` does not `restore`, and when `commit_point` leaves out the metadata.
async fn what_finished_beyond_the_committed_offset_is_not_repeated_after_a_kill(world: World) {
    let mut workers = Workers::new(&world, WORKER).await;
    let topic = workers.publisher.topic::<Job>();
    let worker = workers.start(1, "closed").await;
    let held = (0..8).map(|key| Job::new(format!("held-{key}"), 0, [Step::Gate]));
    workers.publisher.publish(held.chain((0..120).map(|key| Job::ok(format!("free-{key}"), 0)))).await;
    workers.until("the free jobs", |entries| check::succeeded(entries).len() == 120).await;
    let marked = || -> BTreeSet<(i32, i64)> {
        let marked = probe::finished(world.kafka(), world.group(), &topic);
        marked
            .into_iter()
            .flat_map(|(partition, (_, beyond))| beyond.into_iter().map(move |at| (partition, at)))
            .collect()
    };
    let finished: BTreeSet<_> = workers
        .entries()
        .iter()
        .filter(|entry| entry.end.is_some())
        .map(|entry| (entry.partition, entry.offset))
        .collect();
    probe::until("a commit that names them", marked, |marked| *marked == finished).await;
    workers.kill(worker);

    let _worker = workers.start(2, "open").await;
    workers.until("the held jobs", |entries| check::succeeded(entries).len() == 128).await;
    let again: Vec<_> =
        workers.entries().into_iter().filter(|entry| entry.member == 2 && entry.key.starts_with("free")).collect();
    assert!(again.is_empty(), "{again:#?}");
}

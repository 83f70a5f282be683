//! A member that stands still for longer than its session, and then goes on as if nothing had happened.

use std::collections::BTreeSet;

use integration_tests::{
    check,
    job::{Job, Step, key_in},
    ledger::{End, Entry},
    probe,
    workers::Workers,
    world::World,
};

use super::contract;

contract!(embedded, real: { what_a_member_finishes_after_its_session_is_not_committed });

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// Milliseconds; longer than it takes to suspend a process.
const LONG: u64 = 3_000;

// No single change to carom made it fail: the broker refuses the commits of a member that it has forgotten, also when lost
// partitions are treated as revoked ones. What carom does by itself is tested in `src/kafka/poll/poll_loop/tests/lost.rs`.
async fn what_a_member_finishes_after_its_session_is_not_committed(world: World) {
    let mut workers = Workers::new(&world, WORKER).await;
    let topic = workers.publisher.topic::<Job>();
    let committed = || probe::committed(world.kafka(), world.group(), &topic);
    let mut first = workers.start(1, "open").await;
    workers.publisher.publish((0..4).map(|partition| Job::ok(key_in(partition, 0), 0))).await;
    probe::until("the first jobs", committed, |at| at.len() == 4 && at.values().all(|offset| *offset == 1)).await;
    let long = |partition| Job::new(key_in(partition, 0), 1, [Step::SleepThenGate(LONG)]);
    workers.publisher.publish((0..4).map(long)).await;
    let runs_of = |member: u32| move |run: &&Entry| run.member == member && run.seq == 1;
    workers.until("the long ones", |runs| runs.iter().filter(runs_of(1)).count() == 4).await;

    first.signal("STOP").expect("its guard lives");
    // Its gate is closed: it never ends one of them.
    let second = workers.start(2, "closed").await;
    workers.until("all of them at the next owner", |runs| runs.iter().filter(runs_of(2)).count() == 4).await;
    let late: Vec<_> = workers.entries().iter().filter(runs_of(1)).map(|run| run.started).collect();
    first.signal("CONT").expect("its guard lives");
    let ended =
        |runs: &[Entry]| runs.iter().filter(|run| late.contains(&run.started) && run.end.is_some()).count() == 4;
    workers.until("the late ends", ended).await;
    workers.until("it takes part again", |runs| runs.iter().filter(runs_of(1)).count() > 4).await;

    // In this order: what had not ended afterwards had not ended when this was committed.
    let (at, runs) = (committed(), workers.entries());
    let again = |run: &&Entry| run.seq == 1 && run.end == Some(End::Succeeded) && !late.contains(&run.started);
    let ended: BTreeSet<_> = runs.iter().filter(again).map(|run| run.partition).collect();
    for (partition, offset) in &at {
        assert!(*offset == 1 || ended.contains(partition), "{partition} is committed to {offset}: {runs:#?}");
    }
    assert!(ended.len() < 4, "the next owner holds what it has");
    workers.kill(second);
    probe::until("the end", committed, |at| at.values().all(|offset| *offset == 2)).await;
    assert_eq!(check::keys_out_of_order(&workers.entries()), [""; 0]);
}

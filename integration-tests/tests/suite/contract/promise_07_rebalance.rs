//! Revoked partitions stop, drain within a bound, commit, then go; what finishes after that is never committed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use carom::{Bus, Supervisor};
use integration_tests::{
    check,
    job::{Job, Shared, Step, Worker, key_in},
    ledger::Entry,
    probe,
    world::{Running, World},
};

use super::contract;

contract!(embedded, real, real_decides: {
    members_come_and_go_without_loss_repetition_or_disorder,
    a_handler_that_outlasts_the_drain_bound_is_neither_waited_for_nor_committed,
    a_handler_learns_that_its_partition_goes,
});

fn member(world: &World, shared: &Shared, number: u32) -> Bus<Shared> {
    world.bus_with(&shared.of_member(number)).supervise::<Worker>(Supervisor::one_for_one())
}

/// Publishes rounds of one short job for each of 40 keys until `is_enough`; how many jobs that were.
async fn publish_until(bus: &Running, shared: &Shared, from: u32, is_enough: impl Fn(&[Entry]) -> bool) -> u32 {
    for seq in from.. {
        if is_enough(&shared.ledger.entries()) {
            return seq;
        }
        bus.publish((0..40).map(|key| Job::new(format!("key-{key}"), seq, [Step::Sleep(10)]))).await;
        // No faster than they are handled, and always some under way.
        shared.ledger.until_handled(40 * seq.saturating_sub(1) as usize).await;
    }
    unreachable!("rounds do not end")
}

// Fails when `Departure::is_over` does not wait for the last commit, and when a bound without end is added to a time as
// it is.
async fn members_come_and_go_without_loss_repetition_or_disorder(world: World) {
    let shared = Shared::new();
    let publisher = world.start(world.bus()).await;
    let one = world.start(member(&world, &shared, 1).drain_timeout(Duration::MAX)).await;
    let seq = publish_until(&publisher, &shared, 0, |runs| !runs.is_empty()).await;
    let two = world.start(member(&world, &shared, 2)).await;
    let seq = publish_until(&publisher, &shared, seq, |runs| runs.iter().any(|run| run.member == 2)).await;
    let alone = |runs: &[Entry]| {
        let last = runs.iter().rev().take(80).filter(|run| run.member == 2);
        last.map(|run| run.partition).collect::<BTreeSet<_>>().len() == 4
    };
    let leave = one.stop::<Job>(&world);
    let (seq, _) = tokio::join!(publish_until(&publisher, &shared, seq, alone), leave);
    shared.ledger.until_handled(40 * seq as usize).await;
    let topic = two.topic::<Job>();
    let committed = two.stop::<Job>(&world).await;
    assert_eq!(committed, probe::ends(world.kafka(), &topic), "everything is committed");
    nothing_is_out_of_order_or_repeated(&world, &shared);
}

// Fails when `Departure::drained` does not look at `until`.
async fn a_handler_that_outlasts_the_drain_bound_is_neither_waited_for_nor_committed(world: World) {
    let shared = Shared::new();
    // A thread for each partition, because each will be blocked.
    let one = member(&world, &shared, 1).workers(4).drain_timeout(Duration::from_millis(300));
    let one = world.start(one).await;
    one.publish((0..4).map(|partition| Job::new(key_in(partition, 0), 0, [Step::BlockAtGate, Step::Hang]))).await;
    shared.ledger.until("all four", |runs| runs.len() == 4).await;
    let two = world.start(member(&world, &shared, 2).shutdown_timeout(Duration::from_millis(300))).await;
    shared.ledger.until("two of them at the new owner", |runs| runs.len() == 6).await;
    let moved: Vec<i32> = shared.ledger.entries()[4..].iter().map(|run| run.partition).collect();
    shared.gate.open();
    shared
        .ledger
        .until("the old owner's late ends", |runs| runs.iter().all(|run| run.member == 2 || run.ended > 0))
        .await;
    let topic = one.topic::<Job>();
    let committed = || probe::committed(world.kafka(), world.group(), &topic);
    let kept = |committed: &BTreeMap<i32, i64>| committed.iter().all(|(of, at)| moved.contains(of) || *at == 1);
    let after = probe::until("a commit of what was kept", committed, kept).await;
    assert!(moved.iter().all(|partition| after[partition] == 0), "{moved:?} are unfinished: {after:?}");
    one.stop::<Job>(&world).await;
    let after = two.stop::<Job>(&world).await;
    assert!(moved.iter().all(|partition| after[partition] == 0), "{moved:?} are unfinished: {after:?}");
    assert!(kept(&after), "{after:?} without {moved:?}");
}

// Fails when `PollLoop::give_up` does not cancel the assignment.
async fn a_handler_learns_that_its_partition_goes(world: World) {
    let shared = Shared::new();
    let one = world.start(member(&world, &shared, 1)).await;
    one.publish((0..4).map(|partition| Job::new(key_in(partition, 0), 0, [Step::UntilCancelled]))).await;
    shared.ledger.until("all four", |runs| runs.len() == 4).await;
    let two = world.start(member(&world, &shared, 2)).await;
    shared.ledger.until_handled(2).await;
    assert_eq!(shared.ledger.succeeded("Worker").len(), 2, "half of the partitions stay");
    one.publish((0..4).map(|partition| Job::ok(key_in(partition, 0), 1))).await;
    shared.ledger.until_handled(4).await;
    // Of this member: what moved may be repeated by the other one, as below.
    let of_the_first =
        |runs: &[Entry]| runs.iter().filter(|run| run.member == 1 && run.seq == 0 && run.ended > 0).count();
    assert_eq!(of_the_first(&shared.ledger.entries()), 2, "and go on to stay");
    one.stop::<Job>(&world).await;
    shared.ledger.until_handled(8).await;
    let topic = two.topic::<Job>();
    let committed = two.stop::<Job>(&world).await;
    assert_eq!(committed, probe::ends(world.kafka(), &topic), "what ended in time is committed");
    nothing_is_out_of_order_or_repeated(&world, &shared);
}

/// The embedded broker refuses commits while the group joins, so that the last commit of a member that loses partitions
/// may be impossible there, and what it covered is repeated. A real broker takes it.
fn nothing_is_out_of_order_or_repeated(world: &World, shared: &Shared) {
    let runs = shared.ledger.entries();
    assert_eq!(check::keys_out_of_order(&runs), Vec::<&str>::new());
    if world.kafka().broker().is_none() {
        assert_eq!(check::repeated(&runs), BTreeMap::new());
        assert_eq!(shared.ledger.order_violations(), Vec::<String>::new());
    }
}

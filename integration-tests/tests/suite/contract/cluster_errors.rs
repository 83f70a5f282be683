//! Errors of the cluster that pass: nothing is lost, nothing stands still, and in the end all is committed.

use std::{collections::BTreeSet, ops::Range, time::Duration};

use carom::{Kafka, Supervisor, kafka::Embedded};
use integration_tests::{
    RealKafka, check,
    job::{Job, Shared, Step, Worker},
    probe,
    world::World,
};

use super::contract;

contract!(embedded: {
    commits_outlive_what_the_coordinator_refuses,
    a_member_that_the_coordinator_does_not_know_for_a_moment_goes_on,
    records_outlive_fetches_that_fail,
    a_group_forms_behind_errors_and_a_slow_network,
});

// Numbers of the Kafka protocol.
const FETCH: i16 = 1;
const OFFSET_COMMIT: i16 = 8;
const FIND_COORDINATOR: i16 = 10;
const JOIN_GROUP: i16 = 11;

/// The broker that leads all partitions, where there are three.
const LEADER: i32 = 2;
/// The broker that coordinates the group.
const COORDINATOR: i32 = 3;
/// Twice as long as a session on the embedded broker, in tests.
const AWAY: Duration = Duration::from_secs(4);

/// Publishes and handles forty jobs with `trouble` in between; at the end, everything has been handled and is committed.
/// How often a handler ran.
async fn all_is_handled_and_committed(world: World, trouble: impl Fn(&World)) -> usize {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    let topic = bus.topic::<Job>();
    bus.publish(jobs(0..4)).await;
    shared.ledger.until_handled(20).await;
    trouble(&world);
    bus.publish(jobs(4..8)).await;
    shared.ledger.until_handled(40).await;
    all_is_committed(&world, &topic).await;
    probe::until("health", || bus.health(), |health| health.is_well() && health.is_ready()).await;
    let handled: BTreeSet<_> = shared.ledger.succeeded("Worker").into_iter().collect();
    assert_eq!(handled.len(), 40, "{handled:?}");
    shared.ledger.entries().len()
}

/// Five keys with one job of each number.
fn jobs(seqs: Range<u32>) -> impl Iterator<Item = Job> {
    seqs.flat_map(|seq| (0..5).map(move |key| Job::ok(format!("key-{key}"), seq)))
}

/// Returns when the group stands at the end of each partition that has records.
async fn all_is_committed(world: &World, topic: &str) {
    let ends = probe::ends(world.kafka(), topic);
    let committed = || probe::committed(world.kafka(), world.group(), topic);
    probe::until("the last commit", committed, |committed| {
        ends.iter().filter(|(_, end)| **end > 0).all(|(partition, end)| committed.get(partition) == Some(end))
    })
    .await;
}

fn inject(world: &World, api: i16, errors: &[i32]) {
    world.kafka().broker().expect("an embedded cluster").inject_errors(api, errors).expect("errors are injected");
}

// Fails when an error that passes ends the commits of a partition.
async fn commits_outlive_what_the_coordinator_refuses(world: World) {
    // Loading, not available, not the coordinator, a rebalance that runs, a request that timed out.
    let runs = all_is_handled_and_committed(world, |world| inject(world, OFFSET_COMMIT, &[14, 15, 16, 27, 7])).await;
    assert_eq!(runs, 40, "nothing is handled twice");
}

// Fails when such an answer is the end of the partition: it also comes for members that stay (decision 26).
async fn a_member_that_the_coordinator_does_not_know_for_a_moment_goes_on(world: World) {
    // Another generation, an unknown member. After the latter the client joins again, and what was not committed may come
    // twice.
    all_is_handled_and_committed(world, |world| inject(world, OFFSET_COMMIT, &[22, 25])).await;
}

async fn records_outlive_fetches_that_fail(world: World) {
    // Not the leader, unknown topic for a moment, a leader that is not there, a connection that is cut.
    let runs = all_is_handled_and_committed(world, |world| inject(world, FETCH, &[6, 3, 5, -195, 6])).await;
    assert_eq!(runs, 40, "nothing is handled twice");
}

async fn a_group_forms_behind_errors_and_a_slow_network(world: World) {
    let broker = world.kafka().broker().expect("an embedded cluster").clone();
    inject(&world, FIND_COORDINATOR, &[15, 15]);
    inject(&world, JOIN_GROUP, &[16, 14]);
    broker.set_round_trip_time(Duration::from_millis(50)).expect("the network becomes slow");
    all_is_handled_and_committed(world, |_| ()).await;
    broker.clear_errors(JOIN_GROUP).expect("nothing is left of them");
}

/// Three brokers: one leads all partitions, another one coordinates the group. Whichever of them cannot be reached for
/// longer than a session lasts, the other one can.
async fn out_of_reach(broker: i32) {
    let cluster = Embedded::with_brokers(3);
    let world = World::on(Kafka::from(cluster.clone()));
    cluster.set_coordinator(world.group(), COORDINATOR).expect("a group moves");
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    let topic = bus.topic::<Job>();
    probe::ends(world.kafka(), &topic).keys().for_each(|partition| {
        cluster.set_leader(&topic, *partition, Some(LEADER)).expect("a partition moves");
    });
    bus.publish(jobs(0..4)).await;
    shared.ledger.until_handled(20).await;
    cluster.one_broker_down(broker).expect("a broker goes");
    let publisher = bus.publisher();
    let published = tokio::spawn(async move { publisher.publish_all(jobs(4..8)).await });
    tokio::time::sleep(AWAY).await;
    assert_eq!(published.is_finished(), broker != LEADER, "only the leader takes records");
    cluster.one_broker_up(broker).expect("a broker comes back");
    published.await.expect("it does not panic").expect("all is published");
    shared.ledger.until_handled(40).await;
    all_is_committed(&world, &topic).await;
    probe::until("health", || bus.health(), |health| health.is_well() && health.is_ready()).await;
    assert_eq!(check::keys_out_of_order(&shared.ledger.entries()), [""; 0]);
    assert_eq!(bus.stats().dead_lettered, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_out_of_reach_costs_nothing_while_the_coordinator_answers() {
    out_of_reach(LEADER).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_out_of_reach_costs_nothing_while_the_leader_answers() {
    out_of_reach(COORDINATOR).await;
}

// Fails when an output, a record or a commit is given up because its broker is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_dies_under_load_costs_nothing() {
    let name = "a_broker_that_dies_under_load_costs_nothing";
    let Some(mut broker) = tokio::task::block_in_place(|| RealKafka::private(name)) else { return };
    let kafka = Kafka::new(broker.bootstrap_servers()).consumer("heartbeat.interval.ms", "200");
    let world = World::on(kafka);
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    let round =
        |seq: u32| (0..40).map(move |key| Job::new(format!("key-{key}"), seq, [Step::Sleep(5), Step::Publish(1)]));
    let publisher = bus.publisher();
    // Published one after another, whatever the broker does.
    let published = tokio::spawn(async move {
        for seq in 0..30 {
            publisher.publish_all(round(seq)).await.expect("the broker comes back in time");
        }
    });
    shared.ledger.until("load", |runs| runs.len() > 200).await;
    tokio::task::block_in_place(|| {
        broker.kill().expect("it can be killed");
        broker.start().expect("and comes back");
    });
    published.await.expect("all is published");
    shared.ledger.until_handled(40 * 30).await;
    let topic = bus.topic::<Job>();
    probe::until("health", || bus.health(), |health| health.is_well() && health.is_ready()).await;
    assert_eq!(bus.stats().dead_lettered, 0);
    assert_eq!(check::keys_out_of_order(&shared.ledger.entries()), [""; 0]);
    // A commit that the broker does not take at once after its return is sent again.
    let (ends, committed) =
        (probe::ends(world.kafka(), &topic), || probe::committed(world.kafka(), world.group(), &topic));
    probe::until("the last commit", committed, |at| *at == ends).await;
    assert_eq!(bus.stop::<Job>(&world).await, ends);
}

//! What is unfinished is bounded in records, bytes and offsets per partition; the poll loop goes on all the while.

use std::collections::BTreeMap;

use carom::{Bus, Kafka, Supervisor};
use integration_tests::{
    check,
    job::{Job, Shared, Step, Worker, key_in},
    ledger::Entry,
    probe,
    world::World,
};

use super::contract;

contract!(test_bus, embedded, real: {
    behind_a_blocked_key_no_more_records_are_taken_than_allowed,
    behind_a_blocked_key_no_more_bytes_are_taken_than_allowed,
    what_is_handled_takes_no_bytes_any_more,
    beyond_a_blocked_key_no_offset_is_taken_outside_the_window,
    by_default_ten_thousand_records_are_taken,
});

mod poll_interval {
    use super::*;
    contract!(embedded, real: {
        a_handler_slower_than_the_poll_interval_keeps_its_partition,
    });
}

/// Neither limits anything in these tests.
const BYTES: usize = 1 << 30;
const WINDOW: u64 = 1 << 30;

fn bus(world: &World, shared: &Shared) -> Bus<Shared> {
    // A blocked handler holds back whatever shares its lane.
    world.bus_with(shared).supervise::<Worker>(Supervisor::one_for_one().concurrency(1024))
}

fn blocked() -> String {
    key_in(0, 0)
}

fn of_neighbours(runs: &[Entry]) -> usize {
    let blocked = blocked();
    runs.iter().filter(|run| run.partition == 0 && run.key != blocked).count()
}

/// Blocks a key, puts `jobs` behind it into its partition, and waits until `expected` of them have run that do not wait
/// for the key. Says how many had run when a job that is published after that was handled in each other partition.
async fn run_behind_a_blocked_key(
    world: &World,
    bus: Bus<Shared>,
    shared: &Shared,
    jobs: Vec<Job>,
    expected: usize,
) -> usize {
    let bus = world.start(bus).await;
    bus.publish([Job::new(blocked(), 0, [Step::Gate])]).await;
    shared.ledger.until("the blocked key", |runs| runs.len() == 1).await;
    let count = jobs.len();
    bus.publish(jobs).await;
    shared.ledger.until(&format!("{expected} neighbours"), |runs| of_neighbours(runs) >= expected).await;
    for seq in 0..20 {
        bus.publish((1..4).map(|partition| Job::ok(key_in(partition, 0), seq))).await;
        let others = |runs: &[Entry]| runs.iter().filter(|run| run.partition > 0 && run.ended > 0).count();
        shared.ledger.until("the other partitions", |runs| others(runs) == 3 * (seq as usize + 1)).await;
    }
    let ran = of_neighbours(&shared.ledger.entries());
    shared.gate.open();
    shared.ledger.until_handled(1 + count + 60).await;
    let committed = bus.stop::<Job>(world).await;
    assert_eq!(committed, BTreeMap::from([(0, 1 + count as i64), (1, 20), (2, 20), (3, 20)]));
    assert_eq!(shared.ledger.order_violations(), Vec::<String>::new());
    assert_eq!(check::repeated(&shared.ledger.entries()), BTreeMap::new());
    ran
}

/// By turns a job of the blocked key and one of a neighbour.
fn by_turns(count: u32, script: &[Step]) -> Vec<Job> {
    let pair = |seq| [Job::new(blocked(), seq + 1, script), Job::new(key_in(0, 1), seq, script)];
    (0..count).flat_map(pair).collect()
}

// Fails when `Assignment::credit` does not subtract `unfinished`.
async fn behind_a_blocked_key_no_more_records_are_taken_than_allowed(world: World) {
    let shared = Shared::new();
    let bus = bus(&world, &shared).limits(100, BYTES, WINDOW);
    // 100 records of the blocked key are unfinished when 99 neighbours have run, and the 100th may not be taken.
    let ran = run_behind_a_blocked_key(&world, bus, &shared, by_turns(1_000, &[]), 98).await;
    assert!(ran <= 99, "{ran} neighbours were taken");
}

// Fails when `Assignment::credit` does not subtract `held`.
async fn behind_a_blocked_key_no_more_bytes_are_taken_than_allowed(world: World) {
    let shared = Shared::new();
    let limit = 1_000_000;
    let bus = bus(&world, &shared).limits(10_000, limit, WINDOW);
    let padding = vec![Step::Succeed; 400];
    let size = serde_json::to_vec(&padding).unwrap().len();
    let ran = run_behind_a_blocked_key(&world, bus, &shared, by_turns(400, &padding), 100).await;
    // The client is asked for 64 records at a time; how large they are is known afterwards.
    assert!(
        2 * ran * size <= limit + 65 * size,
        "{ran} neighbours of more than {size} bytes, and as many others, were taken"
    );
}

// Fails when a turn of a mailbox ends without `Spare::clear`: the first batch would use the bytes up for ever.
async fn what_is_handled_takes_no_bytes_any_more(world: World) {
    let shared = Shared::new();
    let bus = world.start(bus(&world, &shared).limits(10_000, 1, WINDOW)).await;
    for seq in 0..20 {
        bus.publish([Job::ok(key_in(0, 0), seq)]).await;
        shared.ledger.until_handled(seq as usize + 1).await;
    }
    assert_eq!(bus.stop::<Job>(&world).await[&0], 20);
}

// Fails when `Assignment::credit` only asks whether any of the window is left.
async fn beyond_a_blocked_key_no_offset_is_taken_outside_the_window(world: World) {
    let shared = Shared::new();
    let bus = bus(&world, &shared).limits(10_000, BYTES, 1_000);
    let jobs = (0..3_000).map(|n| Job::ok(key_in(0, 1 + n as usize % 50), n / 50)).collect();
    let ran = run_behind_a_blocked_key(&world, bus, &shared, jobs, 999).await;
    assert_eq!(ran, 999, "the blocked record is the first of the window");
}

// Fails when `Limits::default` allows 20,000 records.
async fn by_default_ten_thousand_records_are_taken(world: World) {
    let shared = Shared::new();
    let bus = bus(&world, &shared);
    // Every fifth job is a neighbour's: 10,000 of the blocked key are reached when 2,500 neighbours have run.
    let (mut of_key, mut of_neighbour) = (0, 0);
    let job = |n: u32| {
        if n.is_multiple_of(5) {
            of_neighbour += 1;
            Job::ok(key_in(0, 1), of_neighbour - 1)
        } else {
            of_key += 1;
            Job::ok(blocked(), of_key)
        }
    };
    let jobs: Vec<Job> = (0..13_500).map(job).collect();
    let ran = run_behind_a_blocked_key(&world, bus, &shared, jobs, 2_499).await;
    assert!(ran <= 2_500, "{ran} neighbours were taken");
}

// Fails when `PollLoop::turn` does nothing while a record is unfinished.
async fn a_handler_slower_than_the_poll_interval_keeps_its_partition(world: World) {
    let shared = Shared::new();
    // librdkafka allows no poll interval below the session timeout.
    let session = world.shortest_session().max(6_000);
    let tune = |kafka: Kafka, option| kafka.consumer(option, session.to_string());
    let world = world.tuned(|kafka| tune(tune(kafka, "session.timeout.ms"), "max.poll.interval.ms"));
    let bus = world.start(bus(&world, &shared)).await;
    bus.publish([Job::new(key_in(0, 0), 0, [Step::Sleep(session * 3 / 2)]), Job::ok(key_in(0, 0), 1)]).await;
    shared.ledger.until_handled(2).await;
    let topic = bus.topic::<Job>();
    let committed = || probe::committed(world.kafka(), world.group(), &topic);
    probe::until("the commit", committed, |committed| committed[&0] == 2).await;
    bus.publish([Job::ok(key_in(1, 0), 0)]).await;
    shared.ledger.until_handled(3).await;
    assert_eq!(check::repeated(&shared.ledger.entries()), BTreeMap::new());
    bus.stop::<Job>(&world).await;
}

//! Events of one key are handled by one actor one after another in log order; parallelism goes beyond the partitions.

use std::time::Duration;

use carom::{Ordering, Retry, Supervisor};
use integration_tests::{
    job::{Job, Shared, Step, Worker},
    world::World,
};

use super::contract;

contract!(test_bus, embedded, real: {
    a_key_keeps_its_order_through_retries_panics_and_timeouts,
    keys_run_side_by_side_beyond_the_partition_count,
    with_order_per_partition_a_failing_record_holds_back_its_partition,
    without_order_every_lane_takes_what_comes,
});

fn policy() -> Supervisor {
    let retry = Retry::exponential(5).initial(Duration::from_millis(5));
    Supervisor::one_for_one().retry(retry).timeout(Duration::from_millis(300))
}

// Fails when `LaneQueue::next` ignores parked keys, and when `Choice::of` gives a key a lane by its offset.
async fn a_key_keeps_its_order_through_retries_panics_and_timeouts(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy().concurrency(8))).await;
    let script = |key: u32, seq: u32| match (key + seq) % 7 {
        0 => vec![Step::Fail],
        1 => vec![Step::Fail, Step::Fail],
        2 => vec![Step::Panic],
        3 => vec![Step::Sleep(3)],
        4 if key.is_multiple_of(5) => vec![Step::Sleep(5), Step::Hang],
        _ => vec![],
    };
    let jobs: Vec<Job> =
        (0..10).flat_map(|seq| (0..20).map(move |key| Job::new(format!("key-{key}"), seq, script(key, seq)))).collect();
    let count = jobs.len();
    bus.publish(jobs).await;
    shared.ledger.until("all jobs", |_| shared.ledger.succeeded("Worker").len() == count).await;
    assert_eq!(shared.ledger.order_violations(), Vec::<String>::new());
}

// Fails when `Choice::lanes` is 1.
async fn keys_run_side_by_side_beyond_the_partition_count(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy().timeout(Duration::from_secs(60)))).await;
    bus.publish((0..40).map(|key| Job::new(format!("key-{key}"), 0, [Step::Gate]))).await;
    // Four partitions: more than four at once are more than one for each.
    shared.ledger.until("ten runs at once", |_| shared.ledger.most_at_once() >= 10).await;
    shared.gate.open();
    shared.ledger.until("all jobs", |_| shared.ledger.succeeded("Worker").len() == 40).await;
}

// Fails when `Choice::of` treats `Ordering::Partition` as `Ordering::Key`.
async fn with_order_per_partition_a_failing_record_holds_back_its_partition(world: World) {
    let shared = Shared::new();
    let policy = policy().ordering(Ordering::Partition);
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy)).await;
    let jobs = (0..60).map(|n| Job::new(format!("key-{n}"), n, if n % 10 == 0 { vec![Step::Fail] } else { vec![] }));
    bus.publish(jobs).await;
    shared.ledger.until("all jobs", |_| shared.ledger.succeeded("Worker").len() == 60).await;
    let entries = shared.ledger.entries();
    for partition in 0..4 {
        let of_partition: Vec<_> = entries.iter().filter(|entry| entry.partition == partition).collect();
        assert!(of_partition.is_sorted_by_key(|entry| entry.offset), "{of_partition:#?}");
        assert!(of_partition.windows(2).all(|pair| pair[0].ended < pair[1].started), "{of_partition:#?}");
    }
}

// Fails when `Mailbox::turn` leaves out the idle lanes.
async fn without_order_every_lane_takes_what_comes(world: World) {
    let shared = Shared::new();
    let policy = policy().ordering(Ordering::Unordered).timeout(Duration::from_secs(60)).concurrency(16);
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy)).await;
    // One key: in order, this would be one run at a time.
    bus.publish((0..16).map(|seq| Job::new("key", seq, [Step::Gate]))).await;
    shared.ledger.until("all at once", |_| shared.ledger.most_at_once() == 16).await;
    shared.gate.open();
    shared.ledger.until("all jobs", |_| shared.ledger.succeeded("Worker").len() == 16).await;
}

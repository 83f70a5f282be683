//! Figures of partitions and handlers.

use carom::{
    Stats, Supervisor,
    stats::{HandlerStats, PartitionStats},
    testing::TestRecord,
};
use integration_tests::{
    job::{Auditor, Job, Shared, Step, Worker, key_in},
    probe,
    world::World,
};

use super::start;
use crate::contract::contract;

contract!(test_bus, embedded, real: {
    each_handler_counts_what_it_did,
    a_partition_says_how_far_it_is,
});

// Fails when one of the counters of `HandlerMeter` is not counted up, and when two mailboxes share a tally.
async fn each_handler_counts_what_it_did(world: World) {
    let shared = Shared::new();
    let policy = Supervisor::one_for_one().on::<integration_tests::job::Declined>(carom::Directive::Discard);
    let bus = world.bus_with(&shared).supervise::<Worker>(policy).supervise::<Auditor>(Supervisor::one_for_one());
    let bus = world.start(bus).await;
    bus.publish([
        Job::new("a", 0, [Step::Fail, Step::Fail]),
        Job::new("b", 0, [Step::Refuse]),
        Job::new("c", 0, [Step::Decline]),
        Job::new("d", 0, [Step::Publish(3)]),
        Job::new("e", 0, [Step::Sleep(60)]),
    ])
    .await;
    let unknown =
        [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", "contract.other.v1"), ("ce_source", "/suite")];
    let headers = probe::text_headers(unknown);
    let topic = bus.topic::<Job>();
    bus.write(&world, vec![TestRecord { topic: topic.clone(), headers, ..TestRecord::default() }]).await;

    let ended = |stats: &Stats| {
        let of = |handler: &HandlerStats| handler.handled + handler.dead_lettered + handler.discarded;
        stats.handlers.iter().map(of).sum::<u64>()
    };
    let attempts = |stats: &Stats| stats.handlers.iter().map(|handler| handler.latency.count).sum::<u64>();
    let complete = |stats: &Stats| (stats.unknown, ended(stats), attempts(stats)) == (1, 10, 12);
    let stats = probe::until("all ends", || bus.stats(), complete).await;
    let [auditor, worker] = &stats.handlers[..] else { panic!("{:?}", stats.handlers) };
    assert!(auditor.actor.ends_with("Auditor") && worker.actor.ends_with("Worker"));
    assert_eq!((worker.event_type, worker.topic.as_str()), ("contract.job.v1", topic.as_str()));
    let ends = [worker.handled, worker.retried, worker.dead_lettered, worker.discarded];
    assert_eq!((ends, worker.latency.count), ([3, 2, 1, 1], 7));
    assert_eq!((auditor.handled, auditor.retried, auditor.latency.count), (5, 0, 5));
    assert_eq!((stats.handled, stats.retried, stats.dead_lettered, stats.discarded), (8, 2, 1, 1));
    // Fails when the class is left out, or is another one than that of the header.
    assert_eq!((stats.dead_letters, stats.reduced), ([("permanent", 1)].into(), 0));
    assert_eq!(stats.published, 5 + 3, "by hand, and what a handler returned");
    // Fails when an attempt that waits is timed by the lane's run in which it ends.
    assert!(worker.latency.within(1.0).unwrap() >= 0.025 && worker.latency.sum_seconds >= 0.03, "{worker:?}");
    assert!(auditor.latency.sum_seconds > 0.0);
}

async fn a_partition_says_how_far_it_is(world: World) {
    let (bus, shared, _capture) = start(&world, |bus| bus).await;
    let (first, hot) = (key_in(2, 0), key_in(2, 1));
    bus.publish([Job::new(first.clone(), 0, [Step::Gate])]).await;
    bus.publish((0..20).map(|seq| Job::new(hot.clone(), seq, [Step::PublishAtGate]))).await;
    let of = |stats: Stats| {
        stats.partitions.into_iter().find(|partition| partition.partition == 2 && partition.in_flight > 0)
    };
    let told = |partition: &Option<PartitionStats>| {
        let of = |partition: &PartitionStats| {
            (partition.lag, partition.end, partition.in_flight, partition.consumed, partition.prefetched)
        };
        partition.as_ref().map(of) == Some((Some(21), Some(21), 21, 21, Some(0)))
    };
    let partition = probe::until("lag", || of(bus.stats()), told).await.unwrap();
    assert_eq!(partition.topic, bus.topic::<Job>());
    assert_eq!((partition.finished, partition.parked_keys), (0, 0));
    assert!(partition.hottest_keys.iter().map(|key| key.share).sum::<f64>() <= 1.5);

    shared.gate.open();
    let done = |stats: Stats| stats.partitions.into_iter().find(|partition| partition.partition == 2).unwrap();
    // Fails when a parked key is not counted down.
    let all = |partition: &PartitionStats| {
        (partition.committed, partition.in_flight, partition.parked_keys, partition.lag, partition.finished)
            == (Some(21), 0, 0, Some(0), 21)
    };
    probe::until("the end and the commit", || done(bus.stats()), all).await;
    assert_eq!(bus.stop::<Job>(&world).await[&2], 21);
}

// Fails when `LaneQueue::park` does not say whether the key is new.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parked_keys_are_counted_while_they_wait() {
    let world = World::embedded();
    let policy = Supervisor::one_for_one().retry(carom::Retry::fixed(5, std::time::Duration::from_millis(50)));
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(policy)).await;
    bus.publish(
        ["a", "b"]
            .into_iter()
            .flat_map(|key| [Job::new(key, 0, [Step::Fail, Step::Fail, Step::Gate]), Job::ok(key, 1)]),
    )
    .await;
    shared.ledger.until("the third attempts", |entries| entries.len() == 6).await;
    let parked = |stats: &Stats| stats.partitions.iter().map(|partition| partition.parked_keys).sum::<usize>() == 2;
    let stats = probe::until("two parked keys", || bus.stats(), parked).await;
    assert_eq!(stats.partitions.iter().map(|partition| partition.in_flight).sum::<usize>(), 4);
}

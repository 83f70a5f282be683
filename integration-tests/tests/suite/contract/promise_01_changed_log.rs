//! A topic that changes under its readers: it is made anew, retention overtakes them, or it gets more partitions.

use std::collections::BTreeMap;

use carom::{Supervisor, testing::TestRecord};
use integration_tests::{
    capture::Capture,
    job::{Job, Shared, Worker, key_in},
    probe,
    world::World,
};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewPartitions},
    client::DefaultClientContext,
};

use super::contract;

// The embedded broker can do nothing of this.
contract!(real: {
    a_topic_made_anew_is_read_from_its_beginning,
    what_was_deleted_before_it_was_read_is_named,
    partitions_that_are_added_are_read_from_their_beginning,
});

fn admin(world: &World) -> AdminClient<DefaultClientContext> {
    let servers = world.kafka().bootstrap_servers().expect("the cluster has an address");
    ClientConfig::new().set("bootstrap.servers", servers).create().expect("a plain client starts")
}

fn record(topic: &str, n: u32) -> TestRecord {
    let id = format!("job-{n}");
    let headers =
        [("ce_specversion", "1.0"), ("ce_id", id.as_str()), ("ce_type", "contract.job.v1"), ("ce_source", "/suite")];
    TestRecord {
        topic: topic.to_owned(),
        key: Some(b"key".to_vec()),
        value: Some(serde_json::to_vec(&Job::ok("key", n)).unwrap()),
        headers: probe::text_headers(headers),
    }
}

// Fails when what does not ascend is dropped: the client finds its offset out of range and begins again, without a word
// to the program. `consumer/tests/begins_again.rs` has the cases one by one.
async fn a_topic_made_anew_is_read_from_its_beginning(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    let topic = bus.topic::<Job>();
    bus.write(&world, (0..20).map(|n| record(&topic, n)).collect()).await;
    shared.ledger.until_handled(20).await;

    admin(&world).delete_topics(&[&topic], &AdminOptions::new()).await.expect("the cluster answers")[0]
        .as_ref()
        .expect("the topic is deleted");
    probe::until("the topic's end", || probe::partitions(world.kafka(), &topic), |count| *count == 0).await;
    world.create_topic(&topic).await;
    bus.write(&world, (20..25).map(|n| record(&topic, n)).collect()).await;

    shared.ledger.until_handled(25).await;
    let handled: Vec<_> = shared.ledger.succeeded("Worker").into_iter().map(|(_, seq)| seq).collect();
    assert_eq!(handled, (0..25).collect::<Vec<_>>());
}

// Fails when the poll loop does not look for what is missing, and when `Source::low` does not say where the log begins.
async fn what_was_deleted_before_it_was_read_is_named(world: World) {
    let shared = Shared::new();
    let bus = || world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one());
    let first = world.start(bus()).await;
    let topic = first.topic::<Job>();
    let jobs = |numbers: std::ops::Range<u32>| numbers.map(|n| Job::ok(key_in(2, 0), n));
    first.publish(jobs(0..10)).await;
    shared.ledger.until_handled(10).await;
    let publisher = first.publisher();
    assert_eq!(first.stop::<Job>(&world).await[&2], 10);

    publisher.publish_all(jobs(10..30)).await.expect("the jobs are published");
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(&topic, 2, Offset::Offset(25)).expect("that is an offset");
    admin(&world).delete_records(&from, &AdminOptions::new()).await.expect("the records are deleted");
    let capture = Capture::of(&topic);
    let second = world.start(bus()).await;
    shared.ledger.until_handled(15).await;
    let handled: Vec<_> = shared.ledger.succeeded("Worker").into_iter().map(|(_, seq)| seq).collect();
    assert_eq!(handled, (0..10).chain(25..30).collect::<Vec<_>>());
    let said = capture.named("carom.records.deleted_unread");
    let of = |field: &str| said.iter().map(|line| line.get(field).unwrap_or("none")).collect::<Vec<_>>().join(" ");
    assert_eq!(["partition", "offset", "end"].map(of), ["2", "10", "25"]);
    let lost = second.stats().partitions.into_iter().map(|partition| (partition.partition, partition.deleted_unread));
    assert_eq!(lost.collect::<BTreeMap<_, _>>(), BTreeMap::from([(0, 0), (1, 0), (2, 15), (3, 0)]));
    assert_eq!(second.stop::<Job>(&world).await[&2], 30);
}

// Fails when `auto.offset.reset` is `latest`: what was written before the group saw the partitions is skipped.
async fn partitions_that_are_added_are_read_from_their_beginning(world: World) {
    let world = world.tuned(|kafka| kafka.consumer("topic.metadata.refresh.interval.ms", "1000"));
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    let topic = bus.topic::<Job>();
    bus.publish((0..40).map(|n| Job::ok(format!("key-{n}"), 0))).await;
    shared.ledger.until_handled(40).await;
    let added = admin(&world).create_partitions(&[NewPartitions::new(&topic, 7)], &AdminOptions::new()).await;
    added.expect("the cluster answers")[0].as_ref().expect("there are more partitions");
    probe::until("the new ones", || probe::partitions(world.kafka(), &topic), |count| *count == 7).await;
    // A new client, which knows all of them at once.
    let fresh = world.start(world.bus()).await;
    fresh.publish((0..40).map(|n| Job::ok(format!("key-{n}"), 1))).await;
    shared.ledger.until_handled(80).await;
    let of_new_ones = |runs: Vec<integration_tests::ledger::Entry>| runs.iter().filter(|run| run.partition > 3).count();
    assert!(of_new_ones(shared.ledger.entries()) > 0, "some keys moved");
    let committed = bus.stop::<Job>(&world).await;
    assert_eq!((committed.len(), committed.values().sum::<i64>()), (7, 80));
}

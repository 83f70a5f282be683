//! Nothing vanishes: what cannot be handled is dead-lettered as it was, or stays where it is.

use std::collections::BTreeMap;

use carom::{Health, Supervisor, testing::TestRecord};
use integration_tests::{
    job::{Auditor, Job, Shared, Step, Worker},
    probe,
    world::{Running, World},
};
use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};

use super::contract;

contract!(test_bus, embedded, real: {
    a_dead_letter_is_the_record_as_it_was,
    a_dead_letter_without_room_for_its_record_points_to_it,
    what_nobody_handles_is_kept_once_where_the_bus_says_so,
});

async fn start(world: &World, shared: &Shared) -> Running {
    world.start(world.bus_with(shared).supervise::<Worker>(Supervisor::one_for_one())).await
}

// Fails when `dead_letter::Draft::build` leaves out a header.
async fn a_dead_letter_is_the_record_as_it_was(world: World) {
    let shared = Shared::new();
    let bus = start(&world, &shared).await;
    bus.publish([Job::new("key", 0, [Step::Refuse])]).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    let originals = bus.records::<Job>(&world);
    let (letter, original) = (&letters[0], &originals[0]);
    assert_eq!((&letter.key, &letter.value), (&original.key, &original.value));
    assert_eq!(letter.foreign_headers(), original.headers);
    assert_eq!(letter.partition, original.partition);
    assert_eq!(letter.header("carom-original-offset"), Some("0"));
    assert_eq!(letter.header("carom-original-partition"), Some(original.partition.to_string().as_str()));
    assert_eq!(letter.header("carom-group"), Some(world.group()));
}

// Fails when a pointer leaves out the key. (A form that is too large after all would be refused, and shrunk then.)
async fn a_dead_letter_without_room_for_its_record_points_to_it(world: World) {
    let shared = Shared::new();
    // Half of what the writer below may send; a dead letter may have 64 KiB more than that.
    let strict = world.with_kafka(|kafka| kafka.producer("message.max.bytes", "500000"));
    let bus = start(&strict, &shared).await;
    // Larger than any record of a test bus, less what stands around it.
    let value = vec![b'{'; 999_500];
    let headers = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", "contract.job.v1"), ("ce_source", "/suite")];
    let kept = probe::text_headers(headers);
    let headers = probe::text_headers(headers.into_iter().chain([("x-team", "blue")]));
    let record = TestRecord { topic: bus.topic::<Job>(), key: Some(b"key".to_vec()), value: Some(value), headers };
    bus.write(&world, vec![record]).await;
    bus.publish([Job::ok("key", 0)]).await;

    let letters = bus.dead_letters::<Job>(&strict, 1).await;
    shared.ledger.until("the next of the key", |_| !shared.ledger.runs("Worker", "key", 0).is_empty()).await;
    let letter = &letters[0];
    assert_eq!(letter.header("carom-reduced"), Some("pointer"));
    // Fails when what was left out is forgotten by the time the letter is counted.
    let counted = || bus.stats();
    let stats = probe::until("the letter", counted, |stats| stats.dead_lettered == 1).await;
    assert_eq!((stats.dead_letters, stats.reduced), ([("decode", 1)].into(), 1));
    assert_eq!((letter.key.as_deref(), letter.value.as_deref()), (Some(&b"key"[..]), Some(&b""[..])));
    assert_eq!(letter.foreign_headers(), kept, "only what says which event it was");
    assert_eq!(letter.header("carom-original-size"), Some("999500"));
    assert_eq!(letter.header("carom-original-sha256").map(str::len), Some(64));
    assert_eq!(letter.header("carom-original-offset"), Some("0"));
    assert_eq!(letter.header("carom-error-class"), Some("decode"));
    assert_eq!(bus.stop::<Job>(&strict).await.values().sum::<i64>(), 2);
}

// Fails when a mailbox that is not the lead fails the record too: there are two letters.
async fn what_nobody_handles_is_kept_once_where_the_bus_says_so(world: World) {
    let shared = Shared::new();
    let bus = world.bus_with(&shared).dead_letter_unknown_types::<Job>().supervise::<Worker>(Supervisor::one_for_one());
    let bus = world.start(bus.supervise::<Auditor>(Supervisor::one_for_one())).await;
    let endless = format!("contract.{}", "x".repeat(2_000));
    let record = |event_type: &str, more: Option<(&str, &str)>| {
        let headers = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", event_type), ("ce_source", "/suite")];
        let headers = probe::text_headers(headers.into_iter().chain(more));
        TestRecord { topic: bus.topic::<Job>(), key: Some(b"key".to_vec()), value: Some(b"{}".to_vec()), headers }
    };
    // Fails when it is not asked whether what nobody handles came too late.
    let late = record("contract.other.v1", Some(("ce_expirytime", "2020-01-01T00:00:00Z")));
    bus.write(&world, vec![late, record("contract.other.v1", None), record(&endless, None)]).await;
    bus.publish([Job::ok("key", 0)]).await;
    shared.ledger.until("the next of the key", |_| shared.ledger.succeeded("Auditor").len() == 1).await;

    let counted = || bus.stats();
    let stats = probe::until("both letters", counted, |stats| stats.dead_lettered >= 2).await;
    assert_eq!((stats.unknown, stats.expired, stats.dead_letters), (3, 1, [("unknown-type", 2)].into()));
    let letters = bus.dead_letters::<Job>(&world, 2).await;
    // A record that nobody handles waits for no other: their letters come in any order.
    let (short, long): (Vec<_>, Vec<_>) =
        letters.iter().partition(|letter| letter.header("carom-event-type") == Some("contract.other.v1"));
    assert_eq!((short.len(), long.len()), (1, 1));
    let header = |name| short[0].header(name);
    assert_eq!([header("carom-error-class"), header("carom-attempts")], [Some("unknown-type"), Some("0")]);
    assert_eq!(header("carom-error-message"), Some("no actor of this service handles `contract.other.v1`"));
    assert!(long[0].header("carom-error-message").is_some_and(|text| text.len() < 400));
    assert_eq!(bus.stop::<Job>(&world).await.values().sum::<i64>(), 4);
}

// Fails when `forward::dead_letter` settles the record although `send` failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_dead_lettered_stays_where_it_is_and_its_key_waits() {
    let patient = World::embedded();
    let world = patient.clone().tuned(|kafka| kafka.producer("delivery.timeout.ms", "1000"));
    let broker = world.kafka().broker().unwrap().clone();
    let shared = Shared::new();
    let bus = start(&world, &shared).await;
    // What is written to be handled is not given up after a second.
    let writer = patient.start(patient.bus()).await;
    let topic = bus.topic::<Job>();
    let letters = format!("{topic}.{}.dlq", world.group());
    (0..4).for_each(|partition| broker.set_leader(&letters, partition, None).unwrap());

    let undecodable = TestRecord { topic: topic.clone(), key: Some(b"key".to_vec()), ..TestRecord::default() };
    let stuck = writer.write(&patient, vec![undecodable]).await[0];
    let others = (0..100).map(|n| Job::ok(format!("key-{n}"), 0));
    writer.publish([Job::new("key", 0, [Step::Refuse]), Job::ok("key", 1)].into_iter().chain(others)).await;
    shared.ledger.until("the neighbours", |_| shared.ledger.succeeded("Worker").len() == 100).await;
    let says_so =
        |health: &Health| health.degraded.iter().any(|reason| reason.contains("a dead letter cannot be written"));
    probe::until("bad news", || bus.health(), says_so).await;
    let ends = probe::ends(world.kafka(), &topic);
    let committed = || probe::committed(world.kafka(), world.group(), &topic);
    let rest_is_done = |now: &BTreeMap<i32, i64>| ends.iter().all(|(at, end)| *at == stuck.0 || now[at] == *end);
    let now = probe::until("the other partitions", committed, rest_is_done).await;
    assert_eq!(now[&stuck.0], stuck.1, "the offset does not move");
    assert_eq!(shared.ledger.runs("Worker", "key", 1), [], "the key waits");

    (0..4).for_each(|partition| broker.set_leader(&letters, partition, Some(1)).unwrap());
    shared.ledger.until("the next of the key", |_| !shared.ledger.runs("Worker", "key", 1).is_empty()).await;
    let well = |health: &Health| health.is_well();
    probe::until("good news", || bus.health(), well).await;
    let letters = bus.dead_letters::<Job>(&world, 2).await;
    let mut classes: Vec<_> = letters.iter().map(|letter| letter.header("carom-error-class").unwrap()).collect();
    classes.sort_unstable();
    // One whose answer came too late is written again.
    classes.dedup();
    assert_eq!(classes, ["decode", "permanent"], "both are there");
    assert_eq!(shared.ledger.runs("Worker", "key", 0).len(), 1, "the handler does not run again for that");
    assert_eq!(bus.stop::<Job>(&world).await, ends);
}

// Fails when `forward::dead_letter` settles the record although `send` failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_dead_letter_is_sent_again_until_it_is_written() {
    let world = World::test_bus();
    let shared = Shared::new();
    let bus = start(&world, &shared).await;
    let Running::Test(bus) = &bus else { unreachable!("that is a test bus") };
    bus.refuse_next(20);
    let outcome = bus.deliver(Job::new("key", 0, [Step::Refuse])).await;
    assert_eq!(outcome.dead_letter(), Some("asked to refuse"));
    assert_eq!((bus.dead_letters().len(), shared.ledger.entries().len()), (1, 1));
    assert!(bus.health().is_well());
}

// Fails when `forward::dead_letter` does not shrink what the broker finds too large.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_its_topic_finds_too_large_points_to_its_record() {
    let Some(world) = tokio::task::block_in_place(|| World::real("a_dead_letter_that_its_topic_finds_too_large"))
    else {
        return;
    };
    let shared = Shared::new();
    let topic = world.start(world.bus()).await.topic::<Job>();
    let letters = format!("{topic}.{}.dlq", world.group());
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", world.kafka().bootstrap_servers().unwrap()).create().unwrap();
    let small = NewTopic::new(&letters, 4, TopicReplication::Fixed(1)).set("max.message.bytes", "20000");
    admin.create_topics([&small], &AdminOptions::new()).await.unwrap();

    let bus = start(&world, &shared).await;
    // Not compressible: the topic's limit is about what is written.
    let value: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(100_000).collect();
    let record = TestRecord { topic, key: Some(b"key".to_vec()), value: Some(value), ..TestRecord::default() };
    bus.write(&world, vec![record]).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    assert_eq!(letters[0].header("carom-reduced"), Some("pointer"));
    assert_eq!(letters[0].header("carom-original-size"), Some("100000"));
    assert_eq!(letters[0].key.as_deref(), Some(&b"key"[..]));
    assert_eq!(bus.stop::<Job>(&world).await.values().sum::<i64>(), 1);
}

//! Publishing waits for the broker; a handler's output is published before its input is committed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use carom::{Retry, Supervisor, error::PublishErrorKind, kafka::Topics};
use integration_tests::{
    job::{Done, Job, Shared, Step, Worker},
    probe::{self, Letter},
    world::{Running, World},
};
use uuid::Uuid;

use super::contract;

contract!(embedded, real: {
    publish_returns_when_the_broker_has_the_event,
    publish_all_keeps_the_order_of_each_key,
    publish_all_keeps_the_order_on_a_topic_that_is_new,
    a_topic_that_does_not_exist_is_an_error_within_seconds,
});

mod everywhere {
    use super::{
        a_call_ends_at_an_event_that_cannot_be_written, contract, events_published_by_hand_have_ids_of_their_own,
        outputs_have_the_same_ids_when_the_handler_runs_again, what_is_too_large_is_refused_at_once,
        what_is_too_large_of_a_handler_fails_its_input_for_good,
    };

    contract!(test_bus, embedded, real: {
        a_call_ends_at_an_event_that_cannot_be_written,
        events_published_by_hand_have_ids_of_their_own,
        outputs_have_the_same_ids_when_the_handler_runs_again,
        what_is_too_large_is_refused_at_once,
        what_is_too_large_of_a_handler_fails_its_input_for_good,
    });
}

fn policy() -> Supervisor {
    Supervisor::one_for_one().retry(Retry::exponential(4).initial(Duration::from_millis(5)))
}

fn done(nth: u32, text: String) -> Done {
    Done { key: "key".to_owned(), seq: 0, nth, text }
}

async fn start(world: &World, shared: &Shared) -> Running {
    let bus = world.start(world.bus_with(shared).supervise::<Worker>(policy())).await;
    world.create_topic(&bus.topic::<Done>()).await;
    bus
}

fn event<E: serde::de::DeserializeOwned>(record: &Letter) -> E {
    serde_json::from_slice(record.value.as_deref().expect("a value")).expect("an event")
}

fn id(record: &Letter) -> Uuid {
    record.header("ce_id").expect("an id").parse().expect("a UUID")
}

// Fails when `Publisher::publish` lets `send` go on by itself instead of awaiting it.
async fn publish_returns_when_the_broker_has_the_event(world: World) {
    // What is not waited for stays in the client for this long.
    let world = world.with_kafka(|kafka| kafka.producer("linger.ms", "400"));
    let bus = world.start(world.bus()).await;
    let topic = bus.topic::<Job>();
    world.create_topic(&topic).await;
    for seq in 0..3 {
        bus.publisher().publish(Job::ok("key", seq)).await.unwrap();
        let ends = tokio::task::block_in_place(|| probe::ends(world.kafka(), &topic));
        assert_eq!(ends.values().sum::<i64>(), i64::from(seq) + 1);
    }
}

// Fails when `Publisher::publish_all` sends the records in reverse.
async fn publish_all_keeps_the_order_of_each_key(world: World) {
    // Nothing is acknowledged so soon: more than a thousand are on their way, and the producer's thread gives the rest to
    // the client.
    let world = world.with_kafka(|kafka| kafka.producer("linger.ms", "400"));
    let bus = world.start(world.bus()).await;
    world.create_topic(&bus.topic::<Job>()).await;
    let jobs =
        |from: u32| (from..from + 150).flat_map(|seq| (0..10).map(move |key| Job::ok(format!("key-{key}"), seq)));
    // Neither call waits for the other: their order is that of the calls.
    let publisher = bus.publisher();
    let (first, second) = tokio::join!(publisher.publish_all(jobs(0)), publisher.publish_all(jobs(150)));
    first.and(second).unwrap();
    let mut keys: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for record in bus.records::<Job>(&world) {
        let job: Job = event(&record);
        keys.entry(job.key).or_default().push(job.seq);
    }
    assert_eq!(keys.len(), 10);
    let expected: Vec<u32> = (0..300).collect();
    assert!(keys.values().all(|seqs| *seqs == expected), "{keys:?}");
}

// Fails when `ProvisioningSink::send` does not wait for the topic. That blocks of a call do not overtake each other there is
// seen in the next test: there are none.
async fn publish_all_keeps_the_order_on_a_topic_that_is_new(world: World) {
    let bus = world.start(world.bus()).await;
    bus.publisher().publish_all((0..500).map(|nth| done(nth, String::new()))).await.unwrap();
    let nths: Vec<u32> = bus.records::<Done>(&world).iter().map(|record| event::<Done>(record).nth).collect();
    assert_eq!(nths, (0..500).collect::<Vec<_>>());
}

// Fails when `Publisher::enqueue` leaves out what is refused and goes on, and when it returns without the calls that it
// has made.
async fn a_call_ends_at_an_event_that_cannot_be_written(world: World) {
    // What is not waited for stays in the client for this long.
    let world = world.with_kafka(|kafka| kafka.producer("linger.ms", "400"));
    let bus = world.start(world.bus()).await;
    world.create_topic(&bus.topic::<Done>()).await;
    let text = |nth| if nth == 100 { "x".repeat(1_000_000) } else { String::new() };
    let events = || (0..150).map(|nth| done(nth, text(nth)));
    let error = bus.publisher().publish_all(events()).await.unwrap_err();
    assert_eq!(error.kind(), PublishErrorKind::Invalid, "{error}");
    let written = || bus.records::<Done>(&world).iter().map(|record| event::<Done>(record).nth).collect::<Vec<_>>();
    assert!(
        [vec![], (0..64).collect()].contains(&written()),
        "the block of a refused event is not sent: {:?}",
        written()
    );
    assert_eq!(written().is_empty(), !world.is_test_bus(), "a topic that is new gets all events at once");
    let before = written().len();
    bus.publisher().publish(done(0, String::new())).await.unwrap();
    bus.publisher().publish_all(events()).await.unwrap_err();
    assert_eq!(written()[before + 1..], (0..64).collect::<Vec<_>>(), "and now it is known");
}

// Fails when the producer leaves `topic.metadata.propagation.max.ms` at librdkafka's 30 s.
async fn a_topic_that_does_not_exist_is_an_error_within_seconds(world: World) {
    let world = world.with_kafka(|kafka| kafka.topics(Topics::Ignore));
    let bus = world.start(world.bus()).await;
    let asked = Instant::now();
    let error = bus.publisher().publish(done(0, String::new())).await.unwrap_err();
    assert_eq!(error.kind(), PublishErrorKind::Refused, "{error}");
    let topic = bus.topic::<Done>();
    assert!(error.to_string().contains(&format!("topic `{topic}` does not exist: create it")), "{error}");
    assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
}

// Fails when `Publisher::encode` takes the nil id.
async fn events_published_by_hand_have_ids_of_their_own(world: World) {
    let bus = world.start(world.bus()).await;
    world.create_topic(&bus.topic::<Job>()).await;
    bus.publish((0..20).map(|seq| Job::ok("key", seq))).await;
    let ids: Vec<Uuid> = bus.records::<Job>(&world).iter().map(id).collect();
    assert!(ids.iter().all(|id| id.get_version_num() == 7), "{ids:?}");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 20);
    assert!(ids.is_sorted(), "and they tell the order: {ids:?}");
}

// Fails when `Origin::attributes` takes a fresh id, and when it leaves out the index.
async fn outputs_have_the_same_ids_when_the_handler_runs_again(world: World) {
    let shared = Shared::new();
    let bus = start(&world, &shared).await;
    // Once it succeeds, then it comes again, and fails before it succeeds.
    bus.publish([
        Job::new("key", 0, [Step::Publish(3), Step::Fail, Step::Publish(3)]),
        Job::new("key", 1, [Step::Publish(1)]),
    ])
    .await;
    let outputs = |count: usize| probe::until("outputs", || bus.records::<Done>(&world), move |all| all.len() >= count);
    outputs(4).await;
    let input = &bus.records::<Job>(&world)[0];
    bus.write(&world, vec![input.to_record(&bus.topic::<Job>())]).await;
    let outputs = outputs(7).await;
    assert_eq!(shared.ledger.runs("Worker", "key", 0).len(), 3);

    let nth: Vec<(u32, u32)> = outputs
        .iter()
        .map(|output| {
            let done: Done = event(output);
            (done.seq, done.nth)
        })
        .collect();
    assert_eq!(
        nth,
        [(0, 0), (0, 1), (0, 2), (1, 0), (0, 0), (0, 1), (0, 2)],
        "in the order in which they were returned"
    );
    let ids: Vec<Uuid> = outputs.iter().map(id).collect();
    assert!(ids.iter().all(|id| id.get_version_num() == 5), "{ids:?}");
    assert_eq!(ids[..3], ids[4..], "the same for the same input");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 4, "and others for another: {ids:?}");
    assert!(outputs[..3].iter().all(|output| output.header("ce_causationid") == input.header("ce_id")));
}

// Fails when `Publisher::encode` does not compare sizes and leaves that to the sink, in words about records.
async fn what_is_too_large_is_refused_at_once(world: World) {
    let bus = world.start(world.bus()).await;
    world.create_topic(&bus.topic::<Done>()).await;
    for events in [vec![done(0, "x".repeat(1_200_000))], vec![done(0, String::new()), done(1, "x".repeat(999_950))]] {
        let error = bus.publisher().publish_all(events).await.unwrap_err();
        assert_eq!(error.kind(), PublishErrorKind::Invalid, "{error}");
        let text = error.to_string();
        assert!(text.contains("`contract.done.v1` was not published: it takes 1"), "{text}");
        assert!(text.contains("bytes, and the limit is 1000000"), "{text}");
    }
    assert_eq!(bus.records::<Done>(&world), [], "nothing of the call is sent");
}

// Fails when `outputs::publish` sends again what is too large.
async fn what_is_too_large_of_a_handler_fails_its_input_for_good(world: World) {
    let shared = Shared::new();
    let bus = start(&world, &shared).await;
    bus.publish([Job::new("key", 0, [Step::PublishLarge(1_200_000)]), Job::ok("key", 1)]).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    shared.ledger.until("the next job of the key", |_| shared.ledger.runs("Worker", "key", 1).len() == 1).await;
    assert_eq!(letters[0].header("carom-error-class"), Some("permanent"));
    assert_eq!(letters[0].header("carom-attempts"), Some("1"));
    let message = letters[0].header("carom-error-message").unwrap();
    assert!(message.contains("at most 1000000 are allowed"), "{message}");
    assert_eq!(shared.ledger.runs("Worker", "key", 0).len(), 1);
    assert_eq!(bus.records::<Done>(&world), []);
    assert_eq!(bus.stop::<Job>(&world).await.values().sum::<i64>(), 2);
}

// Fails when `Mailbox::ended` treats outputs as if there were none or finishes their input at once, and when
// `outputs::publish` gives up after a failure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_input_is_finished_after_its_outputs_are_in_the_log() {
    let patient = World::embedded();
    let world = patient.clone().tuned(|kafka| kafka.producer("delivery.timeout.ms", "1000"));
    let broker = world.kafka().broker().unwrap().clone();
    let shared = Shared::new();
    let bus = start(&world, &shared).await;
    // What is written to be handled is not given up after a second.
    let writer = patient.start(patient.bus()).await;
    let (jobs, outputs) = (bus.topic::<Job>(), bus.topic::<Done>());
    (0..4).for_each(|partition| broker.set_leader(&outputs, partition, None).unwrap());

    let others = (0..100).map(|n| Job::ok(format!("key-{n}"), 0));
    writer.publish([Job::new("key", 0, [Step::Publish(3)]), Job::ok("key", 1)].into_iter().chain(others)).await;
    shared.ledger.until("the neighbours", |_| shared.ledger.succeeded("Worker").len() == 101).await;
    let refused = |health: &carom::Health| health.degraded.iter().any(|reason| reason.contains("cannot publish"));
    probe::until("bad news", || bus.health(), refused).await;
    let input = shared.ledger.runs("Worker", "key", 0)[0].clone();
    let ends = probe::ends(world.kafka(), &jobs);
    let committed = || probe::committed(world.kafka(), world.group(), &jobs);
    let rest_is_done =
        |now: &BTreeMap<i32, i64>| ends.iter().all(|(at, end)| *at == input.partition || now[at] == *end);
    let now = probe::until("the other partitions", committed, rest_is_done).await;
    assert_eq!(now[&input.partition], input.offset, "the input is not finished");
    assert_eq!(shared.ledger.runs("Worker", "key", 1), [], "and its key waits");

    (0..4).for_each(|partition| broker.set_leader(&outputs, partition, Some(1)).unwrap());
    shared.ledger.until("the next of the key", |_| !shared.ledger.runs("Worker", "key", 1).is_empty()).await;
    let done: Vec<u32> = bus.records::<Done>(&world).iter().map(|record| event::<Done>(record).nth).collect();
    // Those whose answer came too late are written again, all of them: the order at the end is right.
    assert!(done.ends_with(&[0, 1, 2]), "{done:?}");
    assert_eq!(shared.ledger.runs("Worker", "key", 0).len(), 1, "the handler is not run again for that");
    assert!(bus.health().is_well());
    assert_eq!(bus.stop::<Job>(&world).await, ends);
}

// Fails when `outputs::publish` sends again only the first that failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_outputs_are_sent_again_and_their_handler_does_not_run_again() {
    let world = World::test_bus();
    let shared = Shared::new();
    let bus = start(&world, &shared).await;
    let Running::Test(bus) = &bus else { unreachable!("that is a test bus") };
    bus.refuse_next(5);
    let outcome = bus.deliver(Job::new("key", 0, [Step::Publish(3)])).await;
    assert!(outcome.is_acked(), "{outcome:?}");
    assert_eq!((outcome.retries(), shared.ledger.entries().len()), (0, 1));
    // The second round got only the last one through: all go again, so that the order at the end is right.
    let done: Vec<u32> = bus.published::<Done>().iter().map(|done| done.nth).collect();
    assert_eq!(done, [2, 0, 1, 2]);
    let ids: Vec<_> = bus.records().iter().map(|record| record.header("ce_id").unwrap().to_owned()).collect();
    assert_eq!(ids[0], ids[3], "a repeat can be recognised");
    assert!(bus.health().is_well());
}

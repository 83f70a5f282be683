//! Log lines for an operator.

use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use carom::{
    Actor, Context, Event, Failure, FromRef, Handler, Health, Supervisor, handler, telemetry::Keys, testing::TestRecord,
};
use integration_tests::{
    capture::{Capture, Line},
    job::{Job, Step, Worker},
    probe,
    world::{Running, World},
};
use serde::{Deserialize, Serialize};
use tracing::Level;

use super::{Told, start};
use crate::contract::contract;

contract!(test_bus, embedded: {
    a_record_that_succeeds_says_nothing,
    each_retry_and_each_dead_letter_is_one_line_with_all_that_an_operator_asks_for,
    a_rebalance_is_one_line_however_many_partitions_come,
});

mod in_memory {
    use super::{
        a_handler_that_always_blocks_is_named_once_a_minute, a_hidden_key_is_a_hash,
        a_large_event_is_said_once_for_each_type, a_large_event_that_is_only_written_is_said_once, contract,
    };

    contract!(test_bus: {
        a_handler_that_always_blocks_is_named_once_a_minute,
        a_hidden_key_is_a_hash,
        a_large_event_is_said_once_for_each_type,
        a_large_event_that_is_only_written_is_said_once,
    });
}

mod on_kafka {
    use super::{another_service_in_the_group_is_named_at_start, contract};

    contract!(real: {
        another_service_in_the_group_is_named_at_start,
    });
}

fn of_records(capture: &Capture) -> Vec<Line> {
    capture.lines().into_iter().filter(|line| line.target == "carom::record").collect()
}

// Fails when a line is added to the path of a record that succeeds.
async fn a_record_that_succeeds_says_nothing(world: World) {
    let (bus, shared, capture) = start(&world, |bus| bus).await;
    bus.publish((0..50).map(|n| Job::ok(format!("key-{n}"), 0))).await;
    shared.ledger.until_handled(50).await;
    bus.stop::<Job>(&world).await;
    assert!(of_records(&capture).is_empty(), "{:?}", of_records(&capture));
    let inside: Vec<_> = capture.lines().into_iter().filter(|line| line.span.is_some()).collect();
    assert!(inside.is_empty(), "{inside:?}");
}

async fn each_retry_and_each_dead_letter_is_one_line_with_all_that_an_operator_asks_for(world: World) {
    let (bus, _, capture) = start(&world, |bus| bus).await;
    bus.publish([Job::new("order-7", 0, [Step::Fail, Step::Unavailable, Step::Refuse])]).await;
    let letters = bus.dead_letters::<Job>(&world, 1).await;
    let topic = bus.topic::<Job>();
    // The letter is in the log before the supervisor knows.
    probe::until("the last line", || of_records(&capture), |lines| lines.len() == 3).await;
    bus.stop::<Job>(&world).await;
    let lines = of_records(&capture);
    let said: Vec<_> = lines.iter().map(|line| (line.name, line.get("message").unwrap(), line.level)).collect();
    // Fails when one of the three is not logged, or is logged twice.
    assert_eq!(
        said,
        [
            ("carom.record.retried", "retried", Level::WARN),
            ("carom.record.held", "held", Level::WARN),
            ("carom.record.dead_lettered", "dead-lettered", Level::ERROR),
        ]
    );
    let partition = letters[0].partition.to_string();
    for line in &lines {
        let fields = ["event_type", "key", "topic", "partition", "offset"].map(|field| line.get(field).unwrap());
        assert_eq!(fields, ["contract.job.v1", "order-7", &topic, &partition, "0"], "{line:?}");
        assert!(line.get("handler").unwrap().ends_with("Worker/contract.job.v1"));
    }
    let column = |field: &str| lines.iter().map(|line| line.get(field).unwrap_or("none")).collect::<Vec<_>>();
    assert_eq!(column("attempt"), ["1", "2", "2"]);
    assert_eq!(column("error"), ["asked to fail", "payments is unavailable: asked to be down", "asked to refuse"]);
    assert_eq!(column("after_ms").iter().map(|after| *after == "none").collect::<Vec<_>>(), [false, false, true]);
}

async fn a_hidden_key_is_a_hash(world: World) {
    let (bus, _, capture) = start(&world, |bus| bus.telemetry_keys(Keys::Hidden)).await;
    bus.publish([Job::new("jane@example.org", 0, [Step::Refuse])]).await;
    let letter = &bus.dead_letters::<Job>(&world, 1).await[0];
    let lines = probe::until("the line", || of_records(&capture), |lines| lines.len() == 1).await;
    // Fails when `Failure::key` ignores the switch.
    assert_eq!((lines[0].get("key"), lines[0].get("key_hash")), (None, letter.header("carom-key-hash")));
    assert!(!format!("{:?}", capture.lines()).contains("jane"));
}

/// Events of which some are large.
#[derive(Clone, Serialize, Deserialize, Event)]
#[event(entity = Page, domain = "contract", partitions = 4)]
struct Printed {
    text: String,
}

/// Two actors for the same events.
#[derive(Debug, Actor)]
struct Printer;
#[derive(Debug, Actor)]
struct Binder;

#[handler]
impl Handler<Printed> for Printer {
    async fn handle(&mut self, _page: Printed, _cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

#[handler]
impl Handler<Printed> for Binder {
    async fn handle(&mut self, _page: Printed, _cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

async fn a_large_event_is_said_once_for_each_type(world: World) {
    let capture = Capture::of("contract.printed");
    let bus = world.bus().supervise::<Printer>(Supervisor::one_for_one());
    let bus = world.start(bus.supervise::<Binder>(Supervisor::one_for_one())).await;
    let text = "x".repeat(70_000);
    let large = |event_type: &str| {
        let headers = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", event_type), ("ce_source", "/suite")];
        let value = format!(r#"{{"text":"{text}"}}"#).into_bytes();
        let headers = probe::text_headers(headers);
        TestRecord { topic: bus.topic::<Printed>(), key: Some(b"k".to_vec()), value: Some(value), headers }
    };
    let known = ["contract.printed.v1"; 3].map(large);
    let unknown = ["contract.printed-elsewhere.v1"; 2].map(large);
    bus.write(&world, known.into_iter().chain(unknown).collect()).await;
    // One that is not begun when the bus stops is never read.
    probe::until("all of them", || bus.stats(), |stats| (stats.handled, stats.unknown) == (6, 2)).await;
    bus.publisher().publish(Printed { text }).await.unwrap();
    bus.stop::<Printed>(&world).await;
    let lines = capture.named("carom.event.large");
    let said: Vec<_> = lines.iter().map(|line| (line.get("when").unwrap(), line.get("event_type").unwrap())).collect();
    // Fails without the set in `LargeTypes`, when each actor has one, and when writing has another than reading.
    assert_eq!(said, [("read", "contract.printed.v1"), ("read", "contract.printed-elsewhere.v1")]);
    assert!(lines[0].get("size").unwrap().parse::<usize>().unwrap() > 70_000);
    assert!(lines[0].get("message").unwrap().contains("claim check"));
    // Fails when each event that is skipped has a line, and when none has.
    let skipped = capture.named("carom.event.skipped");
    let skipped: Vec<_> = skipped.iter().map(|line| (line.level, line.get("event_type").unwrap())).collect();
    assert_eq!(skipped, [(Level::INFO, "contract.printed-elsewhere.v1")]);
}

/// Nobody handles it.
#[derive(Clone, Serialize, Deserialize, Event)]
#[event(entity = Note, domain = "contract", partitions = 4)]
struct Note {
    text: String,
}

async fn a_large_event_that_is_only_written_is_said_once(world: World) {
    let capture = Capture::of("contract.note.v1");
    let bus = world.start(world.bus()).await;
    for _ in 0..3 {
        bus.publisher().publish(Note { text: "x".repeat(70_000) }).await.unwrap();
    }
    bus.stop::<Note>(&world).await;
    let lines = capture.named("carom.event.large");
    let said: Vec<_> = lines.iter().map(|line| line.get("when").unwrap()).collect();
    assert_eq!(said, ["published"]);
}

// Fails when `assign` says it for each partition.
async fn a_rebalance_is_one_line_however_many_partitions_come(world: World) {
    let (bus, shared, capture) = start(&world, |bus| bus).await;
    bus.publish([Job::ok("key", 0)]).await;
    shared.ledger.until_handled(1).await;
    let topic = bus.topic::<Job>();
    bus.stop::<Job>(&world).await;
    let assigned = capture.named("carom.partitions.assigned");
    let [line] = &assigned[..] else { panic!("one rebalance, one line: {assigned:?}") };
    let said = (line.level, line.get("message"), line.get("count"), line.get("partitions"));
    let partitions = format!("{topic}[0,1,2,3]");
    assert_eq!(said, (Level::INFO, Some("partitions assigned"), Some("4"), Some(partitions.as_str())));
}

/// What a [`Sleeper`] waits for, on its thread.
#[derive(Clone, FromRef)]
struct Bed {
    entered: tokio::sync::mpsc::UnboundedSender<()>,
    leave: Arc<Mutex<mpsc::Receiver<()>>>,
}

/// Blocks until the test lets it go.
#[derive(Actor)]
struct Sleeper {
    entered: tokio::sync::mpsc::UnboundedSender<()>,
    leave: Arc<Mutex<mpsc::Receiver<()>>>,
}

#[handler]
impl Handler<Told> for Sleeper {
    async fn handle(&mut self, _told: Told, _cx: &mut Context<'_>) -> Result<(), Failure> {
        self.entered.send(()).unwrap();
        self.leave.lock().unwrap().recv().unwrap();
        Ok(())
    }
}

// Fails when `look_at_the_clock` logs whatever `Blocked::note` says.
async fn a_handler_that_always_blocks_is_named_once_a_minute(world: World) {
    let capture = Capture::of("Sleeper/contract.told.v1");
    let ((entered, mut seen), (go, leave)) = (tokio::sync::mpsc::unbounded_channel(), mpsc::channel());
    let bed = Bed { entered, leave: Arc::new(Mutex::new(leave)) };
    let bus = world.bus().with_state(bed).supervise::<Sleeper>(Supervisor::one_for_one());
    let Running::Test(bus) = world.start(bus).await else { unreachable!("that is a test bus") };
    let lines = || capture.named("carom.handler.blocked");
    // How long each call blocks, and what passes after it; of real time, what the test takes comes on top.
    for (blocks, after) in [(2, 1), (20, 29), (3, 30), (10, 0)].map(|(one, two)| (seconds(one), seconds(two))) {
        let wake = async {
            seen.recv().await.unwrap();
            bus.advance(blocks);
            go.send(()).unwrap();
        };
        // Each of another key, so of another partition and mailbox.
        let (outcome, ()) = tokio::join!(bus.deliver(Told::new(&format!("key-{blocks:?}"))), wake);
        assert!(outcome.is_acked());
        bus.advance(after);
    }
    // The first call ends at 2 s, the third at 55 s, and the last at 95 s: time for one more line.
    let lines = probe::until("a second line", lines, |lines| lines.len() >= 2).await;
    let said = |line: &Line| ["calls", "took_ms", "longest_ms"].map(|field| line.get(field).unwrap().parse().unwrap());
    let said: Vec<[u64; 3]> = lines.iter().map(said).collect();
    assert!(matches!(said[..], [[1, 2_000..7_000, 2_000..7_000], [3, 10_000..15_000, 20_000..25_000]]), "{said:?}");
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

// Fails when `Door::broker` logs without asking whether it is new, and when `Connection::error` does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_comes_and_goes_is_one_line_each_time_for_each_client() {
    let world = World::embedded();
    let broker = world.kafka().broker().unwrap().clone();
    let service = integration_tests::unique("outage");
    let capture = Capture::of(&service);
    let (bus, shared, _) = start(&world, |bus| bus.service(&service)).await;
    bus.publish([Job::ok("key", 0)]).await;
    shared.ledger.until_handled(1).await;
    broker.broker_down().unwrap();
    let down = |client| move |line: &Line| line.get("client") == Some(client);
    let lines = || capture.named("carom.broker.down");
    probe::until("the outage", lines, |lines| ["consumer", "producer"].map(down).iter().all(|is| lines.iter().any(is)))
        .await;
    assert!(!bus.health().is_ready(), "{:?}", bus.health());
    broker.broker_up().unwrap();
    probe::until("the end of the outage", || bus.health(), |health| health.is_ready() && health.is_well()).await;
    bus.publish([Job::ok("key", 1)]).await;
    shared.ledger.until_handled(2).await;
    assert_eq!(lines().len(), 2, "{:?}", lines());
    let up = capture.named("carom.broker.up");
    // Fails when a client that has come back says nothing: at first, and after the outage.
    let times =
        |client| up.iter().filter(|line| (line.level, line.get("client")) == (Level::INFO, Some(client))).count();
    assert_eq!(["consumer", "producer"].map(times), [2, 2], "{up:?}");
}

// Fails when `strangers` lets no member through, when it lets those of the same service through, and when a name is missing.
async fn another_service_in_the_group_is_named_at_start(world: World) {
    let capture = Capture::of(world.group());
    let (first, shared, _) = start(&world, |bus| bus).await;
    probe::until("the group", || first.health(), Health::is_ready).await;
    let capture = &capture;
    let saying = |text: &'static str| {
        let says = move |line: &Line| line.get("message").is_some_and(|message| message.contains(text));
        move || capture.lines().into_iter().filter(says).collect::<Vec<_>>()
    };
    let (alone, warned) = (saying("no other service was seen"), saying("shares the consumer group"));
    probe::until("the first answer", &alone, |lines| lines.len() == 1).await;
    let _second = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    probe::until("the answer to another instance", &alone, |lines| lines.len() == 2).await;
    let shipping = world.bus_with(&shared).service("shipping").supervise::<Worker>(Supervisor::one_for_one());
    let _shipping = world.start(shipping).await;
    let lines = probe::until("a warning", warned, |lines| !lines.is_empty()).await;
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let text = line.get("message").unwrap_or_default();
    assert_eq!(line.level, Level::WARN);
    assert!(text.contains("`shipping`") && text.contains("`contract`") && text.contains(world.group()), "{text}");
}

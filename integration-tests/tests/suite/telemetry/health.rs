//! Live, ready, making progress.

use std::time::Duration;

use carom::{Bus, BusHandle, Health, Kafka, Supervisor};
use integration_tests::{
    job::{Job, Shared, Step, Worker},
    probe,
    world::{Running, World},
};

use tracing::Level;

use super::start;
use crate::contract::contract;

contract!(test_bus, embedded, real: {
    a_member_is_ready_once_it_has_joined,
});

mod in_memory {
    use super::{a_partition_that_finishes_nothing_makes_no_progress, contract};

    contract!(test_bus: {
        a_partition_that_finishes_nothing_makes_no_progress,
    });
}

mod on_kafka {
    use super::{contract, what_the_group_refuses_is_told_with_the_option};

    contract!(real: { what_the_group_refuses_is_told_with_the_option });
}

// Fails when librdkafka's words are told alone: they name no option.
async fn what_the_group_refuses_is_told_with_the_option(world: World) {
    let impatient = |kafka: Kafka| kafka.consumer("session.timeout.ms", "100").consumer("heartbeat.interval.ms", "30");
    let world = world.with_kafka(impatient);
    let (bus, ..) = start(&world, |bus| bus).await;
    let reasons = probe::until("the reason", || bus.health().degraded, |reasons| !reasons.is_empty()).await;
    assert!(reasons[0].starts_with("JoinGroup failed: "), "{reasons:?}");
    assert!(reasons[0].contains("set `session.timeout.ms` to what lies between"), "{reasons:?}");
    bus.stop::<Job>(&world).await;
}

// Fails without `joined(true)` in `PollLoop::on_assigned`.
async fn a_member_is_ready_once_it_has_joined(world: World) {
    let (bus, ..) = start(&world, |bus| bus).await;
    assert!(bus.health().is_live());
    probe::until("the group", || bus.health(), Health::is_ready).await;
    assert!(bus.health().is_well());
}

async fn a_partition_that_finishes_nothing_makes_no_progress(world: World) {
    let shared = Shared::new();
    let patient = Supervisor::one_for_one().timeout(Duration::from_secs(10_000));
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(patient)).await;
    let Running::Test(in_memory) = &bus else { unreachable!("that is a test bus") };
    // An idle bus makes progress, however long.
    in_memory.advance(Duration::from_secs(1_000));
    bus.publish([Job::new("key", 0, [Step::Gate])]).await;
    shared.ledger.until("a start", |entries| entries.len() == 1).await;
    // The look that finds the end of the partition also asks how long it has been.
    let lag = || bus.stats().partitions.iter().filter_map(|partition| partition.lag).sum::<u64>();
    probe::until("a look at the partition", lag, |lag| *lag == 1).await;
    assert!(bus.health().is_progressing());
    let look = || {
        in_memory.advance(Duration::from_secs(30));
        bus.health()
    };
    // Fails when `Book::tick` does not ask how long it has been.
    let health = probe::until("a sentence", look, |health: &Health| !health.is_progressing()).await;
    assert!(!health.is_well() && health.is_live());
    assert!(health.degraded[0].contains("was finished for 60s or longer"), "{health:?}");
    assert!(health.degraded[0].contains(&bus.topic::<Job>()), "{health:?}");
    shared.gate.open();
    probe::until("good news", || bus.health(), Health::is_well).await;
}

async fn publisher(kafka: Kafka) -> BusHandle {
    Bus::new(kafka).service("contract").partial().spawn().await.expect("the bus starts")
}

// Fails without `publishes_only`, and when `Connection::statistics` tells nothing: nobody publishes after the outage.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_without_actors_is_ready_while_its_broker_is_there() {
    let kafka = Kafka::embedded();
    let broker = kafka.broker().unwrap().clone();
    let bus = publisher(kafka.producer("statistics.interval.ms", "100")).await;
    assert!(bus.health().is_ready() && bus.health().is_live());
    broker.broker_down().unwrap();
    probe::until("the outage", || bus.health(), |health| !health.is_ready()).await;
    assert!(bus.health().is_live(), "nothing that a restart would mend");
    broker.broker_up().unwrap();
    probe::until("its end", || bus.health(), Health::is_ready).await;
    let monitor = bus.monitor();
    bus.shutdown().await.unwrap();
    assert!(!monitor.health().is_ready());
}

// Fails when `joined` waits for a partition: cooperative and empty-handed, this one would never be ready.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_without_partitions_is_ready_too() {
    let world = World::embedded().tuned(|kafka| kafka.consumer("statistics.interval.ms", "100"));
    let mut members = Vec::new();
    // The topic has four partitions.
    for _ in 0..5 {
        members.push(start(&world, |bus| bus).await);
    }
    for (bus, ..) in &members {
        probe::until("the group", || bus.health(), Health::is_ready).await;
    }
    let idle = || members.iter().filter(|(bus, ..)| bus.stats().partitions.is_empty()).count();
    probe::until("one without partitions", idle, |idle| *idle == 1).await;
    assert!(members.iter().all(|(bus, ..)| bus.health().is_ready()));
}

// Fails without the wish for a longer time in `Bus::plan`.
#[tokio::test]
async fn a_bus_that_finds_every_partition_stalled_does_not_start() {
    let error = Bus::new(Kafka::new("localhost:1")).stalled_after(Duration::ZERO).spawn().await.unwrap_err();
    assert!(
        error.to_string().contains("`.stalled_after(0)` would find every partition stalled; write a longer time"),
        "{error}"
    );
}

// Fails when `Door::note` keeps an alarm to itself, and when it says it each time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_an_operator_can_mend_is_a_line() {
    // Numbers of the Kafka protocol: commits, and that the group may not be used.
    const OFFSET_COMMIT: i16 = 8;
    const FORBIDDEN: i32 = 30;
    let world = World::embedded();
    let (bus, _, capture) = start(&world, |bus| bus).await;
    world.kafka().broker().unwrap().inject_errors(OFFSET_COMMIT, &[FORBIDDEN; 20]).unwrap();
    bus.publish((0..20).map(|key| Job::ok(format!("key-{key}"), 0))).await;
    let lines = probe::until("the alarm", || capture.named("carom.bus.alarm"), |lines| !lines.is_empty()).await;
    let health = bus.health();
    let [line] = &lines[..] else { panic!("one cause, one line: {lines:?}") };
    let reason = format!("cannot commit {}[", bus.topic::<Job>());
    assert!(line.level == Level::ERROR && line.get("reason").unwrap().starts_with(&reason), "{line:?}");
    assert!(health.degraded[0].starts_with(&reason), "{health:?}");
}

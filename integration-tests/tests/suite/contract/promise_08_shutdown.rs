//! Shutdown is bounded, and a restart repeats nothing that had finished.

use std::{collections::BTreeMap, time::Duration};

use carom::{Bus, Kafka, Retry, Supervisor, supervisor::Jitter};
use futures_util::FutureExt;
use integration_tests::{
    RealKafka,
    capture::Capture,
    check,
    job::{Job, Shared, Step, Worker, key_in},
    probe, unique,
    world::{Running, SHUTDOWN, World},
};
use tokio::time::{Instant, timeout};

use super::contract;

contract!(test_bus, embedded, real, real_decides: {
    a_restart_repeats_nothing_that_had_finished_and_waits_for_no_parked_key,
    a_handler_that_never_ends_is_left_behind_at_the_bound,
});

fn bus(world: &World, shared: &Shared) -> Bus<Shared> {
    let hour = Duration::from_secs(3600);
    let retry = Retry::forever().initial(hour).max(hour).jitter(Jitter::None);
    // A handler that hangs holds back whatever shares its lane.
    world.bus_with(shared).supervise::<Worker>(Supervisor::one_for_one().retry(retry).concurrency(1024))
}

// Fails when `PollLoop::obey` stops within no time, when `forward::resume` waits without the token, and when a bound
// without end is added to a time as it is.
async fn a_restart_repeats_nothing_that_had_finished_and_waits_for_no_parked_key(world: World) {
    let shared = Shared::new();
    let first = world.start(bus(&world, &shared).shutdown_timeout(Duration::MAX)).await;
    // While one of these runs, the waiting time of a test bus stands still.
    let slow = |partition| Job::new(key_in(partition, 0), 0, [Step::AfterCancelled(300)]);
    first.publish((0..4).map(slow)).await;
    shared.ledger.until("the slow ones", |runs| runs.len() == 4).await;
    let parked = |partition| Job::new(key_in(partition, 1), 0, [Step::Fail]);
    let free = (2..20).flat_map(|nth| (0..4).map(move |partition| Job::ok(key_in(partition, nth), 0)));
    first.publish((0..2).map(parked).chain(free)).await;
    shared
        .ledger
        .until("all but the parked", |runs| runs.iter().filter(|run| run.ended > 0).count() == 2 + 18 * 4)
        .await;
    let stopping = Instant::now();
    let committed = first.stop::<Job>(&world).await;
    assert!(stopping.elapsed() < SHUTDOWN, "a parked key was waited for: {:?}", stopping.elapsed());
    assert_eq!(shared.ledger.succeeded("Worker").len(), 4 + 18 * 4, "what ran could end");
    assert_eq!(committed, BTreeMap::from([(0, 1), (1, 1), (2, 19), (3, 19)]));
    if world.is_test_bus() {
        return;
    }
    let second = world.start(bus(&world, &shared)).await;
    shared.ledger.until_handled(4 + 2 + 18 * 4).await;
    let committed = second.stop::<Job>(&world).await;
    assert_eq!(committed, BTreeMap::from([(0, 20), (1, 20), (2, 19), (3, 19)]));
    let runs = shared.ledger.entries();
    let again: Vec<_> = check::repeated(&runs).into_keys().map(|(key, _)| key.to_owned()).collect();
    let mut parked = [key_in(0, 1), key_in(1, 1)];
    parked.sort();
    assert_eq!(again, parked, "what had finished around a parked key is not repeated");
}

// Fails when `Departure::drained` does not look at `until`.
async fn a_handler_that_never_ends_is_left_behind_at_the_bound(world: World) {
    let shared = Shared::new();
    let running = world.start(bus(&world, &shared).shutdown_timeout(Duration::from_millis(500))).await;
    running.publish((0..2).map(|partition| Job::new(key_in(partition, 0), 0, [Step::Hang]))).await;
    running.publish((0..4).map(|partition| Job::ok(key_in(partition, 1), 0))).await;
    shared.ledger.until_handled(4).await;
    shared.ledger.until("all runs", |runs| runs.len() == 6).await;
    let stopping = Instant::now();
    let committed = running.stop::<Job>(&world).await;
    assert!(stopping.elapsed() < SHUTDOWN, "{:?}", stopping.elapsed());
    assert_eq!(committed, BTreeMap::from([(0, 0), (1, 0), (2, 1), (3, 1)]));
}

/// Something of each kind is under way when the broker goes: finished but not committed, running, on its way out.
async fn stops_without_its_broker(world: World, mut lose_the_broker: impl FnMut()) {
    let shared = Shared::new();
    let service = unique("lost");
    let capture = Capture::of(&service);
    let bus = bus(&world, &shared).service(&service).shutdown_timeout(Duration::from_secs(1));
    let running = world.start(bus).await;
    running.publish((0..40).map(|nth| Job::ok(key_in(nth % 4, nth as usize), 0))).await;
    let held = |partition, script: Vec<Step>| Job::new(key_in(partition, 11), 0, script);
    let steps = [Step::UntilCancelled, Step::Hang, Step::PublishAtGate];
    running.publish(steps.into_iter().zip(0..).map(|(step, partition)| held(partition, vec![step]))).await;
    shared.ledger.until("all runs", |runs| runs.len() == 43).await;
    lose_the_broker();
    shared.gate.open();
    shared.ledger.until_handled(41).await;
    // On its way from here on, whatever becomes of the future.
    assert!(running.publisher().publish(Job::ok("late", 0)).now_or_never().is_none());
    let Running::Kafka(running) = running else { panic!("there is a broker") };
    let stopping = Instant::now();
    let stopped = timeout(Duration::from_secs(25), running.shutdown()).await;
    stopped.expect("shutdown is bounded").expect("and no error");
    println!("stopped without a broker in {:?}", stopping.elapsed());
    let of_producer = |name| capture.named(name).into_iter().filter(|line| line.get("client") == Some("producer"));
    let records = |name| of_producer(name).map(|line| line.get("records").map(str::to_owned)).collect::<Vec<_>>();
    // Fails when `stop` does not say what is in doubt, and when the client that ends does not say what it gives up.
    assert_eq!(records("carom.publish.in_doubt"), [Some("1".to_owned())]);
    probe::until("the end of the client", || records("carom.publish.given_up"), |lines| lines.len() == 1).await;
}

// Fails when `stop::FLUSH` is 60 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_is_bounded_when_the_embedded_broker_is_gone() {
    let world = World::embedded();
    let broker = world.kafka().broker().expect("it is embedded").clone();
    stops_without_its_broker(world, || broker.broker_down().expect("the broker goes down")).await;
}

// Fails when `stop::FLUSH` is 60 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_is_bounded_when_the_broker_hangs() {
    let Some(mut broker) =
        tokio::task::block_in_place(|| RealKafka::private("shutdown_is_bounded_when_the_broker_hangs"))
    else {
        return;
    };
    let world = World::on(Kafka::new(broker.bootstrap_servers()));
    stops_without_its_broker(world, || broker.suspend().expect("the broker is suspended")).await;
}

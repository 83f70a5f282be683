//! What a bus says when it ends, and how that was not meant.

use std::{future::Future, pin::pin, task};

use carom::BusHandle;
use integration_tests::{
    capture::Capture,
    job::{Job, Shared, Step},
    unique,
    world::{Running, World},
};
use tracing::Level;

use super::start;

/// A bus with actors and a name of its own.
async fn named() -> (Box<BusHandle>, Shared, impl Fn() -> Vec<(&'static str, Level)>) {
    let service = unique("ends");
    let capture = Capture::of(&service);
    let (bus, shared, _) = start(&World::embedded(), |bus| bus.service(&service)).await;
    let Running::Kafka(bus) = bus else { unreachable!("it has a broker") };
    (bus, shared, said_of(capture, service))
}

/// Names and levels of all lines with the name of the bus, but those about its broker.
fn said_of(capture: Capture, service: String) -> impl Fn() -> Vec<(&'static str, Level)> {
    move || {
        let lines = capture.lines().into_iter().filter(|line| line.get("service") == Some(&service));
        lines.filter(|line| line.name.starts_with("carom.bus.")).map(|line| (line.name, line.level)).collect()
    }
}

// Fails when a bus stops without a word at its begin or at its end, or says that nobody waits where somebody does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_says_when_it_begins_to_stop_and_when_it_has_stopped() {
    let (bus, _, said) = named().await;
    bus.shutdown().await.unwrap();
    assert_eq!(said(), [("carom.bus.stops", Level::INFO), ("carom.bus.stopped", Level::INFO)]);
}

// Fails when a handle that goes out of scope ends a service without a word, and when one that only publishes has it too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_is_dropped_says_why_it_stops() {
    let (bus, _, said) = named().await;
    drop(bus);
    assert_eq!(said(), [("carom.bus.dropped", Level::WARN)]);

    let service = unique("ends");
    let said = said_of(Capture::of(&service), service.clone());
    let world = World::embedded();
    drop(world.start(world.bus().service(&service)).await);
    assert_eq!(said(), []);
}

// Fails when `Running::stop` has no `Attended`: handlers are cut off, and nobody learns why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_nobody_waits_for_any_more_says_so() {
    let (bus, shared, said) = named().await;
    bus.publish(Job::new("key", 0, [Step::Hang])).await.unwrap();
    shared.ledger.until("a start", |runs| runs.len() == 1).await;
    {
        // As the branch of a `select!` that loses.
        let mut stopping = pin!(bus.shutdown());
        assert!(stopping.as_mut().poll(&mut task::Context::from_waker(task::Waker::noop())).is_pending());
        assert_eq!(said(), [("carom.bus.stops", Level::INFO)]);
    }
    assert_eq!(said()[1..], [("carom.bus.unattended", Level::WARN)]);
}

//! What a bus says when it starts.

use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, event::Environment, handler};
use integration_tests::{capture::Capture, unique};
use serde::{Deserialize, Serialize};

/// The block at the start of a bus that `with` makes.
async fn block(with: impl FnOnce(Bus) -> Bus) -> String {
    let service = unique("starts");
    let capture = Capture::of(&service);
    let bus = with(Bus::new(Kafka::embedded()).service(&service));
    bus.spawn().await.unwrap().shutdown().await.unwrap();
    let lines = capture.named("carom.bus.starts");
    lines[0].get("message").unwrap().to_owned()
}

// Fails when a forgotten `.supervise` looks like a bus that is there to publish: nothing would ever be handled.
#[tokio::test]
async fn handlers_without_any_supervised_actor_are_a_warning() {
    let forgotten = block(|bus| bus).await;
    for words in ["no actor is supervised, so that", "handles `", ".rs:", "add `.supervise::<", "`.partial()`"] {
        assert!(forgotten.contains(words), "{forgotten}");
    }
    let meant = block(Bus::partial).await;
    assert!(!meant.contains("so that this bus only publishes"), "{meant}");
}

/// Published here, and handled by nobody.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Sign, domain = "contract", partitions = 3)]
struct SignPut {}

// Fails when a wrong environment, whose topics are all new, looks like a start as any other.
#[tokio::test]
async fn a_topic_that_is_created_is_a_line_and_one_that_was_there_is_none() {
    let capture = Capture::of("beginning.contract.public.signs.v1");
    let kafka = Kafka::embedded();
    for _ in 0..2 {
        let bus = Bus::new(kafka.clone()).service("signs").environment(Environment::short("beginning"));
        bus.publishes::<SignPut>().spawn().await.unwrap().shutdown().await.unwrap();
    }
    let lines = capture.named("carom.topic.created");
    assert_eq!(lines.iter().map(|line| line.get("partitions")).collect::<Vec<_>>(), [Some("3")], "{lines:?}");
}

#[derive(Actor)]
struct Painter;

#[handler]
impl Handler<SignPut> for Painter {
    async fn handle(&mut self, sign: SignPut, _: &mut Context<'_>) -> Result<SignPut, Failure> {
        Ok(sign)
    }
}

// Fails when nothing tells an event whose order nothing keeps from one with a key, or a handler that answers itself
// from one that does not.
#[tokio::test]
async fn an_event_without_a_key_is_marked_and_one_that_goes_round_is_a_warning() {
    let block = block(|bus| {
        bus.partial().publishes::<SignPut>().supervise::<Painter>(Supervisor::one_for_one()).domain("contract")
    });
    let block = block.await;
    for words in [
        "signs.v1 contract.sign-put.v1 -> suite::telemetry::start::Painter (no key)\n",
        "signs.v1 contract.sign-put.v1 (no key)\n",
        "events go round without end: `Painter` (integration-tests/tests/suite/telemetry/start.rs:",
    ] {
        assert!(block.contains(words), "{words}: {block}");
    }
}

/// Another one with the same CloudEvents type.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Sign, domain = "contract", type = "contract.sign-put.v1")]
struct SignMoved {}

// Fails when only what is handled is looked at: what is published would be handled as something else.
#[tokio::test]
async fn an_event_that_is_published_with_the_type_of_another_is_a_warning() {
    let painted = |bus: Bus| bus.partial().domain("contract").supervise::<Painter>(Supervisor::one_for_one());
    let of_another = block(|bus| painted(bus).publishes::<SignMoved>()).await;
    assert!(of_another.contains("is published with the type `contract.sign-put.v1`, which is that of `SignPut` ("));
    let of_the_same = block(|bus| painted(bus).publishes::<SignPut>()).await;
    assert!(!of_the_same.contains("is published with the type"), "{of_the_same}");
}

//! What spans say of attempts and of publishing that failed.

use std::time::Duration;

use carom::{
    Actor, Context, Event, Failure, Handler, Retry, Supervisor, handler,
    testing::{TestBus, TestRecord},
};
use integration_tests::{
    capture::Capture,
    job::{Job, Step},
    probe,
    world::{Running, World},
};
use serde::{Deserialize, Serialize};

use super::{Told, spans::all, start};
use crate::contract::contract;

contract!(test_bus: {
    each_attempt_has_a_span_and_a_failed_one_says_why,
    an_event_that_cannot_be_decoded_has_a_span_that_says_so,
    an_attempt_that_is_given_up_says_so,
    outputs_that_get_through_in_a_second_round_have_not_failed,
    publishing_that_fails_says_why,
    a_panic_that_takes_its_time_does_not_block,
});

const FAILURE: [&str; 2] = ["error.type", "otel.status_code"];

async fn each_attempt_has_a_span_and_a_failed_one_says_why(world: World) {
    let (bus, shared, capture) = start(&world, |bus| bus).await;
    bus.publish([Job::new("key", 0, [Step::Fail, Step::Panic, Step::Hang, Step::Refuse])]).await;
    shared.ledger.until("the one that hangs", |entries| entries.len() == 3).await;
    let Running::Test(in_memory) = &bus else { unreachable!("that is a test bus") };
    let letters = || {
        in_memory.advance(Duration::from_secs(61));
        in_memory.dead_letters()
    };
    probe::until("the last attempt", letters, |letters| letters.len() == 1).await;
    let spans = probe::until("their ends", || capture.spans("process"), |spans| spans.iter().all(|span| span.closed));
    let spans = spans.await;
    let said: Vec<_> =
        spans.iter().map(|span| all(span, &["carom.attempt", "error.type", "otel.status_code"])).collect();
    // Fails when `Mailbox::ended` forgets `span.failed`, and when `Attempt::begin` gets the number of the last attempt.
    assert_eq!(
        said,
        [["1", "transient", "ERROR"], ["2", "panic", "ERROR"], ["3", "timeout", "ERROR"], ["4", "permanent", "ERROR"]]
    );
}

async fn an_event_that_cannot_be_decoded_has_a_span_that_says_so(world: World) {
    let (bus, _, capture) = start(&world, |bus| bus).await;
    let Running::Test(in_memory) = &bus else { unreachable!("that is a test bus") };
    let headers = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", "contract.job.v1"), ("ce_source", "/s")];
    let headers = headers.iter().chain(&[("ce_correlationid", "case-7")]);
    let record = TestRecord {
        topic: bus.topic::<Job>(),
        key: None,
        value: Some(b"no JSON".to_vec()),
        headers: headers.map(|(name, value)| ((*name).into(), Some((*value).into()))).collect(),
    };
    assert!(in_memory.deliver_record(record).await.dead_letter().is_some());
    let [process] = &capture.spans("process")[..] else { panic!("one attempt, one span") };
    assert_eq!(all(process, &FAILURE), ["decode", "ERROR"]);
    // Fails when `describe` forgets the correlation.
    assert_eq!(all(process, &["messaging.message.conversation_id"]), ["case-7"]);
}

async fn an_attempt_that_is_given_up_says_so(world: World) {
    let (bus, shared, capture) = start(&world, |bus| bus.shutdown_timeout(Duration::from_millis(1))).await;
    bus.publish([Job::new("key", 0, [Step::Hang])]).await;
    shared.ledger.until("the one that hangs", |entries| entries.len() == 1).await;
    bus.stop::<Job>(&world).await;
    let given_up = |spans: &Vec<_>| spans.iter().all(|span: &integration_tests::capture::Span| span.closed);
    let [process] = &probe::until("its end", || capture.spans("process"), given_up).await[..] else {
        panic!("one attempt, one span")
    };
    // Fails when `Lane::drop` does not call `cancelled`.
    assert_eq!(all(process, &FAILURE), ["cancelled", "ERROR"]);
}

// Fails when each round says how it ended: what got through in the end would count as failed.
async fn outputs_that_get_through_in_a_second_round_have_not_failed(world: World) {
    let (bus, _, capture) = start(&world, |bus| bus).await;
    let Running::Test(in_memory) = &bus else { unreachable!("that is a test bus") };
    // The input itself is delivered by hand, so the refused one is its output.
    in_memory.refuse_next(1);
    assert!(in_memory.deliver(Job::new("key", 0, [Step::Publish(1)])).await.is_acked());
    let [send] = &capture.spans("send")[..] else { panic!("one span for both rounds") };
    assert_eq!((send.get("otel.status_code"), send.get("error.type")), (None, None));
    assert!(send.get("messaging.kafka.offset").is_some());
}

async fn publishing_that_fails_says_why(world: World) {
    let capture = Capture::of(world.environment());
    let (bus, _, _) = start(&world, |bus| bus).await;
    let Running::Test(in_memory) = &bus else { unreachable!("that is a test bus") };
    in_memory.refuse_next(1);
    bus.publisher().publish(Told::new("refused")).await.expect_err("the sink refuses it");
    let large = Job::new("large", 0, vec![Step::Succeed; 200_000]);
    bus.publisher().publish(large).await.expect_err("too large");
    let said: Vec<_> = capture.spans("send").iter().map(|span| all(span, &FAILURE).join(" ")).collect();
    assert_eq!(said, ["_OTHER ERROR", "_OTHER ERROR"]);
}

/// Stands in for the panic's backtrace, which can take that long to write.
struct Slow;

impl Drop for Slow {
    fn drop(&mut self) {
        std::thread::sleep(Duration::from_millis(150));
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(entity = Fall, domain = "contract", partitions = 4)]
struct Fell {
    panics: bool,
}

#[derive(Debug, Actor)]
struct Climber;

#[handler]
impl Handler<Fell> for Climber {
    async fn handle(&mut self, fell: Fell, _cx: &mut Context<'_>) -> Result<(), Failure> {
        let _slow = Slow;
        assert!(!fell.panics, "asked to panic");
        Ok(())
    }
}

// Fails when a handler is blamed for the time that a panic takes.
async fn a_panic_that_takes_its_time_does_not_block(world: World) {
    for panics in [true, false] {
        let capture = Capture::of("Climber/contract.fell.v1");
        let bus = world.bus().supervise::<Climber>(Supervisor::one_for_one().retry(Retry::none()));
        let bus = TestBus::start(bus).await.unwrap();
        assert_eq!(bus.deliver(Fell { panics }).await.is_acked(), !panics);
        bus.stop().await.unwrap();
        assert_eq!(capture.named("carom.handler.blocked").is_empty(), panics);
    }
}

//! Trace contexts: in with records, out with events, along with dead letters.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use carom::{Bus, Supervisor, event::Event, telemetry::IncomingTrace, testing::TestRecord};
use integration_tests::{
    capture::Capture,
    job::{Done, Job, Shared, Step, Worker},
    world::{Running, World},
};

use super::start;
use crate::contract::contract;

contract!(test_bus: {
    events_published_by_hand_carry_the_context_of_the_current_span,
    a_dead_letter_says_who_wrote_it_and_in_which_trace,
    a_record_brings_its_context_to_its_span,
    a_hook_that_panics_holds_no_event_up,
    an_event_that_was_passed_on_brings_the_context_of_its_creation_too,
});

const A: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const B: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// As a tracing library would name the current span: here after its name.
fn current() -> Option<(String, Option<String>)> {
    let span = match tracing::Span::current().metadata()?.name() {
        "send" => "5e5e5e5e5e5e5e5e",
        "process" => "9090909090909090",
        _ => return None,
    };
    Some((format!("00-0af7651916cd43dd8448eb211c80319c-{span}-01"), Some("carom=1".to_owned())))
}

async fn events_published_by_hand_carry_the_context_of_the_current_span(world: World) {
    let (bus, _, _capture) = start(&world, |bus| bus.trace_context(current)).await;
    let Running::Test(bus) = &bus else { unreachable!("that is a test bus") };
    bus.publisher().publish(Job::ok("key", 0)).await.unwrap();
    bus.publisher().with_trace(A, None).publish(Job::new("key", 1, [Step::Publish(1)])).await.unwrap();
    let records = || bus.records();
    let records = integration_tests::probe::until("the output", records, |records| records.len() == 3).await;
    let contexts: Vec<_> = records.iter().map(|record| record.header("ce_traceparent").unwrap()).collect();
    // Fails when the hook is called outside of the span, and when it wins over `with_trace`. The last one is an output:
    // it follows its input.
    assert_eq!(contexts, ["00-0af7651916cd43dd8448eb211c80319c-5e5e5e5e5e5e5e5e-01", A, A]);
    assert_eq!(records[0].header("tracestate"), Some("carom=1"));
    // Fails when outputs do not `depart`: their hop would be that of their input.
    assert_eq!(records[2].header("traceparent"), Some("00-0af7651916cd43dd8448eb211c80319c-5e5e5e5e5e5e5e5e-01"));
    assert!(records[2].topic.contains("results") && Done::descriptor().event_type == "contract.done.v1");
}

async fn a_dead_letter_says_who_wrote_it_and_in_which_trace(world: World) {
    let (bus, ..) = start(&world, |bus| bus.trace_context(current).service_version("4.2.0")).await;
    bus.publish([Job::new("key", 0, [Step::Refuse])]).await;
    let letter = &bus.dead_letters::<Job>(&world, 1).await[0];
    assert_eq!(letter.header("carom-service-version"), Some("4.2.0"));
    let instance = letter.header("carom-service-instance").expect("an instance has a name by default");
    assert!(instance.ends_with(&std::process::id().to_string()) || instance.len() == 36, "{instance}");
    // Fails when `ticket.trace` is not set where the attempt ends.
    assert_eq!(letter.header("carom-traceparent"), Some("00-0af7651916cd43dd8448eb211c80319c-9090909090909090-01"));
    assert_eq!(letter.header("carom-tracestate"), Some("carom=1"));
    // What the record had is untouched.
    assert_eq!(letter.header("traceparent"), Some("00-0af7651916cd43dd8448eb211c80319c-5e5e5e5e5e5e5e5e-01"));

    let named = world.again();
    let (bus, ..) = start(&named, |bus| bus.service_instance("billing-7")).await;
    bus.publish([Job::new("key", 0, [Step::Refuse])]).await;
    let letter = &bus.dead_letters::<Job>(&named, 1).await[0];
    assert_eq!(letter.header("carom-service-instance"), Some("billing-7"));
    assert_eq!((letter.header("carom-service-version"), letter.header("carom-traceparent")), (None, None));
}

async fn a_record_brings_its_context_to_its_span(world: World) {
    let capture = Capture::of(world.environment());
    let adopted = Arc::new(Mutex::new(Vec::new()));
    let shared = Shared::new();
    let noted = Arc::clone(&adopted);
    let bus =
        world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one()).trace_parent(move |span, trace| {
            let entered = tracing::Span::current().id() == span.id();
            noted.lock().unwrap().push((entered, trace.hop.headers(), trace.creation.is_some()));
        });
    let bus = world.start(bus).await;
    bus.publisher().with_trace(B, Some("v=2")).publish(Job::ok("key", 0)).await.unwrap();
    shared.ledger.until_handled(1).await;
    // Fails when `open` enters the span before it has a parent.
    assert_eq!(*adopted.lock().unwrap(), [(false, headers(B, Some("v=2")), false)]);
    let span = &capture.spans("process")[0];
    assert_eq!((span.get("traceparent"), span.get("tracestate")), (Some(B), Some("v=2")));
    assert_eq!(span.get("carom.creation.traceparent"), None, "it is the same");
}

async fn an_event_that_was_passed_on_brings_the_context_of_its_creation_too(world: World) {
    let capture = Capture::of(world.environment());
    let adopted = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&adopted);
    let hook = move |_: &tracing::Span, trace: &IncomingTrace<'_>| {
        let creation = trace.creation.map(|creation| creation.headers());
        noted.lock().unwrap().push((trace.hop.headers(), creation));
    };
    let (bus, shared, _) = start(&world, |bus| bus.trace_parent(hook)).await;
    let mut record = TestRecord {
        topic: bus.topic::<Job>(),
        key: Some(b"key".to_vec()),
        value: Some(serde_json::to_vec(&Job::ok("key", 0)).unwrap()),
        headers: Vec::new(),
    };
    let origin = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_source", "/s"), ("ce_type", "contract.job.v1")];
    let contexts = [("ce_traceparent", A), ("ce_tracestate", "v=1"), ("traceparent", B)];
    record.headers = integration_tests::probe::text_headers(origin.into_iter().chain(contexts));
    bus.write(&world, vec![record]).await;
    shared.ledger.until_handled(1).await;
    // Fails when the two are exchanged, and when `open` leaves the creation out.
    assert_eq!(*adopted.lock().unwrap(), [(headers(B, None), Some(headers(A, Some("v=1"))))]);
    let span = &capture.spans("process")[0];
    assert_eq!((span.get("traceparent"), span.get("carom.creation.traceparent")), (Some(B), Some(A)));
}

// Fails when a hook is called without `guarded`: the mailbox, or the sending of the output, is gone then.
async fn a_hook_that_panics_holds_no_event_up(world: World) {
    let hooked = |bus: Bus<Shared>| bus.trace_context(|| panic!("no context")).trace_parent(|_, _| panic!("no parent"));
    let (bus, shared, _capture) = start(&world, hooked).await;
    let Running::Test(bus) = &bus else { unreachable!("that is a test bus") };
    for seq in 0..2 {
        let publisher = bus.publisher().with_trace(A, None);
        publisher.publish(Job::new("key", seq, [Step::Fail, Step::Publish(1)])).await.unwrap();
    }
    bus.publisher().publish(Job::ok("key", 2)).await.unwrap();
    shared.ledger.until_handled(3).await;
    integration_tests::probe::until("the outputs", || bus.records(), |records| records.len() == 5).await;
}

fn headers(parent: &str, state: Option<&str>) -> HashMap<String, String> {
    let state = state.map(|state| ("tracestate".to_owned(), state.to_owned()));
    [("traceparent".to_owned(), parent.to_owned())].into_iter().chain(state).collect()
}

//! Spans around attempts and around publishing.

use carom::{Supervisor, event::Mode, telemetry::Keys};
use integration_tests::{
    capture::{Capture, SUITE, Span},
    job::{Job, Step},
    probe,
    world::{Running, World},
};

use super::{Narrator, Told, start};
use crate::contract::contract;

contract!(test_bus, embedded: {
    a_handler_runs_inside_a_span_that_says_what_it_handles,
    a_blocking_handler_runs_inside_its_span_too,
    publishing_has_a_span_that_says_where_the_event_is,
});

mod on_a_cluster {
    use super::{contract, spans_name_the_cluster};

    contract!(embedded, real: { spans_name_the_cluster });
}

mod in_memory {
    use super::{
        a_structured_event_says_as_much_on_the_span_of_its_publishing, contract,
        keys_are_on_spans_only_where_they_are_asked_for, outputs_are_published_in_a_span_below_that_of_their_attempt,
    };

    contract!(test_bus: {
        keys_are_on_spans_only_where_they_are_asked_for,
        a_structured_event_says_as_much_on_the_span_of_its_publishing,
        outputs_are_published_in_a_span_below_that_of_their_attempt,
    });
}

pub(super) fn all<'a>(span: &'a Span, fields: &[&str]) -> Vec<&'a str> {
    fields.iter().map(|field| span.get(field).unwrap_or("none")).collect()
}

async fn tell(world: &World, policy: Supervisor) -> (Running, Capture) {
    let capture = Capture::of(world.environment());
    let bus = world.start(world.bus().supervise::<Narrator>(policy)).await;
    bus.publisher().publish(Told::new("k-1")).await.expect("the event is published");
    let said = || capture.lines().into_iter().filter(|line| line.target == SUITE).collect::<Vec<_>>();
    let lines = probe::until("two lines", said, |lines| lines.len() == 2).await;
    let span =
        &probe::until("the span", || capture.spans("process"), |spans| spans.iter().any(|span| span.closed)).await[0];
    // Fails for the second line when `Lane::poll` enters the span for the first poll only.
    assert_eq!(lines.iter().map(|line| line.span).collect::<Vec<_>>(), [Some(span.id); 2]);
    (bus, capture)
}

async fn a_handler_runs_inside_a_span_that_says_what_it_handles(world: World) {
    let (bus, capture) = tell(&world, Supervisor::one_for_one()).await;
    let topic = bus.topic::<Told>();
    let [span] = &capture.spans("process")[..] else { panic!("one attempt, one span") };
    let messaging = ["messaging.system", "messaging.operation.name", "messaging.operation.type"];
    assert_eq!(all(span, &messaging), ["kafka", "process", "process"]);
    let place = ["messaging.destination.name", "messaging.consumer.group.name", "messaging.client.id"];
    assert_eq!(all(span, &place), [topic.as_str(), world.group(), "contract"]);
    assert_eq!(all(span, &["otel.name", "otel.kind"]), [format!("process {topic}").as_str(), "consumer"]);
    let event = ["cloudevents.event_type", "cloudevents.event_source", "cloudevents.event_spec_version"];
    assert_eq!(all(span, &event), ["contract.told.v1", "/contract/contract", "1.0"]);
    let record = &bus.records::<Told>(&world)[0];
    let id = record.header("ce_id").unwrap();
    assert_eq!(all(span, &["messaging.message.id", "cloudevents.event_id"]), [id, id]);
    let position = ["messaging.destination.partition.id", "messaging.kafka.offset", "carom.attempt"];
    assert_eq!(all(span, &position), [record.partition.to_string().as_str(), "0", "1"]);
    assert!(span.get("carom.handler").unwrap().ends_with("Narrator/contract.told.v1"));
    // Fails when the fields of failures are given a value at the start.
    assert_eq!(all(span, &["error.type", "otel.status_code", "messaging.kafka.message.tombstone"]), ["none"; 3]);
    assert_eq!(span.parent, None);
}

// Fails when `aside` does not instrument what it runs.
async fn a_blocking_handler_runs_inside_its_span_too(world: World) {
    tell(&world, Supervisor::one_for_one().blocking()).await;
}

async fn keys_are_on_spans_only_where_they_are_asked_for(world: World) {
    for (keys, process, send) in [(Keys::InFailures, "none", "none"), (Keys::Everywhere, "key-7", "key-7")] {
        let world = world.again();
        let (bus, shared, capture) = start(&world, |bus| bus.telemetry_keys(keys)).await;
        bus.publish([Job::ok("key-7", 0)]).await;
        shared.ledger.until_handled(1).await;
        // Fails when `span_key` shows what `InFailures` does not.
        assert_eq!(all(&capture.spans("process")[0], &["messaging.kafka.message.key"]), [process]);
        assert_eq!(all(&capture.spans("send")[0], &["messaging.kafka.message.key"]), [send]);
    }
}

async fn publishing_has_a_span_that_says_where_the_event_is(world: World) {
    let (bus, _, capture) = start(&world, |bus| bus).await;
    let topic = bus.topic::<Job>();
    bus.publish([Job::ok("key", 0)]).await;
    bus.publish((1..4).map(|seq| Job::ok("key", seq))).await;
    let [one, three] = &capture.spans("send")[..] else { panic!("one span for each call") };
    let record = &bus.records::<Job>(&world)[0];
    let id = record.header("ce_id").unwrap();
    let attributes = ["otel.name", "otel.kind", "messaging.system", "messaging.operation.name"];
    assert_eq!(all(one, &attributes), [format!("send {topic}").as_str(), "producer", "kafka", "send"]);
    assert_eq!(all(one, &["messaging.message.id", "cloudevents.event_type"]), [id, "contract.job.v1"]);
    // Fails when `Publisher::send` does not say how it ended.
    let position = ["messaging.destination.partition.id", "messaging.kafka.offset"];
    assert_eq!(all(one, &position), [record.partition.to_string().as_str(), "0"]);
    assert_eq!(all(one, &["messaging.batch.message_count", "error.type"]), ["none"; 2]);
    assert_eq!(all(three, &["messaging.batch.message_count", "messaging.message.id"]), ["3", "none"]);
}

async fn outputs_are_published_in_a_span_below_that_of_their_attempt(world: World) {
    let (bus, _, capture) = start(&world, |bus| bus).await;
    let Running::Test(in_memory) = &bus else { unreachable!("that is a test bus") };
    assert!(in_memory.deliver(Job::new("key", 0, [Step::Publish(2)])).await.is_acked());
    let [process] = &capture.spans("process")[..] else { panic!("one attempt, one span") };
    let [send] = &capture.spans("send")[..] else { panic!("one span for all outputs") };
    assert_eq!(send.parent, Some(process.id));
    assert_eq!(all(send, &["messaging.batch.message_count", "otel.kind"]), ["2", "producer"]);
    // Fails when the span of the attempt is kept beyond its outputs.
    assert!(send.closed && process.closed);
}

// Fails when `describe` looks at headers alone.
async fn a_structured_event_says_as_much_on_the_span_of_its_publishing(world: World) {
    let (bus, _, capture) = start(&world, |bus| bus.mode(Mode::Structured)).await;
    let Running::Test(in_memory) = &bus else { unreachable!("that is a test bus") };
    assert!(in_memory.deliver(Job::new("key", 0, [Step::Publish(1)])).await.is_acked());
    let [process] = &capture.spans("process")[..] else { panic!("one attempt, one span") };
    let [send] = &capture.spans("send")[..] else { panic!("one span for the output") };
    let envelope: serde_json::Value = serde_json::from_slice(in_memory.records()[0].value.as_ref().unwrap()).unwrap();
    let id = envelope["id"].as_str().unwrap();
    let attributes =
        ["messaging.message.id", "cloudevents.event_id", "cloudevents.event_type", "cloudevents.event_source"];
    assert_eq!(all(send, &attributes), [id, id, "contract.done.v1", "/contract/contract"]);
    let correlation = ["messaging.message.conversation_id"];
    assert_eq!(all(send, &correlation), [process.get("messaging.message.id").unwrap()]);
}

async fn spans_name_the_cluster(world: World) {
    let (bus, shared, capture) = start(&world, |bus| bus).await;
    bus.publish([Job::ok("key", 0)]).await;
    shared.ledger.until_handled(1).await;
    let id = probe::cluster_id(world.kafka()).expect("the cluster tells its id");
    // Fails when `provision` forgets what `ensure` found.
    for span in ["process", "send"] {
        assert_eq!(all(&capture.spans(span)[0], &["messaging.kafka.cluster.id"]), [id.as_str()], "{span}");
    }
}

//! All attributes of the two spans, as a dashboard or a sampler finds them: none is missing, and there are no others.

use carom::{
    cloudevents::{Event as CloudEvent, EventBuilder, EventBuilderV10},
    telemetry::Keys,
};
use integration_tests::{
    capture::{Capture, Fields},
    job::Job,
    probe::{self, Letter},
    world::{Running, World},
};

use super::start;
use crate::contract::contract;

contract!(embedded: {
    an_event_with_a_subject_has_these_attributes,
    a_tombstone_has_these_attributes,
});

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn event() -> EventBuilderV10 {
    let event = EventBuilderV10::new().id("e-1").source("/elsewhere").ty("contract.job.v1");
    event.extension("correlationid", "c-1")
}

/// A bus whose clients have names of their own.
async fn named(world: World) -> (World, Running, Capture) {
    let world = world.tuned(|kafka| kafka.consumer("client.id", "reader").producer("client.id", "writer"));
    let (bus, _, capture) = start(&world, |bus| bus.telemetry_keys(Keys::Everywhere)).await;
    (world, bus, capture)
}

/// What both spans say of the event in `record`, beside what the span's own name and place are.
fn common(world: &World, operation: &str, topic: &str, record: &Letter) -> Fields {
    let servers = world.kafka().bootstrap_servers().expect("an embedded cluster");
    let (host, port) = servers.split_once(':').expect("one broker");
    let cluster = probe::cluster_id(world.kafka()).expect("the cluster tells its id");
    let name = format!("{operation} {topic}");
    let (partition, offset) = (record.partition.to_string(), record.offset.to_string());
    fields(&[
        ("otel.name", &name),
        ("messaging.system", "kafka"),
        ("messaging.operation.name", operation),
        ("messaging.operation.type", operation),
        ("messaging.destination.name", topic),
        ("messaging.destination.partition.id", &partition),
        ("messaging.kafka.offset", &offset),
        ("messaging.kafka.cluster.id", &cluster),
        ("messaging.kafka.message.key", "key"),
        ("messaging.message.id", "e-1"),
        ("messaging.message.conversation_id", "c-1"),
        ("server.address", host),
        ("server.port", port),
        ("cloudevents.event_id", "e-1"),
        ("cloudevents.event_source", "/elsewhere"),
        ("cloudevents.event_spec_version", "1.0"),
        ("cloudevents.event_type", "contract.job.v1"),
    ])
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn of_send() -> Fields {
    fields(&[("otel.kind", "producer"), ("messaging.client.id", "writer")])
}

fn of_process(world: &World) -> Fields {
    fields(&[
        ("otel.kind", "consumer"),
        ("messaging.client.id", "reader"),
        ("messaging.consumer.group.name", world.group()),
        ("carom.handler", "integration_tests::job::Worker/contract.job.v1"),
        ("carom.attempt", "1"),
        ("traceparent", TRACE),
        ("tracestate", "v=1"),
    ])
}

/// Compares both spans of the only record with what is always there and with `more`.
async fn are(world: &World, bus: &Running, capture: &Capture, more: &Fields, of_failure: &Fields) {
    let topic = bus.topic::<Job>();
    let ended = || capture.spans("process").into_iter().chain(capture.spans("send")).collect::<Vec<_>>();
    let spans = probe::until("both spans", ended, |spans| spans.len() == 2 && spans.iter().all(|span| span.closed));
    let [process, send] = &spans.await[..] else { unreachable!("there are two") };
    let record = &bus.records::<Job>(world)[0];
    let expected = |operation, own: Fields| {
        common(world, operation, &topic, record).into_iter().chain(own).chain(more.clone()).collect::<Fields>()
    };
    assert_eq!(send.fields, expected("send", of_send()));
    let mut of_process = of_process(world);
    of_process.extend(of_failure.clone());
    assert_eq!(process.fields, expected("process", of_process));
}

async fn publish(bus: &Running, event: &CloudEvent, is_tombstone: bool) {
    let publisher = bus.publisher().with_trace(TRACE, Some("v=1"));
    let (topic, key) = (bus.topic::<Job>(), Some(&b"key"[..]));
    let published = match is_tombstone {
        true => publisher.publish_tombstone(&topic, key, event).await,
        false => publisher.publish_cloudevent(&topic, key, event).await,
    };
    published.expect("the event is published");
}

// Fails when an attribute of `describe` or `open` is left out, has another value, or is added.
async fn an_event_with_a_subject_has_these_attributes(world: World) {
    let (world, bus, capture) = named(world).await;
    let job = serde_json::to_value(Job::ok("key", 0)).expect("a job is JSON");
    let event = event().subject("jobs/key").data("application/json", job).build().expect("it is complete");
    publish(&bus, &event, false).await;
    are(&world, &bus, &capture, &fields(&[("cloudevents.event_subject", "jobs/key")]), &Fields::new()).await;
}

// Fails likewise, and when `true` is also said of others.
async fn a_tombstone_has_these_attributes(world: World) {
    let (world, bus, capture) = named(world).await;
    publish(&bus, &event().build().expect("it is complete"), true).await;
    let of_failure = fields(&[("error.type", "decode"), ("otel.status_code", "ERROR")]);
    are(&world, &bus, &capture, &fields(&[("messaging.kafka.message.tombstone", "true")]), &of_failure).await;
}

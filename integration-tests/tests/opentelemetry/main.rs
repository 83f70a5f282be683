//! What OpenTelemetry makes of the spans, with the very code of `docs/telemetry.md`. A binary of its own, because a process
//! has one subscriber.

mod connect;

use std::sync::OnceLock;

use carom::{Actor, Bus, Context, Event, Failure, Handler, Supervisor, handler};
use integration_tests::{
    probe,
    world::{Running, World},
};
use opentelemetry::{
    Value,
    trace::{SpanId, SpanKind, Status, TraceId},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde::{Deserialize, Serialize};
use tracing::Instrument;

/// An order was placed.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "contract", partitions = 1)]
struct OrderPlaced {
    #[event(key)]
    cents: u32,
}

/// An order was paid.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Payment, domain = "contract", partitions = 1)]
struct OrderPaid {
    #[event(key)]
    cents: u32,
}

#[derive(Actor)]
struct Billing;

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, placed: OrderPlaced, _cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
        match placed.cents {
            0 => Err(Failure::permanent("there is nothing to pay")),
            cents => Ok(OrderPaid { cents }),
        }
    }
}

#[derive(Actor)]
struct Shipping;

#[handler]
impl Handler<OrderPaid> for Shipping {
    async fn handle(&mut self, _paid: OrderPaid, _cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}

/// What was exported of one test.
struct Spans {
    all: Vec<SpanData>,
    placed: String,
    paid: String,
}

impl Spans {
    fn named(&self, name: &str) -> &SpanData {
        let mut of_name = self.all.iter().filter(|span| span.name == name);
        let span = of_name.next().unwrap_or_else(|| panic!("no span `{name}`: {:?}", self.names()));
        assert!(of_name.next().is_none(), "`{name}` is there once: {:?}", self.names());
        span
    }

    fn names(&self) -> Vec<&str> {
        self.all.iter().map(|span| &*span.name).collect()
    }

    /// The spans of a trace of two hops, in order: `send`, `process`, `send`, `process`.
    fn hops(&self) -> [&SpanData; 4] {
        let Self { placed, paid, .. } = self;
        ["send", "process", "send", "process"]
            .into_iter()
            .zip([placed, placed, paid, paid])
            .map(|(operation, topic)| self.named(&format!("{operation} {topic}")))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    }
}

fn id(span: &SpanData) -> (TraceId, SpanId) {
    (span.span_context.trace_id(), span.span_context.span_id())
}

fn links(span: &SpanData) -> Vec<(TraceId, SpanId)> {
    span.links.iter().map(|link| (link.span_context.trace_id(), link.span_context.span_id())).collect()
}

fn attribute<'a>(span: &'a SpanData, name: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == name).map(|attribute| &attribute.value)
}

fn exporter() -> &'static InMemorySpanExporter {
    static EXPORTER: OnceLock<InMemorySpanExporter> = OnceLock::new();
    EXPORTER.get_or_init(|| {
        let exporter = InMemorySpanExporter::default();
        connect::listen(&SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build());
        exporter
    })
}

/// Publishes an order inside a span `request`; what was exported when there are so many spans.
async fn order(world: &World, cents: u32, trace: fn(Bus) -> Bus, count: usize) -> (Running, Spans) {
    let exporter = exporter();
    let bus = trace(world.bus()).supervise::<Billing>(Supervisor::one_for_one());
    let bus = world.start(bus.supervise::<Shipping>(Supervisor::one_for_one())).await;
    let (placed, paid) = (bus.topic::<OrderPlaced>(), bus.topic::<OrderPaid>());
    // As a web framework opens it.
    let request = tracing::info_span!("request", messaging.destination.name = placed);
    bus.publisher().publish(OrderPlaced { cents }).instrument(request).await.expect("the order is published");
    let ours = |span: &SpanData| {
        let topic = attribute(span, "messaging.destination.name").map(|topic| topic.as_str().into_owned());
        topic.is_some_and(|topic| topic == placed || topic == paid)
    };
    let finished = || {
        let spans = exporter.get_finished_spans().expect("spans are kept");
        spans.into_iter().filter(ours).collect::<Vec<_>>()
    };
    let all = probe::until("the last span", finished, |spans| spans.len() == count).await;
    (bus, Spans { all, placed, paid })
}

async fn each_hop_is_the_parent_of_the_next_and_the_creation_is_linked(world: World) {
    let (_bus, spans) = order(&world, 4_200, connect::traced, 5).await;
    let request = spans.named("request");
    let hops = spans.hops();
    use SpanKind::{Consumer, Producer};
    assert_eq!(hops.map(|span| span.span_kind.clone()), [Producer, Consumer, Producer, Consumer]);
    let parents = [id(request), id(hops[0]), id(hops[1]), id(hops[2])];
    // Fails when `publish` of outputs does not call `depart`: the second `process` is a child of the first `send` then.
    assert_eq!(hops.map(|span| (span.span_context.trace_id(), span.parent_span_id)), parents);
    assert_eq!(hops.map(|span| span.parent_span_is_remote), [false, true, false, true]);
    // Fails when `open` compares the creation with nothing, and when it leaves it out.
    assert_eq!(hops.map(links), [vec![], vec![], vec![], vec![id(hops[0])]]);
    assert!(hops.iter().all(|span| span.status == Status::Unset), "{hops:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_through_two_handlers_in_memory() {
    each_hop_is_the_parent_of_the_next_and_the_creation_is_linked(World::test_bus()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_through_two_handlers_on_a_broker() {
    each_hop_is_the_parent_of_the_next_and_the_creation_is_linked(World::embedded()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_links_only_each_hop_is_a_trace_of_its_own() {
    fn linked(bus: Bus) -> Bus {
        bus.trace_context(connect::current).trace_parent(connect::link_only)
    }
    let (_bus, spans) = order(&World::test_bus(), 4_200, linked, 5).await;
    let [send, process, output, last] = spans.hops();
    assert_eq!([process, last].map(|span| span.parent_span_id), [SpanId::INVALID; 2]);
    assert_eq!((links(process), links(last)), (vec![id(send)], vec![id(output), id(send)]));
    let traces = [send, process, output, last].map(|span| span.span_context.trace_id());
    assert!(traces[0] != traces[1] && traces[1] == traces[2] && traces[2] != traces[3], "{traces:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_failed_is_an_error_with_its_class() {
    let (_bus, spans) = order(&World::test_bus(), 0, connect::traced, 3).await;
    let process = spans.named(&format!("process {}", spans.placed));
    // Fails when the value of `otel.status_code` is none that the layer knows.
    assert!(matches!(process.status, Status::Error { .. }), "{process:?}");
    assert_eq!(attribute(process, "error.type"), Some(&"permanent".into()));
    let send = spans.named(&format!("send {}", spans.placed));
    assert_eq!((&send.status, attribute(send, "error.type")), (&Status::Unset, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_numbers_and_a_partition_is_text() {
    let world = World::embedded();
    let (bus, spans) = order(&world, 4_200, connect::traced, 5).await;
    let [send, process, ..] = spans.hops();
    for span in [send, process] {
        assert_eq!(attribute(span, "messaging.destination.partition.id"), Some(&"0".into()), "{span:?}");
        assert_eq!(attribute(span, "messaging.kafka.offset"), Some(&Value::I64(0)));
        // Fails when the number is unsigned: the layer makes text of it.
        assert!(matches!(attribute(span, "server.port"), Some(Value::I64(_))), "{span:?}");
    }
    assert_eq!(attribute(process, "carom.attempt"), Some(&Value::I64(1)));
    bus.publisher().publish_all((1..=130).map(|cents| OrderPlaced { cents })).await.unwrap();
    let exported = exporter().get_finished_spans().unwrap();
    let sends = exported.iter().filter(|span| span.name == format!("send {}", spans.placed));
    let attributes = sends.flat_map(|span| &span.attributes);
    let counts: Vec<_> = attributes.filter(|known| known.key.as_str() == "messaging.batch.message_count").collect();
    // Fails when each block of a call says how many there are so far.
    assert_eq!(counts.iter().map(|count| &count.value).collect::<Vec<_>>(), [&Value::I64(130)]);
}

// Fails when one of the two is changed alone.
#[test]
fn the_page_shows_the_code_that_runs_here() {
    let page = include_str!("../../../docs/telemetry.md");
    let code = include_str!("connect.rs");
    let (_, code) = code.split_once("\n\n").expect("a line of its own comes first");
    assert!(page.contains(&format!("```rust\n{code}```")), "docs/telemetry.md has all of connect.rs in one block");
}

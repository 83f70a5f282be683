//! Attributes and headers that are read, and must not be believed, written again or waited for.

use carom::{Actor, Context, Event, Failure, FromRef, Handler, Supervisor, handler, testing::TestRecord};
use integration_tests::{
    job::{Done, Job, Shared, Step, Worker},
    probe,
    world::{Running, World},
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::contract::contract;

contract!(test_bus, embedded: {
    an_event_that_came_too_late_is_skipped_and_counted,
    outputs_leave_out_what_of_their_cause_cannot_be_written,
});

mod in_memory {
    use super::{a_forged_header_of_carom_is_not_believed, contract};

    contract!(test_bus: { a_forged_header_of_carom_is_not_believed });
}

fn record(topic: &str, id: &str, script: &[Step], more: &[(&str, &str)]) -> TestRecord {
    let known = [("ce_specversion", "1.0"), ("ce_id", id), ("ce_type", "contract.job.v1"), ("ce_source", "/suite")];
    TestRecord {
        topic: topic.to_owned(),
        key: Some(b"key".to_vec()),
        value: Some(serde_json::to_vec(&Job::new(id, 0, script)).unwrap()),
        headers: probe::text_headers(known.iter().chain(more).copied()),
    }
}

async fn worker(world: &World) -> (Running, Shared) {
    let shared = Shared::new();
    let bus = world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one());
    (world.start(bus).await, shared)
}

// Fails when `Look::at` passes the attribute, when `is_expired` is left out, and when it takes what is no time for one.
async fn an_event_that_came_too_late_is_skipped_and_counted(world: World) {
    let (bus, shared) = worker(&world).await;
    let topic = bus.topic::<Job>();
    let at = |id: &str, time: &str| record(&topic, id, &[], &[("ce_expirytime", time)]);
    let mut enveloped = record(&topic, "enveloped", &[], &[]);
    enveloped.headers = vec![(b"content-type".to_vec(), Some(b"application/cloudevents+json".to_vec()))];
    enveloped.value = Some(
        br#"{"specversion":"1.0","id":"e","type":"contract.job.v1","source":"/s","expirytime":"1999-12-31T23:59:59Z","data":{}}"#
            .to_vec(),
    );
    let records = vec![
        at("late", "2001-01-01T00:00:00Z"),
        enveloped,
        at("in-time", "2999-01-01T00:00:00+02:00"),
        at("whenever", "some day"),
        record(&topic, "last", &[], &[]),
    ];
    bus.write(&world, records).await;
    shared.ledger.until("the others", |_| shared.ledger.succeeded("Worker").len() == 3).await;
    let counted = |stats: &carom::Stats| (stats.handled, stats.expired) == (3, 2);
    let stats = probe::until("all five", || bus.stats(), counted).await;
    assert_eq!((stats.unknown, stats.dead_lettered), (0, 0));
    let committed: i64 = bus.stop::<Job>(&world).await.values().sum();
    assert_eq!(committed, 5, "what is skipped is finished");
}

// Fails when `caused_by` takes over what it is given, and when `TraceContext` takes any `tracestate`.
async fn outputs_leave_out_what_of_their_cause_cannot_be_written(world: World) {
    let (bus, _) = worker(&world).await;
    let topic = bus.topic::<Job>();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let odd = [
        ("ce_correlationid", "case\u{7f}7"),
        ("ce_traceparent", parent),
        ("ce_tracestate", "a=\u{1}"),
        ("tracestate", "a=\n"),
    ];
    bus.write(&world, vec![record(&topic, "odd\u{1}", &[Step::Publish(1)], &odd)]).await;
    let outputs = probe::until("the output", || bus.records::<Done>(&world), |outputs| outputs.len() == 1).await;
    let output = &outputs[0];
    assert_eq!((output.header("ce_correlationid"), output.header("ce_causationid")), (None, None));
    assert_eq!((output.header("ce_traceparent"), output.header("traceparent")), (Some(parent), Some(parent)));
    assert_eq!((output.header("ce_tracestate"), output.header("tracestate")), (None, None));
    assert_eq!(bus.stats().dead_lettered, 0);
}

/// Something to read headers of.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(entity = Parcel, domain = "contract")]
struct Posted {
    #[event(key)]
    key: String,
}

#[derive(Clone, FromRef)]
struct Desk {
    seen: UnboundedSender<[Option<String>; 3]>,
}

#[derive(Debug, Actor)]
struct Reader {
    seen: UnboundedSender<[Option<String>; 3]>,
}

#[handler]
impl Handler<Posted> for Reader {
    async fn handle(&mut self, _: Posted, cx: &mut Context<'_>) -> Result<(), Failure> {
        let header = |name| cx.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
        self.seen.send([header("carom-group"), header("carom-replay-count"), cx.traceparent()])?;
        Ok(())
    }
}

// Fails when `Context::header` and `of_hop` do not ask where the record lies.
async fn a_forged_header_of_carom_is_not_believed(world: World) {
    let (seen, mut received) = unbounded_channel();
    let bus = world.bus().with_state(Desk { seen }).supervise::<Reader>(Supervisor::one_for_one());
    let Running::Test(bus) = world.start(bus).await else { unreachable!("that is a test bus") };
    let (ours, theirs) = (
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", "1"),
        ("ce_type", "contract.posted.v1"),
        ("ce_source", "/suite"),
        ("traceparent", ours),
        ("carom-traceparent", theirs),
        ("carom-group", "forged"),
        ("carom-replay-count", "2"),
    ];
    let record = TestRecord {
        topic: bus.topic::<Posted>(),
        value: Some(br#"{"key":"k"}"#.to_vec()),
        headers: headers.map(|(name, value)| (name.into(), Some(value.into()))).into(),
        ..TestRecord::default()
    };
    assert!(bus.deliver_record(record).await.is_acked());
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(received.recv().await, Some([None, text("2"), text(ours)]));
}

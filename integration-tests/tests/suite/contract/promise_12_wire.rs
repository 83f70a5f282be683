//! The wire is CloudEvents 1.0 on Kafka, which services without carom write and read.

use carom::{Actor, Bus, Context, Event, Failure, FromRef, Handler, Supervisor, event::Mode, handler};
use integration_tests::{
    job::{Done, Job, Shared, Step, Worker},
    ledger::PATIENCE,
    plain::{self, PlainRecord},
    probe,
    world::World,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

use super::contract;

contract!(embedded, real: {
    an_event_is_written_in_binary_mode,
    an_event_is_written_in_structured_mode,
    an_output_names_its_cause_and_stays_in_its_trace,
    what_other_services_write_is_read_as_the_vectors_say,
});

/// The golden cases that other implementations of the format share.
const VECTORS: &str = include_str!("../../../vectors/cloudevents.json");

fn vectors() -> Vec<Value> {
    let mut file: Value = serde_json::from_str(VECTORS).unwrap();
    serde_json::from_value(file["cases"].take()).unwrap()
}

/// The record of a vector; `None` if it has bytes that are no text.
fn record(case: &Value) -> Option<PlainRecord> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let header = |header: &Value| {
        let header = header.as_array()?;
        (header.len() == 2).then(|| Some((text(&header[0])?, text(&header[1]))))?
    };
    let headers = case["headers"].as_array()?.iter().map(header).collect::<Option<_>>()?;
    Some(PlainRecord { key: text(&case["key"]), value: text(case.get("value")?), headers })
}

/// The event of most vectors.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "contract", type = "com.example.order.placed")]
struct Placed {
    #[event(key)]
    order: String,
    total: Option<serde_json::Number>,
}

/// What a handler was given: id, source and trace of the event, and its data.
type Got = (String, String, Option<String>, Value);

#[derive(Clone, FromRef)]
struct Desk {
    got: UnboundedSender<Got>,
}

/// Notes down what it is given.
#[derive(Actor)]
struct Clerk {
    got: UnboundedSender<Got>,
}

fn note<E: Serialize>(clerk: &Clerk, event: &E, cx: &Context<'_>) -> Result<(), Failure> {
    clerk.got.send((cx.id(), cx.source(), cx.extension("traceparent"), serde_json::to_value(event)?))?;
    Ok(())
}

#[handler]
impl Handler<Placed> for Clerk {
    async fn handle(&mut self, event: Placed, cx: &mut Context<'_>) -> Result<(), Failure> {
        note(self, &event, cx)
    }
}

fn clerk(world: &World) -> (Bus<Desk>, UnboundedReceiver<Got>) {
    let (got, receiver) = unbounded_channel();
    (world.bus().with_state(Desk { got }).supervise::<Clerk>(Supervisor::one_for_one()), receiver)
}

async fn next(got: &mut UnboundedReceiver<Got>) -> Got {
    timeout(PATIENCE, got.recv()).await.expect("the clerk gets the event").expect("the clerk is there")
}

fn names(record: &PlainRecord) -> Vec<&str> {
    record.headers.iter().map(|(name, _)| name.as_str()).collect()
}

fn header<'a>(record: &'a PlainRecord, name: &str) -> &'a str {
    let found = record.headers.iter().find(|(key, _)| key == name);
    found.and_then(|(_, value)| value.as_deref()).unwrap_or_else(|| panic!("no {name} in {record:?}"))
}

/// UTC with microseconds.
fn assert_time(time: &str) {
    let shape: String = time.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
}

async fn published(world: &World, mode: Mode) -> PlainRecord {
    let bus = world.start(world.bus().mode(mode)).await;
    let topic = bus.topic::<Job>();
    world.create_topic(&topic).await;
    bus.publish([Job::new("käse", 7, [Step::Sleep(5)])]).await;
    tokio::task::block_in_place(|| plain::read_first(world.kafka(), &topic, 4))
}

// Fails when `Outgoing::binary` writes `ce_type` before `ce_id`, and when it writes `ce_datacontenttype`.
async fn an_event_is_written_in_binary_mode(world: World) {
    let record = published(&world, Mode::Binary).await;
    assert_eq!(names(&record), ["ce_specversion", "ce_id", "ce_type", "ce_time", "ce_source", "content-type"]);
    assert_eq!(header(&record, "ce_specversion"), "1.0");
    assert_eq!(header(&record, "ce_type"), "contract.job.v1");
    assert_eq!(header(&record, "ce_source"), "/contract/contract");
    assert_eq!(header(&record, "content-type"), "application/json");
    let id = header(&record, "ce_id");
    assert_eq!(id.parse::<uuid::Uuid>().unwrap().hyphenated().to_string(), id, "lower case, with hyphens");
    assert_time(header(&record, "ce_time"));
    assert_eq!(record.key.as_deref(), Some("käse"));
    assert_eq!(record.value.as_deref(), Some(r#"{"key":"käse","seq":7,"script":[{"Sleep":5}]}"#));
}

// Fails when `Outgoing::structured` leaves out the charset, and when `Envelope` leaves out `datacontenttype`.
async fn an_event_is_written_in_structured_mode(world: World) {
    let record = published(&world, Mode::Structured).await;
    assert_eq!(names(&record), ["content-type"]);
    assert_eq!(header(&record, "content-type"), "application/cloudevents+json; charset=UTF-8");
    assert_eq!(record.key.as_deref(), Some("käse"));
    let envelope: Value = serde_json::from_str(record.value.as_deref().unwrap()).unwrap();
    let text = |name: &str| envelope[name].as_str().unwrap().to_owned();
    assert_time(&text("time"));
    let expected = format!(
        "{{\"specversion\":\"1.0\",\"id\":\"{}\",\"type\":\"contract.job.v1\",\"time\":\"{}\",\
         \"source\":\"/contract/contract\",\"datacontenttype\":\"application/json\",\
         \"data\":{{\"key\":\"käse\",\"seq\":7,\"script\":[{{\"Sleep\":5}}]}}}}",
        text("id"),
        text("time"),
    );
    assert_eq!(record.value, Some(expected));
}

// Fails when `Attributes::caused_by` leaves out the correlation, or takes no trace from the cause.
async fn an_output_names_its_cause_and_stays_in_its_trace(world: World) {
    let shared = Shared::new();
    let bus = world.start(world.bus_with(&shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    let outputs = bus.topic::<Done>();
    world.create_topic(&outputs).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", "cause"),
        ("ce_type", "contract.job.v1"),
        ("ce_source", "/elsewhere"),
        ("ce_correlationid", "case-7"),
        ("ce_traceparent", parent),
    ];
    let cause = PlainRecord {
        key: Some("key".to_owned()),
        value: Some(serde_json::to_string(&Job::new("key", 0, [Step::Publish(1)])).unwrap()),
        headers: headers.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).into(),
    };
    plain::write(world.kafka(), &bus.topic::<Job>(), &cause).await;
    let output = tokio::task::block_in_place(|| plain::read_first(world.kafka(), &outputs, 4));
    let first = ["ce_specversion", "ce_id", "ce_type", "ce_time", "ce_source"];
    let then = ["ce_correlationid", "ce_causationid", "ce_traceparent", "traceparent", "content-type"];
    assert_eq!(names(&output), [first, then].concat());
    assert_eq!((header(&output, "ce_correlationid"), header(&output, "ce_causationid")), ("case-7", "cause"));
    assert_eq!((header(&output, "ce_traceparent"), header(&output, "traceparent")), (parent, parent));
    assert_eq!(output.key.as_deref(), Some("key"));
}

// Fails when `CeHeaders::collect` compares names with their case, and when `read` looks at `ce_` headers first.
async fn what_other_services_write_is_read_as_the_vectors_say(world: World) {
    let (bus, mut got) = clerk(&world);
    let bus = world.start(bus).await;
    let topic = bus.topic::<Placed>();
    let cases: Vec<(Value, PlainRecord)> = vectors()
        .into_iter()
        .filter_map(|case| Some((record(&case)?, case)))
        .map(|(record, case)| (case, record))
        .collect();
    assert!(cases.len() > 35, "most vectors are text: {}", cases.len());
    let mut refused = Vec::new();
    for (case, record) in &cases {
        plain::write(world.kafka(), &topic, record).await;
        let (name, expect) = (&case["name"], &case["expect"]);
        if let Some(error) = expect["error"].as_str() {
            refused.push((name, error));
        } else if expect["type"] == "com.example.order.placed" && expect["data"]["json"].get("order").is_some() {
            let (id, source, trace, event) = next(&mut got).await;
            let expected = (expect["id"].as_str().unwrap(), expect["source"].as_str().unwrap());
            assert_eq!((id.as_str(), source.as_str()), expected, "{name}");
            assert_eq!(trace.as_deref(), expect["extensions"]["traceparent"].as_str(), "{name}");
            assert_eq!(event, expect["data"]["json"], "{name}");
        }
    }
    assert!(refused.len() > 10, "{refused:?}");
    let dead = format!("{topic}.{}.dlq", world.group());
    let reasons = || -> Vec<String> {
        let letters = probe::read_all(world.kafka(), &dead);
        letters.iter().map(|letter| letter.header("carom-error-message").unwrap_or_default().to_owned()).collect()
    };
    let all = |reasons: &Vec<String>| {
        let count = |error: &str| reasons.iter().filter(|reason| reason.starts_with(&format!("{error}: "))).count();
        refused.iter().all(|(_, error)| count(error) == refused.iter().filter(|(_, other)| other == error).count())
    };
    probe::until("a dead letter for each refused vector", reasons, all).await;
}

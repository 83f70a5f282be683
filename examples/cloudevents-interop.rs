//! Run with `cargo run --example cloudevents-interop`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! Others speak CloudEvents too. A producer that knows nothing of carom writes one event in both forms that the Kafka
//! binding has, attributes in headers and a JSON envelope; one handler reads both. Then an event of the CloudEvents SDK
//! goes out under its own attributes, and a client that knows nothing of carom reads it.

use std::time::Duration;

use carom::{
    Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor,
    cloudevents::{self, AttributesReader, EventBuilder, EventBuilderV10},
    event::Environment,
    handler,
};
use rdkafka::{
    ClientConfig, Message,
    consumer::{Consumer, StreamConsumer},
    message::{Header, Headers, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::timeout};

const PATIENCE: Duration = Duration::from_secs(30);

/// A parcel was handed over. The type is the one that its publisher gave to it.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Parcel, domain = "carrier", type = "org.example.parcel.delivered")]
struct ParcelDelivered {
    #[event(key)]
    parcel: String,
}

/// Passes on what the carrier says.
#[derive(Actor)]
struct Tracking {
    seen: mpsc::UnboundedSender<cloudevents::Event>,
}

#[handler]
impl Handler<ParcelDelivered> for Tracking {
    async fn handle(&mut self, event: ParcelDelivered, cx: &mut Context<'_>) -> Result<(), Failure> {
        println!("parcel {} was delivered, says {} in {}", event.parcel, cx.source(), cx.id());
        Ok(self.seen.send(cx.cloudevent().ok_or("no event that the SDK can hold")?)?)
    }
}

/// What another producer writes: attributes in `ce_` headers, the data as the value.
fn binary(topic: &str) -> FutureRecord<'_, str, str> {
    let attributes = [
        ("ce_specversion", "1.0"),
        ("ce_id", "scan-1"),
        ("ce_source", "//carrier.example/scanners/12"),
        ("ce_type", "org.example.parcel.delivered"),
        ("ce_depot", "north"),
        ("content-type", "application/json"),
    ];
    let headers = attributes
        .iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(*value) }));
    FutureRecord::to(topic).key("P-1").headers(headers).payload(r#"{"parcel":"P-1"}"#)
}

/// The same in one JSON document.
fn structured(topic: &str) -> FutureRecord<'_, str, str> {
    let value = Some("application/cloudevents+json; charset=utf-8");
    let headers = OwnedHeaders::new().insert(Header { key: "content-type", value });
    FutureRecord::to(topic).key("P-1").headers(headers).payload(
        r#"{"specversion":"1.0","id":"scan-2","source":"//carrier.example/scanners/12","depot":"north",
            "type":"org.example.parcel.delivered","datacontenttype":"application/json","data":{"parcel":"P-1"}}"#,
    )
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let run = format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis());
    let (seen, mut events) = mpsc::unbounded_channel();
    let bus = Bus::new(kafka.clone()).environment(Environment::short(&run)).service("tracking").with_state(seen);
    let bus = bus.supervise::<Tracking>(Supervisor::one_for_one()).spawn().await?;

    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", kafka.bootstrap_servers()?);
    let producer: FutureProducer = client.create()?;
    let topic = bus.topic::<ParcelDelivered>()?;
    for (record, id) in [(binary(&topic), "scan-1"), (structured(&topic), "scan-2")] {
        producer.send(record, PATIENCE).await.map_err(|(error, _)| error)?;
        let event = timeout(PATIENCE, events.recv()).await?.ok_or("the bus is gone")?;
        assert_eq!((event.id(), event.ty()), (id, "org.example.parcel.delivered"));
        assert_eq!(event.extension("depot").map(ToString::to_string).as_deref(), Some("north"));
    }

    let receipt = EventBuilderV10::new()
        .id("receipt-1")
        .source("/tracking")
        .ty("org.example.receipt.signed")
        .data("application/json", serde_json::json!({ "parcel": "P-1" }))
        .build()?;
    let receipts = format!("{run}.receipts");
    bus.publisher().publish_cloudevent(&receipts, Some(b"P-1"), &receipt).await?;

    client.set("group.id", &run).set("auto.offset.reset", "earliest");
    let reader: StreamConsumer = client.create()?;
    reader.subscribe(&[&receipts])?;
    let record = timeout(PATIENCE, reader.recv()).await??;
    let headers = record.headers().ok_or("an event has headers")?;
    let attribute = |name| headers.iter().find(|header| header.key == name).and_then(|header| header.value);
    println!("{}: {:?}", record.topic(), record.payload_view::<str>());
    assert_eq!(attribute("ce_type"), Some(b"org.example.receipt.signed".as_slice()));
    assert_eq!(record.payload(), Some(br#"{"parcel":"P-1"}"#.as_slice()));
    Ok(bus.shutdown().await?)
}

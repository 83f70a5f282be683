//! Run with `cargo run --example dead-letter`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! What becomes of an event that cannot be handled: its record lies in the dead-letter topic `{topic}.{group}.dlq` as
//! it was, with the reason in `carom-*` headers. Any Kafka client reads it, here rdkafka; in a shell that is
//! `kcat -C -b localhost:9092 -t dev.sales.public.orders.v1.billing-dev.dlq -f '%k %h\n%s\n'`. Once the cause is
//! mended, the same record is written back to its topic, with a count by which this can come to an end, and handled.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Retry, Supervisor, event::Environment, handler};
use rdkafka::{
    ClientConfig, Message,
    consumer::{Consumer, StreamConsumer},
    message::{BorrowedMessage, Header, Headers, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use serde::{Deserialize, Serialize};
use tokio::{sync::Notify, time::timeout};

/// An order was placed and awaits payment.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u32,
    cents: u64,
}

/// The gateway refuses cards until somebody corrects its settings.
#[derive(Clone, Default)]
struct Gateway {
    mended: Arc<AtomicBool>,
    charged: Arc<Notify>,
}

/// Charges cards.
#[derive(Actor)]
struct Billing {
    gateway: Gateway,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
        if !self.gateway.mended.load(Relaxed) {
            return Err("the gateway does not know this merchant".into());
        }
        println!("charged order {}: {} cents, offset {}", event.order_id, event.cents, cx.offset());
        self.gateway.charged.notify_one();
        Ok(())
    }
}

/// How often a record was written back to its topic.
const REPLAYS: &str = "carom-replay-count";

/// Headers of a record as text; a dead letter's are all text.
fn headers(record: &BorrowedMessage<'_>) -> BTreeMap<String, String> {
    let headers = record.headers().into_iter().flat_map(Headers::iter);
    headers.map(|header| (header.key.to_owned(), text(header.value))).collect()
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let environment = Environment::short(format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis()));
    let gateway = Gateway::default();
    let bus = Bus::new(kafka.clone())
        .environment(environment)
        .service("billing")
        .with_state(gateway.clone())
        .supervise::<Billing>(Supervisor::one_for_one().retry(Retry::fixed(3, Duration::from_millis(10))))
        .spawn()
        .await?;
    bus.publish(OrderPlaced { order_id: 7, cents: 4_200 }).await?;

    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", kafka.bootstrap_servers()?);
    client.set("group.id", "operators").set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
    let dead_letters: StreamConsumer = client.create()?;
    dead_letters.subscribe(&[&bus.routes()[0].dead_letter_topic])?;
    let letter = timeout(Duration::from_secs(30), dead_letters.recv()).await??;
    let headers = headers(&letter);
    println!("{}, key {}:", letter.topic(), text(letter.key()));
    for (name, value) in &headers {
        println!("  {name}: {value}");
    }
    println!("  {}", text(letter.payload()));
    assert_eq!(text(letter.payload()), r#"{"order_id":7,"cents":4200}"#);
    assert_eq!((&*headers["carom-error-class"], &*headers["carom-attempts"]), ("transient", "3"));
    assert_eq!(headers["carom-error-message"], "the gateway does not know this merchant");

    // The record as it was; of its `carom-*` headers only the count matters: a new dead letter would carry it on.
    gateway.mended.store(true, Relaxed);
    let topic = &headers["carom-original-topic"];
    let record = FutureRecord::to(topic).key(letter.key().unwrap_or_default());
    let record = record.payload(letter.payload().unwrap_or_default());
    let replays = headers.get(REPLAYS).map_or(Ok(0), |count| count.parse::<u32>())? + 1;
    let others = letter.headers().into_iter().flat_map(Headers::iter).filter(|header| header.key != REPLAYS);
    let others = others.fold(OwnedHeaders::new(), OwnedHeaders::insert);
    let again = record.headers(others.insert(Header { key: REPLAYS, value: Some(&replays.to_string()) }));
    let producer: FutureProducer = client.create()?;
    producer.send(again, Duration::from_secs(30)).await.map_err(|(error, _)| error)?;
    timeout(Duration::from_secs(30), gateway.charged.notified()).await?;
    Ok(bus.shutdown().await?)
}

//! Run with `cargo run --example several-actors`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! One bus, three actors. Two handle the same event, each with attempts and dead letters of its own; what one of them
//! returns is the event that the third one handles. An actor may handle several events, here two of one topic.

use std::time::Duration;

use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Retry, Supervisor, event::Environment, handler};
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::timeout};

/// An order was placed and awaits payment.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "shop")]
struct OrderPlaced {
    #[event(key)]
    order_id: u32,
}

/// An order was paid and awaits shipment. On the topic of the orders too, because it is about one.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "shop")]
struct OrderPaid {
    #[event(key)]
    order_id: u32,
}

/// What the actors did, in the order in which they did it.
type Diary = mpsc::UnboundedSender<String>;

/// Charges cards.
#[derive(Actor)]
struct Billing {
    diary: Diary,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
        self.diary.send(format!("billing charged order {}", event.order_id))?;
        Ok(OrderPaid { order_id: event.order_id })
    }
}

/// Reserves goods; the warehouse answers only when it is asked the third time.
#[derive(Actor)]
struct Stock {
    diary: Diary,
}

#[handler]
impl Handler<OrderPlaced> for Stock {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
        if cx.attempt() < 3 {
            return Err("the warehouse does not answer".into());
        }
        Ok(self.diary.send(format!("stock reserved order {} at attempt {}", event.order_id, cx.attempt()))?)
    }
}

/// Tells the customer, who hears of everything that happens to an order, in that order.
#[derive(Actor)]
struct Mailing {
    diary: Diary,
}

#[handler]
impl Handler<OrderPlaced> for Mailing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.diary.send(format!("mailing thanked for order {}", event.order_id))?)
    }
}

#[handler]
impl Handler<OrderPaid> for Mailing {
    async fn handle(&mut self, event: OrderPaid, _cx: &mut Context<'_>) -> Result<(), Failure> {
        Ok(self.diary.send(format!("mailing confirmed the payment of order {}", event.order_id))?)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let environment = Environment::short(format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis()));
    let (diary, mut entries) = mpsc::unbounded_channel();
    let bus = Bus::new(kafka)
        .environment(environment)
        .service("shop")
        .with_state(diary)
        .supervise::<Billing>(Supervisor::one_for_one())
        .supervise::<Stock>(Supervisor::one_for_one().retry(Retry::fixed(5, Duration::from_millis(50))))
        .supervise::<Mailing>(Supervisor::one_for_one().concurrency(4))
        .spawn()
        .await?;
    for route in bus.routes() {
        println!("route {route}");
    }
    bus.publish(OrderPlaced { order_id: 7 }).await?;

    let mut diary = Vec::new();
    while diary.len() < 4 {
        let entry = timeout(Duration::from_secs(30), entries.recv()).await?;
        diary.extend(entry.inspect(|entry| println!("{entry}")));
    }
    bus.shutdown().await?;
    let at = |start: &str| diary.iter().position(|entry| entry.starts_with(start)).expect("an entry of each handler");
    assert!(at("billing charged") < at("mailing confirmed"), "what a handler returns is published when it succeeded");
    assert!(at("mailing thanked") < at("mailing confirmed"), "an actor sees the events of a key in their order");
    assert!(at("billing charged") < at("stock reserved"), "nobody waits for an actor that fails");
    Ok(())
}

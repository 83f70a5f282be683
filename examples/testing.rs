//! Run with `cargo run --example testing`. It needs no broker, and would not use one.
//!
//! Three ways to test a handler, each in a function that your crate would write as `#[tokio::test]`: call it as the
//! plain method it is, run it on a bus in memory with retries and dead letters, look at what other code publishes. None
//! of them sleeps. In your `Cargo.toml`: `carom = { version = "0.1", features = ["testing"] }` under
//! `[dev-dependencies]`.

use std::sync::{Arc, Mutex};

use carom::{
    Actor, Bus, Context, Event, Failure, Handler, Kafka, PublishError, Publisher, Supervisor, handler,
    testing::{RecordingPublisher, TestBus},
};
use serde::{Deserialize, Serialize};

/// An order was placed and awaits payment.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u32,
    cents: u64,
}

/// An order's card was charged.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPaid {
    #[event(key)]
    order_id: u32,
}

/// What charges cards. The actor holds it as a trait object, so that a test can give it another one.
trait Gateway: Send + Sync {
    fn charge(&self, order_id: u32, cents: u64) -> Result<(), Failure>;
}

/// Charges cards.
#[derive(Actor)]
struct Billing {
    gateway: Arc<dyn Gateway>,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
        self.gateway.charge(event.order_id, event.cents)?;
        Ok(OrderPaid { order_id: event.order_id })
    }
}

/// Code that is no handler, and publishes.
async fn place(publisher: &Publisher, order_id: u32, cents: u64) -> Result<(), PublishError> {
    publisher.publish(OrderPlaced { order_id, cents }).await
}

/// A gateway that answers what the test says, in that order, and then yes.
struct Scripted(Mutex<Vec<Failure>>);

fn gateway(answers: impl IntoIterator<Item = Failure>) -> Arc<dyn Gateway> {
    Arc::new(Scripted(Mutex::new(answers.into_iter().collect())))
}

impl Gateway for Scripted {
    fn charge(&self, _order_id: u32, _cents: u64) -> Result<(), Failure> {
        let mut answers = self.0.lock().expect("nobody panics while it is locked");
        if answers.is_empty() { Ok(()) } else { Err(answers.remove(0)) }
    }
}

async fn a_handler_is_a_method() {
    let mut billing = Billing { gateway: gateway([]) };
    let paid = billing.handle(OrderPlaced { order_id: 7, cents: 4_200 }, &mut Context::detached()).await;
    assert_eq!(paid.expect("the gateway said yes"), OrderPaid { order_id: 7 });
}

async fn a_test_bus_retries_without_waiting() {
    let gateway = gateway([Failure::transient("timeout"), Failure::transient("timeout")]);
    let bus = TestBus::start(bus(gateway)).await.expect("nothing is misconfigured");
    let outcome = bus.deliver(OrderPlaced { order_id: 7, cents: 4_200 }).await;
    assert!(outcome.is_acked());
    assert_eq!(outcome.retries(), 2);
    assert_eq!(bus.published::<OrderPaid>(), [OrderPaid { order_id: 7 }]);
}

async fn a_test_bus_shows_dead_letters() {
    let bus = TestBus::start(bus(gateway([Failure::permanent("stolen card")]))).await.expect("as above");
    let outcome = bus.deliver(OrderPlaced { order_id: 7, cents: 4_200 }).await;
    assert_eq!(outcome.dead_letter(), Some("stolen card"));
    assert_eq!(bus.dead_letters()[0].header("carom-error-class"), Some("permanent"));
}

async fn what_is_published_is_recorded() {
    let recording = RecordingPublisher::new();
    place(&recording.publisher(), 7, 4_200).await.expect("nothing refuses it");
    assert_eq!(recording.published::<OrderPlaced>()[0].cents, 4_200);
    assert_eq!(recording.records()[0].header("ce_type"), Some("sales.order-placed.v1"));
}

/// The bus that `main` of the service spawns; a test bus contacts no cluster, whatever is named here.
fn bus(gateway: Arc<dyn Gateway>) -> Bus<Arc<dyn Gateway>> {
    Bus::new(Kafka::new("localhost:9092"))
        .service("billing")
        .with_state(gateway)
        .supervise::<Billing>(Supervisor::one_for_one())
}

#[tokio::main]
async fn main() {
    a_handler_is_a_method().await;
    a_test_bus_retries_without_waiting().await;
    a_test_bus_shows_dead_letters().await;
    what_is_published_is_recorded().await;
    println!("all four tests passed, without a broker and without a sleep");
}

//! Run with `cargo run --example orders`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! Two kinds of error. A customer without credit will have none a second later: that order is dead-lettered at once. A
//! database that drops the connection will be back: that order is handled again. Nobody else waits for either.

use std::time::Duration;

use carom::{
    Actor, Bus, Context, Directive, Event, Failure, Handler, Kafka, Retry, Supervisor, event::Environment, handler,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::timeout};

/// A customer ordered something.
#[derive(Clone, Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderCreated {
    #[event(key)]
    customer: String,
    order_id: u32,
    cents: u64,
}

/// An order that the business refuses; no repetition changes that.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{customer} has credit for {credit} cents, and the order is over {cents}")]
    NoCredit { customer: String, credit: u64, cents: u64 },
}

/// Where orders are kept.
struct Orders;

impl Orders {
    /// Fails on the first attempt of order 2, as a database does that is being restarted.
    async fn insert(&self, order_id: u32, attempt: u32) -> std::io::Result<()> {
        if order_id == 2 && attempt == 1 {
            return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        }
        Ok(())
    }
}

/// One run of the handler: order, attempt, and how it ended.
#[derive(Debug, PartialEq)]
struct Run(u32, u32, Result<(), String>);

/// Accepts orders.
#[derive(Actor)]
struct Sales {
    runs: mpsc::UnboundedSender<Run>,
}

impl Sales {
    async fn accept(&self, order: &OrderCreated, attempt: u32) -> Result<(), Failure> {
        const CREDIT: u64 = 10_000;
        if order.cents > CREDIT {
            // A business error is an error like any other: what it means is said once, at `.supervise`.
            return Err(
                Refused::NoCredit { customer: order.customer.clone(), credit: CREDIT, cents: order.cents }.into()
            );
        }
        Ok(Orders.insert(order.order_id, attempt).await?)
    }
}

#[handler]
impl Handler<OrderCreated> for Sales {
    async fn handle(&mut self, order: OrderCreated, cx: &mut Context<'_>) -> Result<(), Failure> {
        let result = self.accept(&order, cx.attempt()).await;
        let shown = result.as_ref().copied().map_err(ToString::to_string);
        println!("order {} of {}, attempt {}: {shown:?}", order.order_id, order.customer, cx.attempt());
        self.runs.send(Run(order.order_id, cx.attempt(), shown))?;
        result
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let run = format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis());
    let (runs, mut ended) = mpsc::unbounded_channel();
    let bus = Bus::new(kafka)
        .environment(Environment::short(run))
        .service("sales")
        .with_state(runs)
        .supervise::<Sales>(
            Supervisor::one_for_one()
                .retry(Retry::exponential(5).initial(Duration::from_millis(20)))
                .on::<Refused>(Directive::DeadLetter),
        )
        .spawn()
        .await?;

    let order = |customer: &str, order_id, cents| OrderCreated { customer: customer.to_owned(), order_id, cents };
    bus.publish_all([order("ada", 1, 20_000), order("bob", 2, 500), order("ada", 3, 700)]).await?;

    let mut runs = Vec::new();
    while runs.len() < 4 {
        runs.extend(timeout(Duration::from_secs(30), ended.recv()).await?);
    }
    bus.shutdown().await?;
    let of = |order: u32| runs.iter().filter(|run| run.0 == order).collect::<Vec<_>>();
    assert_eq!(of(1).len(), 1, "a business error is not retried");
    assert_eq!(of(2), [&Run(2, 1, Err("connection reset".to_owned())), &Run(2, 2, Ok(()))]);
    assert_eq!(of(3), [&Run(3, 1, Ok(()))], "the customer's next order is handled after the dead letter was written");
    Ok(())
}

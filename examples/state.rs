//! Run with `cargo run --example state`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! Where an actor's fields come from. Dependencies are taken from the bus state by their type, again after every
//! restart; fields marked `#[actor(default)]` are the instance's own, and a panic takes them away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use carom::{Actor, Bus, Context, Event, Failure, FromRef, Handler, Kafka, Supervisor, event::Environment, handler};
use serde::{Deserialize, Serialize};
use tokio::{sync::mpsc, time::timeout};

/// A till took money.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Sale, domain = "shop", partitions = 1)]
struct SaleMade {
    #[event(key)]
    till: String,
    cents: u64,
}

/// A database; two of them are wrapped apart below, because actors ask by type.
#[derive(Clone)]
struct Database(&'static str);

/// The database for reports.
#[derive(Clone)]
struct Replica(Database);

/// What all instances share: money taken since the service started.
#[derive(Clone, Default)]
struct Turnover(Arc<AtomicU64>);

/// What the bus gives to its actors, field by field.
#[derive(Clone, FromRef)]
struct App {
    database: Database,
    replica: Replica,
    turnover: Turnover,
    seen: mpsc::UnboundedSender<Seen>,
}

/// What a run of the handler saw: sales of its instance, money of all.
type Seen = (u32, u64);

/// Adds up sales. It says what it needs, and not where that comes from.
#[derive(Actor)]
struct Sales {
    database: Database,
    turnover: Turnover,
    seen: mpsc::UnboundedSender<Seen>,
    /// Sales that this instance has handled. One instance handles all events of a key, until a restart or a rebalance.
    #[actor(default)]
    sales: u32,
}

#[handler]
impl Handler<SaleMade> for Sales {
    async fn handle(&mut self, event: SaleMade, cx: &mut Context<'_>) -> Result<(), Failure> {
        self.sales += 1;
        if event.cents == 0 && cx.attempt() == 1 {
            panic!("a sale of nothing");
        }
        let turnover = self.turnover.0.fetch_add(event.cents, Relaxed) + event.cents;
        println!(
            "{}: {} cents into {}; sale {} of this instance",
            event.till, event.cents, self.database.0, self.sales
        );
        Ok(self.seen.send((self.sales, turnover))?)
    }
}

/// A second actor takes other parts of the same state.
#[derive(Actor)]
struct Reports {
    replica: Replica,
}

#[handler]
impl Handler<SaleMade> for Reports {
    async fn handle(&mut self, event: SaleMade, _cx: &mut Context<'_>) -> Result<(), Failure> {
        println!("{}: a line for the report, with figures from {}", event.till, self.replica.0.0);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let environment = Environment::short(format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis()));
    // The panic is on purpose: one line of it is enough.
    std::panic::set_hook(Box::new(|panic| println!("{}", panic.to_string().replace('\n', " "))));
    let (seen, mut runs) = mpsc::unbounded_channel();
    let (database, replica, turnover) = (Database("primary"), Replica(Database("replica")), Turnover::default());
    let bus = Bus::new(kafka)
        .environment(environment)
        .service("sales")
        .with_state(App { database, replica, turnover, seen })
        .supervise::<Sales>(Supervisor::one_for_one())
        .supervise::<Reports>(Supervisor::one_for_one())
        .spawn()
        .await?;
    let sales = [100, 200, 0, 300].map(|cents| SaleMade { till: "till-1".to_owned(), cents });
    bus.publish_all(sales).await?;

    let mut seen = Vec::new();
    while seen.len() < 4 {
        seen.extend(timeout(Duration::from_secs(30), runs.recv()).await?);
    }
    bus.shutdown().await?;
    // The third sale panicked once: the instance that handled it then, and the fourth, began to count anew.
    assert_eq!(seen, [(1, 100), (2, 300), (1, 300), (2, 600)]);
    Ok(())
}

//! Run with `cargo run --example quickstart`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses a real broker.
//!
//! A shop's orders are billed: 36 orders, five events each, on four partitions, with everything that can go wrong. The
//! summary at the end is worked out from what the handlers wrote down and from what the broker has, never from carom's
//! own counters; the exit code is 1 if a promise was broken.

mod ledger;
mod probe;
mod shop;
mod verdict;

use std::{process::ExitCode, time::Duration};

use carom::{Bus, Kafka, Ordering, Retry, Supervisor, event::Environment};
use ledger::Ledger;
use shop::{Billing, OrderPlaced, Shipping};
use tracing_subscriber::EnvFilter;

/// Orders, and events of each.
const ORDERS: u32 = 36;
const EVENTS: u32 = 5;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("carom=info")))
        .without_time()
        .compact()
        .init();
    quiet_panics();

    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // A name of its own for every run, so that a run on a real broker finds nothing of the last one.
    let run = format!("qs{:x}", std::process::id());
    let ledger = Ledger::new();
    let bus = Bus::new(kafka.clone())
        .service("quickstart")
        .environment(Environment::short(&run))
        .group(&run)
        .with_state(ledger.clone())
        .supervise::<Billing>(
            Supervisor::one_for_one().retry(Retry::exponential(3).initial(Duration::from_millis(50))).concurrency(16),
        )
        .supervise::<Shipping>(Supervisor::one_for_one().ordering(Ordering::Key))
        .spawn()
        .await?;

    let topic = bus.topic::<OrderPlaced>()?;
    probe::write_garbage(&kafka, &topic).await?;
    bus.publish_all(shop::orders(ORDERS, EVENTS)).await?;

    let expected = (ORDERS * EVENTS) as usize;
    let done = ledger.until_done(expected, Duration::from_secs(60)).await;
    bus.shutdown().await?;
    if !done {
        println!("not all events came to an end within 60 s");
    }
    let facts = probe::facts(&kafka, &topic, &run)?;
    Ok(if verdict::summary(&ledger.lines(), expected, &facts) && done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The panic below is on purpose: one line of it is enough.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| println!("panic  {}", panic.to_string().replace('\n', " "))));
}

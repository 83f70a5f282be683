//! Run with `cargo run --example tracing`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! What a log shows without any wiring: a handler runs in a span that says which event it handles, from which position
//! and at which attempt, so that its own `tracing::info!` lines can be told apart. A trace that begins at an HTTP
//! request goes through both services. The subscriber is an ordinary one; this one also hands its lines to `main`.

use std::{io, time::Duration};

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

/// An order was paid and awaits shipment.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "shop")]
struct OrderPaid {
    #[event(key)]
    order_id: u32,
}

/// Charges cards, at the second attempt.
#[derive(Actor)]
struct Billing;

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
        tracing::info!(order = event.order_id, "asking the gateway");
        if cx.attempt() == 1 {
            return Err("the gateway did not answer".into());
        }
        Ok(OrderPaid { order_id: event.order_id })
    }
}

/// Ships what is paid.
#[derive(Actor)]
struct Shipping;

#[handler]
impl Handler<OrderPaid> for Shipping {
    async fn handle(&mut self, event: OrderPaid, _cx: &mut Context<'_>) -> Result<(), Failure> {
        tracing::info!(order = event.order_id, "handed to the carrier");
        Ok(())
    }
}

/// Writes each line to the terminal, and to `main`.
struct Tee(mpsc::UnboundedSender<String>);

impl io::Write for Tee {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // An error means that `main` has seen enough.
        let _ = self.0.send(String::from_utf8_lossy(line).into_owned());
        io::stdout().write_all(line).map(|()| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (lines, mut log) = mpsc::unbounded_channel();
    let format = tracing_subscriber::fmt().with_ansi(false).without_time();
    format.with_max_level(tracing::Level::INFO).with_writer(move || Tee(lines.clone())).init();

    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let environment = Environment::short(format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis()));
    let bus = Bus::new(kafka)
        .environment(environment)
        .service("shop")
        .supervise::<Billing>(Supervisor::one_for_one().retry(Retry::fixed(3, Duration::from_millis(20))))
        .supervise::<Shipping>(Supervisor::one_for_one())
        .spawn()
        .await?;

    // As a web framework hands it over. A program with OpenTelemetry says `Bus::trace_context` once instead.
    let request = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    bus.publisher().with_trace(request, None).publish(OrderPlaced { order_id: 7 }).await?;

    let mut seen = Vec::new();
    while !seen.iter().any(|line: &String| line.contains("handed to the carrier")) {
        seen.extend(timeout(Duration::from_secs(30), log.recv()).await?);
    }
    bus.shutdown().await?;

    let line = |text: &str, also: &str| seen.iter().find(|line| line.contains(text) && line.contains(also));
    for (text, also) in [
        ("asking the gateway", "carom.attempt=1"),
        ("asking the gateway", "carom.attempt=2"),
        ("handed to the carrier", "cloudevents.event_type=\"shop.order-paid.v1\""),
    ] {
        let line = line(text, also).ok_or(also)?;
        assert!(line.contains("4bf92f3577b34da6a3ce929d0e0e4736"), "the trace of the request: {line}");
    }
    assert!(line("retried", "the gateway did not answer").is_some(), "a line of carom's for each failure");
    Ok(())
}

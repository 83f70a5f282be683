//! Run with `cargo run --example graceful-shutdown`; with `KAFKA_BOOTSTRAP_SERVERS=host:port` it uses that broker.
//!
//! A service is told to stop while it works: by Ctrl-C, by SIGTERM, or, so that this example ends by itself, by `main`.
//! What runs may end, what waits for its next attempt is given up, everything that finished is committed. The service
//! that starts after it handles what is left, and nothing twice: not even what had finished behind what had not.

use std::time::Duration;

use carom::{
    Actor, Bus, BusHandle, Context, Event, Failure, FromRef, Handler, Kafka, Retry, Supervisor, event::Environment,
    handler,
};
use serde::{Deserialize, Serialize};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// A report has to be written.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Report, domain = "office", partitions = 1)]
struct ReportRequested {
    #[event(key)]
    report: String,
}

/// Whether the figures of the sales are there.
#[derive(Clone, Copy)]
struct Figures(bool);

/// What the bus gives to its actors, field by field.
#[derive(Clone, FromRef)]
struct App {
    figures: Figures,
    log: mpsc::UnboundedSender<String>,
}

/// Writes reports.
#[derive(Actor)]
struct Writer {
    figures: Figures,
    log: mpsc::UnboundedSender<String>,
}

#[handler]
impl Handler<ReportRequested> for Writer {
    async fn handle(&mut self, event: ReportRequested, cx: &mut Context<'_>) -> Result<(), Failure> {
        self.log.send(format!("{} started", event.report))?;
        match event.report.as_str() {
            "sales" if !self.figures.0 => {
                self.log.send("sales failed".to_owned())?;
                return Err("figures are missing".into());
            }
            // Long work that comes to an end when it is asked to.
            "stock" => cx.cancelled().await,
            _ => {}
        }
        Ok(self.log.send(format!("{} finished", event.report))?)
    }
}

async fn start(kafka: &Kafka, environment: &Environment, app: App) -> Result<BusHandle, carom::Error> {
    let bus = Bus::new(kafka.clone()).environment(environment.clone()).service("reports").with_state(app);
    // The next attempt is an hour away: a shutdown does not wait for it.
    let supervisor = Supervisor::one_for_one().retry(Retry::fixed(5, Duration::from_secs(3_600)));
    bus.supervise::<Writer>(supervisor).shutdown_timeout(Duration::from_secs(5)).spawn().await
}

/// As `BusHandle::run_until_signal`, which a service writes, and besides when `main` says so, in place of an operator.
async fn stop_signal(stand_in: oneshot::Receiver<()>) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
        _ = stand_in => Ok(()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    // Topics and groups of this run's own, so that a run on a broker of yours finds nothing of the last one.
    let environment = Environment::short(format!("run{}", std::time::UNIX_EPOCH.elapsed()?.as_millis()));
    let (log, mut entries) = mpsc::unbounded_channel();
    let first = start(&kafka, &environment, App { figures: Figures(false), log: log.clone() }).await?;
    first.publish_all(["sales", "stock", "staff"].map(request)).await?;

    let mut until = async |wanted: &[&str]| {
        let mut seen: Vec<String> = Vec::new();
        while !wanted.iter().all(|wanted| seen.iter().any(|entry| entry == wanted)) {
            let entry = timeout(PATIENCE, entries.recv()).await.expect("it happens within 30 s");
            seen.extend(entry.inspect(|entry| println!("  {entry}")));
        }
        seen
    };
    let (stop, stand_in) = oneshot::channel();
    let stopping = tokio::spawn(first.run_until(stop_signal(stand_in)));
    until(&["sales failed", "stock started", "staff finished"]).await;
    println!("the service is stopped");
    drop(stop);
    assert_eq!(until(&["stock finished"]).await, ["stock finished"], "what runs may end");
    stopping.await??;

    println!("the service starts again, with a new report behind the old ones");
    let second = start(&kafka, &environment, App { figures: Figures(true), log }).await?;
    second.publish(request("tax")).await?;
    let mut again = until(&["sales finished", "tax finished"]).await;
    second.shutdown().await?;
    again.sort();
    let expected = ["sales finished", "sales started", "tax finished", "tax started"];
    assert_eq!(again, expected, "what had finished is not repeated");
    Ok(())
}

fn request(report: &str) -> ReportRequested {
    ReportRequested { report: report.to_owned() }
}

//! Runs the scripted worker on a cluster and writes down in a journal what it does, until it is told to end or killed.

use std::{env, path::Path, time::Duration};

use carom::{Bus, Kafka, Supervisor, event::Environment, kafka::Topics};
use integration_tests::{
    job::{Gate, Shared, Worker},
    journal::Journal,
    ledger::Ledger,
};
use tracing::Level;

/// The place of the gate among the arguments.
const GATE: usize = 7;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Spans are left out: what it is about here is what an operator finds.
    tracing_subscriber::fmt().with_ansi(false).with_max_level(Level::WARN).init();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_again = arguments.get(GATE).is_some_and(|gate| gate == "again");
    for run in 0..1 + u32::from(is_again) {
        until_told(&arguments, run).await?;
    }
    Ok(())
}

/// Starts a bus, and waits until the process is told to end; a further run is a further member.
async fn until_told(arguments: &[String], run: u32) -> Result<(), Box<dyn std::error::Error>> {
    let [servers, topics, session, environment, group, journal, member, gate, shutdown] = arguments else {
        return Err("worker <servers> <create|ignore> <session ms> <environment> <group> <journal> <member> \
             <open|closed|blocking|again> <shutdown ms>"
            .into());
    };
    let member = member.parse::<u32>()? + run;
    let shared = Shared { ledger: Ledger::in_file(Journal::open(Path::new(journal))?, member), gate: Gate::default() };
    if gate == "open" || gate == "again" {
        shared.gate.open();
    }
    let kafka = Kafka::new(servers)
        .topics(if topics == "create" { Topics::Create } else { Topics::Ignore })
        .consumer("session.timeout.ms", session)
        .consumer("heartbeat.interval.ms", "200")
        .consumer("fetch.wait.max.ms", "5");
    let policy = Supervisor::one_for_one().timeout(Duration::from_secs(600));
    let bus = Bus::new(kafka)
        .service("contract")
        .domain("contract")
        .environment(Environment::short(environment))
        .group(group)
        .partial()
        .shutdown_timeout(Duration::from_millis(shutdown.parse()?))
        .with_state(shared)
        .supervise::<Worker>(if gate == "blocking" { policy.blocking() } else { policy.concurrency(1024) })
        .spawn()
        .await?;
    // From here on it may be told to end.
    let running = bus.run_until_signal();
    Journal::open(Path::new(journal))?.ready(member);
    Ok(running.await?)
}

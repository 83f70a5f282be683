//! Workers under load while everything that can go wrong does, at random, for as long as one likes:
//! `cargo build -p integration-tests --bins && cargo run -p integration-tests --bin soak -- --minutes 60 --seed 7`.
//!
//! It wants what a real Kafka wants. The seed decides which faults come in which order; it is printed first, then each fault.
//! In the end it says what is wrong, and fails if there is anything.

mod chaos;
mod load;
mod verdict;

use std::{env, process::ExitCode, str::FromStr, time::Duration};

use carom::Kafka;
use integration_tests::{RealKafka, commits::Commits, job::Job, workers::Workers, world::World};

use self::{chaos::Chaos, load::Load};

/// The value after an option.
fn option<T: FromStr>(name: &str, default: T) -> Result<T, String> {
    let words: Vec<String> = env::args().collect();
    let value = words.windows(2).find(|pair| pair[0] == name).map(|pair| &pair[1]);
    value.map_or(Ok(default), |value| value.parse().map_err(|_| format!("`{name} {value}` makes no sense")))
}

/// The program that the workers run; cargo puts it beside this one.
fn worker() -> Result<String, String> {
    let path = env::current_exe().map_err(|error| error.to_string())?.with_file_name("worker");
    let missing = "build the workers first: `cargo build -p integration-tests --bins`";
    path.exists().then(|| path.display().to_string()).ok_or_else(|| missing.to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let wrong = soak().await.unwrap_or_else(|error| vec![error]);
    wrong.iter().for_each(|wrong| println!("WRONG: {wrong}"));
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak() -> Result<Vec<String>, String> {
    let (minutes, seed) = (option("--minutes", 5.0)?, option("--seed", fastrand::u64(..))?);
    let worker = worker()?;
    println!("soak -- --minutes {minutes} --seed {seed}");
    let started = tokio::task::block_in_place(|| RealKafka::behind_proxy("soak"));
    let (broker, proxy) = started.ok_or("there is no Kafka")?;
    let near = World::on(Kafka::new(broker.bootstrap_servers()));
    // By default a client rests for up to 10 s after an outage: there would be little load between two of them.
    let soon = |kafka: Kafka| kafka.producer("reconnect.backoff.max.ms", "500");
    let far = near.clone().tuned(|_| soon(Kafka::new(proxy.bootstrap_servers())));
    let workers = Workers::new(&far, &worker).await;
    let topic = workers.publisher.topic::<Job>();
    let commits = Commits::watch(&near, &topic, None);
    let load = Load::start(workers.publisher.publisher(), seed);

    let mut chaos = Chaos::new(&near, broker, proxy, workers, seed);
    let mut wrong = chaos.run(Duration::from_secs_f64(minutes * 60.0)).await;
    let published = load.end().await;
    chaos.calm_down().await;
    wrong.extend(commits.wrong());
    wrong.extend(verdict::judge(&near, chaos.workers(), &published).await);
    Ok(wrong)
}

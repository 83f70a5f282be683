//! Workers under load while everything that can go wrong does, at random, for as long as one likes:
//! `cargo build -p integration-tests --bins && cargo run -p integration-tests --bin soak -- --minutes 60 --seed 7`.
//!
//! It wants what a real Kafka wants. The seed decides which faults come in which order; it is printed first, then each fault.
//! In the end it says what is wrong, and fails if there is anything.

mod chaos;
mod load;
mod verdict;

use std::{env, path::PathBuf, process::ExitCode, time::Duration};

use carom::Kafka;
use integration_tests::{RealKafka, commits::Commits, job::Job, workers::Workers, world::World};

use self::{chaos::Chaos, load::Load};

/// What was asked for.
struct Options {
    minutes: f64,
    seed: u64,
}

impl Options {
    fn read() -> Result<Self, String> {
        let mut options = Self { minutes: 5.0, seed: fastrand::u64(..) };
        let mut words = env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("`{word}` wants a value"))?;
            let wrong = |error: &dyn std::fmt::Display| format!("`{word} {value}`: {error}");
            match word.as_str() {
                "--minutes" => options.minutes = value.parse().map_err(|error| wrong(&error))?,
                "--seed" => options.seed = value.parse().map_err(|error| wrong(&error))?,
                _ => return Err(format!("`{word}` is unknown; there are `--minutes` and `--seed`")),
            }
        }
        Ok(options)
    }
}

/// The program that the workers run; cargo puts it beside this one.
fn worker() -> Result<String, String> {
    let path = env::current_exe().map_err(|error| error.to_string())?.with_file_name("worker");
    let is_there = |path: PathBuf| path.exists().then(|| path.display().to_string());
    is_there(path).ok_or_else(|| "build the workers first: `cargo build -p integration-tests --bins`".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    match soak().await {
        Ok(wrong) if wrong.is_empty() => ExitCode::SUCCESS,
        Ok(wrong) => {
            println!("WRONG:\n{}", wrong.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn soak() -> Result<Vec<String>, String> {
    let (Options { minutes, seed }, worker) = (Options::read()?, worker()?);
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

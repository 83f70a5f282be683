//! carom beside a hand-written rdkafka loop that does the same work, on a real broker: ratios in one run.
//!
//! ```sh
//! cargo bench -p integration-tests --bench kafka                 # all of them, some minutes
//! cargo bench -p integration-tests --bench kafka -- drain curve  # some of them
//! ```
//!
//! `KAFKA_BOOTSTRAP_SERVERS` names the broker; without it one is started, as the tests do. Producer, broker and each
//! consumer are processes of their own. `docs/benchmarks.md` says what the figures mean.

mod bare;
mod carom_side;
mod child;
mod job;
mod load;
mod machine;
mod process;
mod report;
mod runs;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let done = match arguments.split_first() {
        Some((first, [job])) if first == "child" => child::run(job),
        _ => runs::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

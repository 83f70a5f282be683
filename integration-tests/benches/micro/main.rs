//! What each promise costs for a record: pieces of carom alone, in one thread, without a broker.
//!
//! ```sh
//! cargo bench -p integration-tests --bench micro            # all of them, some seconds
//! cargo bench -p integration-tests --bench micro -- retry   # those with this word in their names
//! ```
//!
//! Each figure is the median over many batches, in nanoseconds per record, with the deciles around it. The pieces are
//! carom's own code, and each run is checked to have done what the row says. `docs/benchmarks.md` says what the figures
//! mean.

mod actors;
#[path = "../kafka/load.rs"]
#[allow(dead_code, reason = "of the load only the event and its headers are needed here")]
mod load;
mod records;
mod table;
mod trace;

use std::process::ExitCode;

use carom::{Bus, Error, Kafka, Retry, Supervisor, actor::FromState, testing::micro::Setting};

use crate::{
    actors::{Accept, Echo, Flaky, Idle},
    load::OrderPlaced,
    records::{BATCH, Headers, nothings, orders},
    table::Table,
};

/// Batches that one run of the whole mailbox takes.
const BATCHES: usize = 8;

fn bus<A: FromState<()>>() -> Bus<()> {
    let retry = Retry::fixed(3, std::time::Duration::ZERO);
    Bus::new(Kafka::embedded()).service("bench").supervise::<A>(Supervisor::one_for_one().retry(retry))
}

fn main() -> ExitCode {
    let words = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match run(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: Vec<String>) -> Result<(), Error> {
    let accept = Setting::new(bus::<Accept>(), orders(Headers::OfOneMoment))?;
    let spread = Setting::new(bus::<Accept>(), orders(Headers::Spread))?;
    let echo = Setting::new(bus::<Echo>(), orders(Headers::OfOneMoment))?;
    let idle = Setting::new(bus::<Idle>(), nothings())?;
    let flaky = Setting::new(bus::<Flaky>(), nothings())?;
    let retried = Setting::without_waiting(bus::<Flaky>(), orders(Headers::OfOneMoment))?;

    let mut table = Table::of(words);
    table.row("copy and glance, ids differ", BATCH, accept.copying());
    table.row("copy and glance, ids, times and traces differ", BATCH, spread.copying());
    table.row("read the whole envelope", BATCH, accept.reading());
    table.row("decode the order", BATCH, accept.decoding::<OrderPlaced>());
    table.row("choose the lane", BATCH, accept.choosing_lanes());
    table.row("progress, alone", BATCH, accept.progress());
    table.row("progress, shared, with credit and figures", BATCH, accept.shared_progress());
    table.row("attempt, nothing in it", BATCH, idle.attempts(0));
    table.row("attempt, order decoded", BATCH, accept.attempts(0));
    table.row("attempt, order decoded and returned", BATCH, echo.attempts(1));
    table.row("retry: decide, park, resume, release", BATCH, accept.retry_decisions());
    table.row("retry: copy out of the batch", BATCH, accept.detaching());
    table.row("retry: attempt, nothing in it, fails once", BATCH, flaky.failing_once());
    table.row("span, nobody listens", BATCH, accept.spans(false));
    table.row_inside(trace::discarding, "span, heard and discarded", BATCH, accept.spans(true));
    table.row_inside(trace::keeping, "span, kept by a registry", BATCH, accept.spans(true));
    table.row("mailbox, order decoded", BATCHES * BATCH, accept.partition(BATCHES, 0));
    table.row("mailbox, order decoded and returned", BATCHES * BATCH, echo.partition(BATCHES, 1));
    table.row("mailbox, retry: order decoded, fails once", BATCHES * BATCH, retried.partition(BATCHES, 0));
    table.print();
    Ok(())
}

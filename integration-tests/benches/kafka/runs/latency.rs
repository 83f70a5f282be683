//! How long an event takes from its producer to its handler.

use std::collections::BTreeMap;

use super::{Bench, ours};
use crate::{
    job::{Job, Measured, Side, Work},
    load::PARTITIONS,
    machine::IdleShare,
    process::{Done, Running},
    report::{Spread, quantile},
};

/// Events of one run that count.
const RECORDS: u64 = 4_500;
/// Events before them, which warm caches and connections.
const WARMING: u64 = 500;
const PER_SECOND: u64 = 500;
/// A machine that idles less has no time to measure: that run does not count, and there is another one.
const IDLE: f64 = 0.3;
/// Runs that may fail to count, in a row.
const PATIENCE: usize = 5;
/// Runs of each pair.
const ROUNDS: usize = 5;

/// Median and p99 of one run, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Late {
    p50: f64,
    p99: f64,
}

/// Two consumers on the same events.
struct Run {
    first: Late,
    second: Late,
    /// By how much the first was later, event by event.
    more: Late,
    /// By how much the second was later.
    less: Late,
    idle: f64,
}

impl Bench {
    /// How long from the producer to the handler, both sides on the same records at the same time. In turns with it the
    /// loop beside itself: what the machine adds to a difference between equals.
    ///
    /// One run before them counts nowhere: the broker still compiles what a trickle of records needs of it.
    pub(super) fn latency(&self) -> Done {
        println!("before: {}", self.side_by_side(Side::Poll, Side::Poll)?.figures());
        let (mut ours, mut equals) = (Vec::new(), Vec::new());
        for round in 1..=ROUNDS {
            ours.push(self.quiet(Side::Carom, round)?);
            equals.push(self.quiet(Side::Poll, round)?);
        }
        for (first, runs) in [(Side::Carom, &ours), (Side::Poll, &equals)] {
            println!("{first:?} and loop, median of {ROUNDS}: {}", Run::median(runs).figures());
        }
        Ok(())
    }

    /// A run beside the loop in which the machine had time to measure.
    fn quiet(&self, first: Side, round: usize) -> Done<Run> {
        for _ in 0..PATIENCE {
            let run = self.side_by_side(first, Side::Poll)?;
            let counts = run.idle >= IDLE;
            let verdict = if counts { "" } else { ": does not count" };
            println!("{first:?} and loop, run {round}: {}{verdict}", run.figures());
            if counts {
                return Ok(run);
            }
        }
        Err(format!("the machine is too busy: {PATIENCE} runs in a row do not count"))
    }

    fn side_by_side(&self, first: Side, second: Side) -> Done<Run> {
        let environment = self.filled(0, PARTITIONS)?;
        let records = WARMING + RECORDS;
        let start =
            |side| Running::start(&Job { options: ours(), ..self.job(side, Work::Latency { records }, &environment) });
        let (mut first, mut second) = (start(first)?, start(second)?);
        first.go()?;
        second.go()?;
        let trickle = Work::Trickle { records: records + WARMING, per_second: PER_SECOND };
        let mut producer = Running::start(&self.job(Side::Poll, trickle, &environment))?;
        let idle = IdleShare::start();
        producer.go()?;
        let (first, second) = (first.end()?, second.end()?);
        Ok(Run::of(&first, &second, idle.share()))
    }
}

impl Run {
    fn of(first: &Measured, second: &Measured, idle: f64) -> Self {
        let by_number = |measured: &Measured| measured.latencies.iter().copied().collect::<BTreeMap<u64, u64>>();
        let (first, second) = (by_number(first), by_number(second));
        let both = first.iter().filter(|(n, _)| **n >= WARMING);
        let both = both.filter_map(|(n, first)| Some((*first as f64 / 1e6, *second.get(n)? as f64 / 1e6)));
        let both: Vec<_> = both.collect();
        let late = |of: fn(&(f64, f64)) -> f64| Late::of(both.iter().map(of));
        Self {
            first: late(|pair| pair.0),
            second: late(|pair| pair.1),
            more: late(|pair| pair.0 - pair.1),
            less: late(|pair| pair.1 - pair.0),
            idle,
        }
    }

    fn median(runs: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| Spread::of(runs.iter().map(figure)).median;
        Self {
            first: Late { p50: of(|run| run.first.p50), p99: of(|run| run.first.p99) },
            second: Late { p50: of(|run| run.second.p50), p99: of(|run| run.second.p99) },
            more: Late { p50: of(|run| run.more.p50), p99: of(|run| run.more.p99) },
            less: Late { p50: of(|run| run.less.p50), p99: of(|run| run.less.p99) },
            idle: of(|run| run.idle),
        }
    }

    fn figures(&self) -> String {
        let Self { first, second, more, less, idle } = self;
        format!(
            "p50 {:.3} and {:.3}, p99 {:.3} and {:.3}; first later by p50 {:+.3} p99 {:+.3}, second by p99 {:+.3} ms; \
             idle {:.0} %",
            first.p50,
            second.p50,
            first.p99,
            second.p99,
            more.p50,
            more.p99,
            less.p99,
            idle * 100.0
        )
    }
}

impl Late {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Self { p50: quantile(&values, 0.5), p99: quantile(&values, 0.99) }
    }
}

//! Figures of several runs, side by side.

use crate::job::{Measured, Side};

/// Smallest, median and largest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |at: usize| values.get(at).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        // The mean of the middle two, where there are two.
        Self { min: at(0), median: f64::midpoint(at(last / 2), at(last.div_ceil(2))), max: at(last) }
    }
}

/// The `share` quantile of a sorted list.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len().saturating_sub(1) as f64 * share).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Prints a line for each side, and the ratios of each to those after it, run by run.
pub(crate) fn compare<const N: usize>(name: &str, sides: [Side; N], measured: &[Vec<Measured>; N]) {
    let sides: Vec<_> = sides.into_iter().map(Side::name).zip(measured).collect();
    let peak = |runs: &[Measured]| Spread::of(runs.iter().map(Measured::megabytes)).max;
    for (side, runs) in &sides {
        let rate = Spread::of(runs.iter().map(|run| run.rate() / 1e6));
        let cpu = Spread::of(runs.iter().map(Measured::micros));
        println!(
            "{name:<14} {side:<11} {:.3} M/s ({:.3} to {:.3})  {:.2} µs CPU ({:.2} to {:.2})  peak {:.0} MB",
            rate.median,
            rate.min,
            rate.max,
            cpu.median,
            cpu.min,
            cpu.max,
            peak(runs)
        );
    }
    for (at, (one, ones)) in sides.iter().enumerate() {
        for (other, others) in &sides[at + 1..] {
            let pairs = || ones.iter().zip(others.iter());
            ratio(name, &format!("throughput {one}/{other}"), pairs().map(|(one, other)| one.rate() / other.rate()));
            ratio(name, &format!("CPU {one}/{other}"), pairs().map(|(one, other)| one.micros() / other.micros()));
            println!("{name:<14} memory of {one} above {other}: {:+.0} MB", peak(ones) - peak(others));
        }
    }
}

/// Prints what the ratios are, run by run.
pub(crate) fn ratio(name: &str, what: &str, ratios: impl Iterator<Item = f64>) {
    let Spread { min, median, max } = Spread::of(ratios);
    println!("{name:<14} {what}: {median:.2} ({min:.2} to {max:.2})");
}

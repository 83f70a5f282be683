//! Figures of several runs, side by side.

use crate::job::Measured;

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

/// Prints a line for each side, and the ratios run by run.
pub(crate) fn compare(name: &str, carom: &[Measured], bare: &[Measured]) {
    for (side, runs) in [("carom", carom), ("loop", bare)] {
        let rate = Spread::of(runs.iter().map(|run| run.rate() / 1e6));
        let cpu = Spread::of(runs.iter().map(Measured::micros));
        let memory = Spread::of(runs.iter().map(Measured::megabytes));
        println!(
            "{name:<14} {side:<6} {:.3} M/s ({:.3} to {:.3})  {:.2} µs CPU ({:.2} to {:.2})  peak {:.0} MB",
            rate.median, rate.min, rate.max, cpu.median, cpu.min, cpu.max, memory.max
        );
    }
    let pairs = || carom.iter().zip(bare);
    ratio(name, "throughput", pairs().map(|(carom, bare)| carom.rate() / bare.rate()));
    ratio(name, "CPU", pairs().map(|(carom, bare)| carom.micros() / bare.micros()));
    let peak = |runs: &[Measured]| Spread::of(runs.iter().map(Measured::megabytes)).max;
    println!("{name:<14} memory above the loop: {:+.0} MB", peak(carom) - peak(bare));
}

/// Prints ratios of carom to the loop.
pub(crate) fn ratio(name: &str, what: &str, ratios: impl Iterator<Item = f64>) {
    let Spread { min, median, max } = Spread::of(ratios);
    println!("{name:<14} {what} carom/loop: {median:.2} ({min:.2} to {max:.2})");
}

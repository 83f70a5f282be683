//! Handlers that wait: what lanes bring.

use std::time::Duration;

use super::Bench;
use crate::{
    job::{Job, Measured, Side, Work},
    process::{Done, run_alone},
    report::Spread,
};

impl Bench {
    /// Handlers that wait 1 ms, on one partition.
    pub(super) fn waiting(&self) -> Done {
        let environment = self.filled(60_000, 1)?;
        let rate = |concurrency: Option<usize>, records| -> Done<f64> {
            let work = Work::Wait { records, each: Duration::from_millis(1) };
            let runs = (0..3).map(|_| run_alone(&Job { concurrency, ..self.job(Side::Carom, work, &environment) }));
            Ok(Spread::of(runs.collect::<Done<Vec<_>>>()?.iter().map(Measured::rate)).median)
        };
        let one = rate(Some(1), 1_500)?;
        let default = rate(None, 45_000)?;
        println!("one lane {one:.0}/s, the default {default:.0}/s: {:.2} × 32 lanes", default / one / 32.0);
        for lanes in [8, 64, 128, 256] {
            let many = rate(Some(lanes), 60_000)?;
            println!("{lanes} lanes {many:.0}/s: {:.2} × {lanes} lanes", many / one / lanes as f64);
        }
        Ok(())
    }
}

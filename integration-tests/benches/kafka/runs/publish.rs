//! Publishing by hand, beside a tuned producer.

use super::{Bench, options};
use crate::{
    job::{Job, Side, Work},
    load::PARTITIONS,
    process::Done,
    report,
};

impl Bench {
    pub(super) fn publish(&self) -> Done {
        const RECORDS: u64 = 300_000;
        let environment = self.filled(0, PARTITIONS)?;
        for (linger, call) in [("5", 20_000), ("5", 1_000), ("0", 20_000), ("50", 20_000)] {
            let job = |side| Job {
                options: options(&[("linger.ms", linger), ("compression.type", "lz4")]),
                ..self.job(side, Work::Publish { records: RECORDS, call }, &environment)
            };
            let rounds = if linger == "5" { 7 } else { 3 };
            let sides = [Side::Carom, Side::Batches];
            report::compare(&format!("{call}, {linger} ms"), sides, &self.rounds(rounds, job, sides)?);
        }
        Ok(())
    }
}

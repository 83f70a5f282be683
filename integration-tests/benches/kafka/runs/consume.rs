//! Handlers that only count: what carom costs.

use super::{Bench, options, ours};
use crate::{
    job::{Job, Measured, Side, Work},
    load::PARTITIONS,
    process::{Done, run_alone},
    report::{self, Spread},
};

impl Bench {
    pub(super) fn drain(&self) -> Done {
        const RECORDS: u64 = 12 * 40_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        let job = |side| Job {
            options: options(&[
                ("queued.min.messages", "1000000"),
                ("queued.max.messages.kbytes", "1048576"),
                // Everything is fetched before the clock starts, and the broker idles: no fetch every 10 ms.
                ("fetch.wait.max.ms", "5000"),
                ("fetch.queue.backoff.ms", "5"),
                ("fetch.max.bytes", "16777216"),
                ("statistics.interval.ms", "250"),
            ]),
            ..self.job(side, Work::Consume { records: RECORDS, prefetched: true }, &environment)
        };
        // The bare shape says how much of a ratio is the shape's, and how much is what carom does in it.
        let sides = [Side::Carom, Side::TwoThreads, Side::Listed, Side::Batches];
        report::compare("drain", sides, &self.rounds(7, job, sides)?);
        Ok(())
    }

    pub(super) fn end_to_end(&self) -> Done {
        const RECORDS: u64 = 1_000_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        let work = Work::Consume { records: RECORDS, prefetched: false };
        let job = |side| Job { options: ours(), ..self.job(side, work, &environment) };
        let sides = [Side::Carom, Side::TwoThreads, Side::Listed, Side::Batches];
        report::compare("e2e batches", sides, &self.rounds(5, job, sides)?);
        let sides = [Side::Carom, Side::Poll];
        report::compare("e2e poll", sides, &self.rounds(5, job, sides)?);
        Ok(())
    }

    /// Throughput against what is fetched in advance.
    pub(super) fn curve(&self) -> Done {
        const RECORDS: u64 = 500_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        println!("fetch.wait.max.ms  queued.min.messages  queued.max.messages.kbytes   M/s  µs CPU  peak MB");
        for wait in ["10", "100", "500"] {
            for (messages, kbytes) in
                [("500", "2048"), ("1000", "4096"), ("2000", "8192"), ("4096", "8192"), ("20000", "32768")]
            {
                let mut runs = Vec::new();
                for _ in 0..2 {
                    let mut job =
                        self.job(Side::Carom, Work::Consume { records: RECORDS, prefetched: false }, &environment);
                    job.options = options(&[
                        ("fetch.wait.max.ms", wait),
                        ("queued.min.messages", messages),
                        ("queued.max.messages.kbytes", kbytes),
                    ]);
                    runs.push(run_alone(&job)?);
                }
                println!(
                    "{wait:>17}  {messages:>19}  {kbytes:>26}  {:.2}  {:>6.2}  {:>7.0}",
                    Spread::of(runs.iter().map(|run| run.rate() / 1e6)).median,
                    Spread::of(runs.iter().map(Measured::micros)).median,
                    Spread::of(runs.iter().map(Measured::megabytes)).max,
                );
            }
        }
        Ok(())
    }

    /// What the size of a batch does.
    pub(super) fn batches(&self) -> Done {
        const RECORDS: u64 = 500_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        for records in [16, 64, 256, 1_024] {
            let mut job = self.job(Side::Carom, Work::Consume { records: RECORDS, prefetched: false }, &environment);
            job.batch = Some(records);
            let runs = (0..2).map(|_| run_alone(&job.again())).collect::<Done<Vec<_>>>()?;
            println!(
                "batches of {records:>5}: {:.2} M/s, {:.2} µs CPU, {:.0} MB",
                Spread::of(runs.iter().map(|run| run.rate() / 1e6)).median,
                Spread::of(runs.iter().map(Measured::micros)).median,
                Spread::of(runs.iter().map(Measured::megabytes)).max,
            );
        }
        Ok(())
    }

    /// What lanes cost and bring where handlers do not wait.
    pub(super) fn lanes(&self) -> Done {
        const RECORDS: u64 = 500_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        for (workers, lanes) in [(1, 1), (1, 8), (1, 32), (1, 64), (1, 256), (2, 32)] {
            let mut job = self.job(Side::Carom, Work::Consume { records: RECORDS, prefetched: false }, &environment);
            (job.workers, job.concurrency) = (workers, Some(lanes));
            let runs = (0..2).map(|_| run_alone(&job.again())).collect::<Done<Vec<_>>>()?;
            println!(
                "{workers} workers, {lanes:>3} lanes: {:.2} M/s, {:.2} µs CPU, {:.0} MB",
                Spread::of(runs.iter().map(|run| run.rate() / 1e6)).median,
                Spread::of(runs.iter().map(Measured::micros)).median,
                Spread::of(runs.iter().map(Measured::megabytes)).max,
            );
        }
        Ok(())
    }
}

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

impl Bench {
    /// How long from the producer to the handler, both sides on the same records at the same time.
    pub(super) fn latency(&self) -> Done {
        const RECORDS: u64 = 5_000;
        let mut figures: [Vec<f64>; 6] = Default::default();
        for round in 1..=5 {
            let environment = self.filled(0, PARTITIONS)?;
            let work = Work::Latency { records: RECORDS };
            let mut carom = Running::start(&Job { options: ours(), ..self.job(Side::Carom, work, &environment) })?;
            let mut bare = Running::start(&Job { options: ours(), ..self.job(Side::Poll, work, &environment) })?;
            carom.go()?;
            bare.go()?;
            let mut producer = Running::start(&self.job(
                Side::Poll,
                Work::Trickle { records: RECORDS + 500, per_second: 500 },
                &environment,
            ))?;
            let idle = IdleShare::start();
            producer.go()?;
            let (carom, bare) = (carom.end()?, bare.end()?);
            let share = idle.share();
            drop(producer);
            let of = |measured: &Measured| measured.latencies.iter().copied().collect::<BTreeMap<u64, u64>>();
            let (carom, bare) = (of(&carom), of(&bare));
            // The first second warms caches and connections.
            let both = carom.iter().filter(|(n, _)| **n >= 500).filter_map(|(n, carom)| Some((*carom, *bare.get(n)?)));
            let both: Vec<_> = both.map(|(carom, bare)| (carom as f64 / 1e6, bare as f64 / 1e6)).collect();
            let sorted = |values: Vec<f64>| {
                let mut values = values;
                values.sort_by(f64::total_cmp);
                values
            };
            let carom = sorted(both.iter().map(|pair| pair.0).collect());
            let bare = sorted(both.iter().map(|pair| pair.1).collect());
            let more = sorted(both.iter().map(|pair| pair.0 - pair.1).collect());
            println!(
                "run {round}: {} records; carom p50 {:.3} p99 {:.3}; loop p50 {:.3} p99 {:.3}; difference p50 {:+.3} p99 {:+.3} ms; idle {:.0} %{}",
                both.len(),
                quantile(&carom, 0.5),
                quantile(&carom, 0.99),
                quantile(&bare, 0.5),
                quantile(&bare, 0.99),
                quantile(&more, 0.5),
                quantile(&more, 0.99),
                share * 100.0,
                if share < 0.3 { ": does not count" } else { "" }
            );
            if share >= 0.3 {
                let row = [&carom, &bare, &more].map(|sorted| [quantile(sorted, 0.5), quantile(sorted, 0.99)]);
                figures.iter_mut().zip(row.concat()).for_each(|(all, figure)| all.push(figure));
            }
        }
        let [carom50, carom99, bare50, bare99, more50, more99] = figures.map(|all| Spread::of(all).median);
        println!(
            "median: carom p50 {carom50:.3} p99 {carom99:.3}; loop p50 {bare50:.3} p99 {bare99:.3}; difference p50 {more50:+.3} p99 {more99:+.3} ms"
        );
        Ok(())
    }
}

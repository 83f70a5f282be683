//! What it costs to wait for events.

use std::time::Duration;

use super::{Bench, options};
use crate::{
    job::{Side, Work},
    load::PARTITIONS,
    machine,
    process::{Done, Running},
};

impl Bench {
    /// What waiting for records costs, on the client and on the broker.
    pub(super) fn idle(&self) -> Done {
        const LASTING: Duration = Duration::from_secs(10);
        let environment = self.filled(0, PARTITIONS)?;
        println!("fetch.wait.max.ms  side      client CPU  broker CPU");
        for wait in ["10", "100", "500"] {
            for side in [Side::Carom, Side::Poll] {
                let mut job = self.job(side, Work::Idle { lasting: LASTING }, &environment);
                job.options = options(&[("fetch.wait.max.ms", wait)]);
                let mut running = Running::start(&job)?;
                let broker = || self.broker.and_then(machine::cpu_of);
                let before = broker();
                running.go()?;
                let measured = running.end()?;
                let share = |seconds: f64| 100.0 * seconds / LASTING.as_secs_f64();
                let broker = before.zip(broker()).map(|(before, after)| format!("{:.1} %", share(after - before)));
                println!(
                    "{wait:>17}  {:<8}  {:>8.1} %  {:>10}",
                    format!("{side:?}"),
                    share(measured.cpu),
                    broker.unwrap_or_else(|| "unknown".to_owned())
                );
            }
        }
        Ok(())
    }
}

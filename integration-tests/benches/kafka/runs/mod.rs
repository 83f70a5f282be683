//! The benchmarks, each a few interleaved runs of child processes.

mod consume;
mod idle;
mod latency;
mod publish;
mod waiting;

use std::collections::BTreeMap;

use integration_tests::{Backend, RealKafka, unique};

use crate::{
    job::{Job, Measured, Side, Work},
    load::PARTITIONS,
    machine,
    process::{Done, Running, run_alone},
};

/// One run of the bench binary.
struct Bench {
    servers: String,
    broker: Option<u32>,
}

/// A benchmark by its name.
type Named = (&'static str, fn(&Bench) -> Done);

/// Everything, in the order in which it is run.
const ALL: [Named; 9] = [
    ("drain", Bench::drain),
    ("end-to-end", Bench::end_to_end),
    ("curve", Bench::curve),
    ("waiting", Bench::waiting),
    ("latency", Bench::latency),
    ("idle", Bench::idle),
    ("publish", Bench::publish),
    ("lanes", Bench::lanes),
    ("batches", Bench::batches),
];

/// Runs the named benchmarks, or all.
pub(crate) fn run(names: &[String]) -> Done {
    if let Some(unknown) = names.iter().find(|name| !ALL.iter().any(|(known, _)| known == name)) {
        let known = ALL.map(|(name, _)| name).join(", ");
        return Err(format!("`{unknown}` is no benchmark; there are {known}"));
    }
    let backend = RealKafka::to_measure();
    let (servers, broker) = match &backend {
        Backend::Given(servers) => (servers.clone(), None),
        Backend::Started(broker) => (broker.bootstrap_servers(), Some(broker.pid())),
        Backend::Skip(reason) => return Err(format!("there is no broker to measure on: {reason}")),
    };
    println!("{}; librdkafka {}", machine::describe(), rdkafka::util::get_rdkafka_version().1);
    let bench = Bench { servers, broker };
    bench.warm()?;
    for (name, bench_of) in ALL {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            println!("\n== {name}");
            bench_of(&bench)?;
        }
    }
    Ok(())
}

impl Bench {
    fn job(&self, side: Side, work: Work, environment: &str) -> Job {
        Job {
            side,
            work,
            servers: self.servers.clone(),
            environment: environment.to_owned(),
            group: unique("bench"),
            options: BTreeMap::new(),
            workers: 1,
            concurrency: None,
            batch: None,
        }
    }

    /// A topic with so many events.
    fn filled(&self, records: u64, partitions: i32) -> Done<String> {
        let environment = unique("b").replace('-', "");
        let job = self.job(Side::Batches, Work::Fill { records, partitions }, &environment);
        Running::spawn(&job)?.end()?;
        Ok(environment)
    }

    /// Lets the broker compile what it needs, on both sides' ways of reading and writing.
    fn warm(&self) -> Done {
        const RECORDS: u64 = 500_000;
        for side in [Side::Carom, Side::Batches, Side::Poll] {
            let environment = self.filled(RECORDS, PARTITIONS)?;
            let work = Work::Consume { records: RECORDS, prefetched: false };
            run_alone(&Job { options: ours(), ..self.job(side, work, &environment) })?;
        }
        Ok(())
    }

    /// Runs the sides in turn, each first as often as the others; what each measured, run by run.
    fn rounds<const N: usize>(
        &self,
        rounds: usize,
        job: impl Fn(Side) -> Job,
        sides: [Side; N],
    ) -> Done<[Vec<Measured>; N]> {
        let mut measured = [const { Vec::new() }; N];
        for round in 0..rounds {
            for at in (0..N).map(|turn| (round + turn) % N) {
                measured[at].push(run_alone(&job(sides[at]))?);
            }
        }
        Ok(measured)
    }
}

impl Job {
    /// The same for another group.
    fn again(&self) -> Self {
        Self { group: unique("bench"), ..self.clone() }
    }
}

fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// carom's own defaults, for the loop too: better for it than librdkafka's.
fn ours() -> BTreeMap<String, String> {
    options(&[
        ("queued.min.messages", "4096"),
        ("queued.max.messages.kbytes", "8192"),
        ("fetch.wait.max.ms", "10"),
        ("fetch.queue.backoff.ms", "5"),
        ("fetch.max.bytes", "16777216"),
    ])
}

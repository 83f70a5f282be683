//! The benchmarks, each a few interleaved runs of child processes.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    time::Duration,
};

use integration_tests::{Backend, RealKafka, unique};

use crate::{
    job::{Job, Measured, Side, Work},
    load::PARTITIONS,
    machine::{self, IdleShare},
    report::{self, Spread, quantile},
};

type Done<T = ()> = Result<T, String>;

/// A child process that waits for its start, or works.
struct Running {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Running {
    /// Starts it, and waits until it is ready.
    fn start(job: &Job) -> Done<Self> {
        let mut running = Self::spawn(job)?;
        match running.line()?.as_str() {
            "ready" => Ok(running),
            other => Err(format!("{job:?} did not get ready: {other:?}")),
        }
    }

    fn spawn(job: &Job) -> Done<Self> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let text = serde_json::to_string(job).map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .args(["child", &text])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let out = child.stdout.take().ok_or("no output")?;
        Ok(Self { child, out: BufReader::new(out) })
    }

    fn line(&mut self) -> Done<String> {
        let mut line = String::new();
        self.out.read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(line.trim().to_owned())
    }

    fn go(&mut self) -> Done {
        let input = self.child.stdin.as_mut().ok_or("no input")?;
        input.write_all(b"go\n").map_err(|error| error.to_string())
    }

    fn end(mut self) -> Done<Measured> {
        let line = self.line()?;
        self.child.wait().map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|error| format!("{error}: {line:?}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run_alone(job: &Job) -> Done<Measured> {
    let mut running = Running::start(job)?;
    running.go()?;
    running.end()
}

/// One run of the bench binary.
struct Bench {
    servers: String,
    broker: Option<u32>,
}

/// Everything, in the order in which it is run.
const ALL: [(&str, fn(&Bench) -> Done); 8] = [
    ("drain", Bench::drain),
    ("end-to-end", Bench::end_to_end),
    ("curve", Bench::curve),
    ("waiting", Bench::waiting),
    ("latency", Bench::latency),
    ("idle", Bench::idle),
    ("publish", Bench::publish),
    ("lanes", Bench::lanes),
];

/// Runs the named benchmarks, or all.
pub(crate) fn run(names: &[String]) -> Done {
    if let Some(unknown) = names.iter().find(|name| !ALL.iter().any(|(known, _)| known == name)) {
        let known = ALL.map(|(name, _)| name).join(", ");
        return Err(format!("`{unknown}` is no benchmark; there are {known}"));
    }
    let servers = RealKafka::bootstrap_servers("the benchmarks").ok_or("there is no broker to measure on")?;
    let broker = if let Backend::Started(broker) = RealKafka::get() { Some(broker.pid()) } else { None };
    println!("{}; librdkafka {}", machine::describe(), rdkafka::util::get_rdkafka_version().1);
    let bench = Bench { servers, broker };
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
        }
    }

    /// A topic with so many events.
    fn filled(&self, records: u64, partitions: i32) -> Done<String> {
        let environment = unique("b").replace('-', "");
        let job = self.job(Side::Batches, Work::Fill { records, partitions }, &environment);
        Running::spawn(&job)?.end()?;
        Ok(environment)
    }

    /// Runs both sides in turn, carom first in every other round.
    fn rounds(&self, rounds: usize, job: impl Fn(Side) -> Job, bare: Side) -> Done<(Vec<Measured>, Vec<Measured>)> {
        let mut measured: [Vec<Measured>; 2] = Default::default();
        for round in 0..rounds {
            for at in [round % 2, 1 - round % 2] {
                measured[at].push(run_alone(&job([Side::Carom, bare][at]))?);
            }
        }
        let [carom, bare] = measured;
        Ok((carom, bare))
    }

    fn drain(&self) -> Done {
        const RECORDS: u64 = 12 * 40_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        let job = |side| Job {
            options: options(&[
                ("queued.min.messages", "1000000"),
                ("queued.max.messages.kbytes", "1048576"),
                ("fetch.wait.max.ms", "10"),
                ("fetch.queue.backoff.ms", "5"),
                ("fetch.max.bytes", "16777216"),
                ("statistics.interval.ms", "250"),
            ]),
            ..self.job(side, Work::Consume { records: RECORDS, prefetched: true }, &environment)
        };
        let (carom, bare) = self.rounds(7, job, Side::Batches)?;
        report::compare("drain", &carom, &bare);
        Ok(())
    }

    fn end_to_end(&self) -> Done {
        const RECORDS: u64 = 1_000_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        let work = Work::Consume { records: RECORDS, prefetched: false };
        for bare in [Side::Batches, Side::Poll] {
            let job = |side| Job { options: ours(), ..self.job(side, work, &environment) };
            let (carom, loops) = self.rounds(5, job, bare)?;
            report::compare(&format!("e2e {bare:?}"), &carom, &loops);
        }
        Ok(())
    }

    /// Throughput against what is fetched in advance.
    fn curve(&self) -> Done {
        const RECORDS: u64 = 1_000_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        println!("fetch.wait.max.ms  queued.min.messages  queued.max.messages.kbytes   M/s  µs CPU  peak MB");
        for wait in ["10", "100", "500"] {
            for (messages, kbytes) in
                [("500", "2048"), ("1000", "4096"), ("2000", "8192"), ("4096", "8192"), ("20000", "32768")]
            {
                let mut runs = Vec::new();
                for _ in 0..3 {
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

    /// Handlers that wait 1 ms, on one partition.
    fn waiting(&self) -> Done {
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

    /// How long from the producer to the handler, both sides on the same records at the same time.
    fn latency(&self) -> Done {
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
            // Both are members before the first record comes: the groups form within this time, and what comes before
            // would be counted as late for both.
            std::thread::sleep(Duration::from_secs(5));
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

    /// What waiting for records costs, on the client and on the broker.
    fn idle(&self) -> Done {
        const LASTING: Duration = Duration::from_secs(10);
        let environment = self.filled(0, PARTITIONS)?;
        println!("fetch.wait.max.ms  side      client CPU  broker CPU");
        for wait in ["5", "10", "50", "100", "500"] {
            for side in [Side::Carom, Side::Poll] {
                let mut job = self.job(side, Work::Idle { lasting: LASTING }, &environment);
                job.options = options(&[("fetch.wait.max.ms", wait)]);
                let mut running = Running::start(&job)?;
                let broker = || self.broker.and_then(machine::cpu_of);
                // It joins its group first.
                std::thread::sleep(Duration::from_secs(4));
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

    fn publish(&self) -> Done {
        const RECORDS: u64 = 300_000;
        let environment = self.filled(0, PARTITIONS)?;
        for (linger, call) in [("5", 20_000), ("5", 1_000), ("0", 20_000), ("20", 20_000), ("50", 20_000)] {
            let job = |side| Job {
                options: options(&[("linger.ms", linger), ("compression.type", "lz4")]),
                ..self.job(side, Work::Publish { records: RECORDS, call }, &environment)
            };
            let rounds = if linger == "5" { 7 } else { 3 };
            let (carom, bare) = self.rounds(rounds, job, Side::Batches)?;
            report::compare(&format!("{call}, {linger} ms"), &carom, &bare);
        }
        Ok(())
    }

    /// What lanes cost and bring where handlers do not wait.
    fn lanes(&self) -> Done {
        const RECORDS: u64 = 1_000_000;
        let environment = self.filled(RECORDS, PARTITIONS)?;
        for (workers, lanes) in [(1, 1), (1, 8), (1, 32), (1, 64), (1, 256), (2, 32)] {
            let mut job = self.job(Side::Carom, Work::Consume { records: RECORDS, prefetched: false }, &environment);
            (job.workers, job.concurrency) = (workers, Some(lanes));
            let runs = (0..3).map(|_| run_alone(&job.again())).collect::<Done<Vec<_>>>()?;
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

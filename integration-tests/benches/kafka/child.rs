//! A child process: does one job, measures itself, answers in one line of JSON.

use std::{
    hint::black_box,
    io::{self, BufRead, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, ClientContext, Message,
    error::RDKafkaErrorCode,
    message::DeliveryResult,
    producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer},
};
use tokio::runtime::{Builder, Runtime};

use crate::{
    bare::Bare,
    carom_side::{Tally, consumer, latency, nanos, publisher},
    job::{Job, Measured, Side, Work},
    load::{self, OrderPlaced},
    machine::Clock,
};

/// Longer than a client may take to join its group and to fill its queues.
const PREPARED: Duration = Duration::from_secs(60);

/// Does the job in `text`.
pub(crate) fn run(text: &str) -> Result<(), String> {
    let job: Job = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let measured = match (job.side, job.work) {
        (_, Work::Fill { records, partitions }) => fill(&job, records, partitions),
        (_, Work::Trickle { records, per_second }) => trickle(&job, records, per_second),
        (Side::Carom, Work::Publish { records, call }) => runtime()?.block_on(publish(&job, records, call)),
        (_, Work::Publish { records, call }) => publish_bare(&job, records, call),
        (Side::Carom, _) => runtime()?.block_on(consume(&job)),
        _ => consume_bare(&job),
    }?;
    println!("{}", serde_json::to_string(&measured).map_err(|error| error.to_string())?);
    Ok(())
}

fn runtime() -> Result<Runtime, String> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(|error| error.to_string())
}

/// Says that everything is prepared, and waits for the start.
fn ready() -> Result<(), String> {
    println!("ready");
    io::stdout().flush().map_err(|error| error.to_string())?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    Ok(())
}

/// How many records a job handles, and whether they are in the client's queues before the start.
fn extent(work: Work) -> (u64, bool) {
    match work {
        Work::Consume { records, prefetched } => (records, prefetched),
        Work::Latency { records } | Work::Wait { records, .. } => (records, false),
        _ => (u64::MAX, false),
    }
}

async fn consume(job: &Job) -> Result<Measured, String> {
    let (records, prefetched) = extent(job.work);
    let wait = if let Work::Wait { each, .. } = job.work { Some(each) } else { None };
    let tally = Tally::new(records, matches!(job.work, Work::Latency { .. }), wait);
    let bus = consumer(job, &tally, true).await?;
    until(|| bus.health().is_ready(), "the bus joins its group")?;
    if prefetched {
        until(|| prefetched_by(&bus) >= records, "everything is fetched")?;
    }
    ready()?;
    let clock = Clock::start();
    bus.release();
    if let Work::Idle { lasting } = job.work {
        tokio::time::sleep(lasting).await;
    } else {
        tally.done().await;
    }
    let measured = clock.stop(records.min(1 << 40));
    // A run that commits what is wrong would be no measurement.
    bus.shutdown().await.map_err(|error| error.to_string())?;
    Ok(Measured { latencies: tally.latencies(), ..measured })
}

/// Records in the client's queues.
fn prefetched_by(bus: &carom::BusHandle) -> u64 {
    bus.stats().partitions.iter().filter_map(|partition| partition.prefetched).sum()
}

fn until(mut is_so: impl FnMut() -> bool, what: &str) -> Result<(), String> {
    let deadline = Instant::now() + PREPARED;
    while !is_so() {
        if Instant::now() > deadline {
            return Err(format!("not within {PREPARED:?}: {what}"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn consume_bare(job: &Job) -> Result<Measured, String> {
    let (records, prefetched) = extent(job.work);
    let mut bare = Bare::new(job)?;
    until(|| bare.has_joined(), "the loop joins its group")?;
    if prefetched {
        until(|| bare.prefetched() >= records, "everything is fetched")?;
    }
    ready()?;
    let mut latencies = Vec::new();
    let clock = Clock::start();
    match job.work {
        Work::Idle { lasting } => bare.idle(lasting)?,
        Work::Latency { .. } => bare.run(records, |order| latencies.push(latency(order)))?,
        Work::Wait { each, .. } => bare.run(records, |_| thread::sleep(each))?,
        _ => {
            let mut seen = 0;
            bare.run(records, |order| {
                black_box(order);
                seen += 1;
            })?;
            // A loop that reads no type, or the wrong one, would be a fast one.
            if seen < records {
                return Err(format!("the loop has handled {seen} of {records} orders"));
            }
        }
    }
    let measured = clock.stop(records.min(1 << 40));
    Ok(Measured { latencies, ..measured })
}

fn fill(job: &Job, records: u64, partitions: i32) -> Result<Measured, String> {
    let topic = load::topic(&job.environment);
    let create = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    create.block_on(load::create(&job.servers, &topic, partitions))?;
    let clock = Clock::start();
    load::fill(&job.servers, &topic, partitions, records)?;
    Ok(clock.stop(records))
}

/// Writes at an even pace, each event with its number and the time at which it was made.
fn trickle(job: &Job, records: u64, per_second: u64) -> Result<Measured, String> {
    let topic = load::topic(&job.environment);
    let producer = load::producer(&job.servers, Duration::ZERO)?;
    ready()?;
    let clock = Clock::start();
    let begin = Instant::now();
    for n in 0..records {
        let due = Duration::from_secs_f64(n as f64 / per_second as f64);
        thread::sleep(due.saturating_sub(begin.elapsed()));
        let order = OrderPlaced { note: format!("{n}@{}", nanos()), ..OrderPlaced::nth(n) };
        let json = serde_json::to_vec(&order).map_err(|error| error.to_string())?;
        let record = BaseRecord::to(&topic).key(&order.order_id).payload(&json).headers(load::headers(&load::id(n)));
        producer.send(record).map_err(|(error, _)| error.to_string())?;
    }
    producer.flush(Duration::from_secs(30)).map_err(|error| error.to_string())?;
    Ok(clock.stop(records))
}

async fn publish(job: &Job, records: u64, call: u64) -> Result<Measured, String> {
    let bus = publisher(job).await?;
    // The first call finds the topic's leaders.
    bus.publish(OrderPlaced::nth(0)).await.map_err(|error| error.to_string())?;
    ready()?;
    let clock = Clock::start();
    for first in (0..records).step_by(call as usize) {
        let events = (first..(first + call).min(records)).map(OrderPlaced::nth);
        bus.publish_all(events).await.map_err(|error| error.to_string())?;
    }
    let measured = clock.stop(records);
    bus.shutdown().await.map_err(|error| error.to_string())?;
    Ok(measured)
}

/// Counts what the broker has acknowledged, and keeps the offset of each record.
#[derive(Default)]
struct Acks {
    acked: Arc<AtomicU64>,
    offsets: Arc<Vec<AtomicU64>>,
}

impl ClientContext for Acks {}

impl ProducerContext for Acks {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, at: usize) {
        if let Ok(message) = result {
            self.offsets[at].store(message.offset() as u64, Relaxed);
            self.acked.fetch_add(1, Relaxed);
        }
    }
}

fn publish_bare(job: &Job, records: u64, call: u64) -> Result<Measured, String> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &job.servers);
    config.set("enable.idempotence", "true").set("acks", "all");
    config.set("queue.buffering.max.messages", "100000").set("queue.buffering.max.kbytes", "262144");
    for (key, value) in &job.options {
        config.set(key, value);
    }
    let offsets: Arc<Vec<AtomicU64>> = Arc::new((0..call).map(|_| AtomicU64::new(0)).collect());
    let acked = Arc::new(AtomicU64::new(0));
    let context = Acks { acked: Arc::clone(&acked), offsets };
    let producer: ThreadedProducer<Acks> = config.create_with_context(context).map_err(|error| error.to_string())?;
    let topic = load::topic(&job.environment);
    let source = format!("/bench/{}", job.group);
    send(&producer, &topic, &source, 0, 0)?;
    wait_for(&acked, 1);
    ready()?;
    let clock = Clock::start();
    for first in (0..records).step_by(call as usize) {
        let last = (first + call).min(records);
        for n in first..last {
            send(&producer, &topic, &source, n, (n - first) as usize)?;
        }
        wait_for(&acked, 1 + last);
    }
    Ok(clock.stop(records))
}

/// What `publish_all` returns after: the broker has everything.
fn wait_for(acked: &AtomicU64, records: u64) {
    while acked.load(Relaxed) < records {
        thread::sleep(Duration::from_micros(100));
    }
}

/// The same bytes as carom writes: a fresh id and the time of day for each event.
fn send(producer: &ThreadedProducer<Acks>, topic: &str, source: &str, n: u64, at: usize) -> Result<(), String> {
    let order = OrderPlaced::nth(n);
    let json = serde_json::to_vec(&order).map_err(|error| error.to_string())?;
    let id = uuid::Uuid::now_v7().hyphenated().to_string();
    let headers = load::published_headers(&id, source);
    let mut record = BaseRecord::with_opaque_to(topic, at).key(&order.order_id).payload(&json).headers(headers);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((error, back)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                record = back;
                thread::sleep(Duration::from_micros(100));
            }
            Err((error, _)) => return Err(error.to_string()),
        }
    }
}

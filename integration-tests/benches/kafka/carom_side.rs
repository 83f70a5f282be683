//! The same work as a carom service.

use std::{
    collections::BTreeMap,
    hint::black_box,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use carom::{
    Actor, Bus, BusHandle, Context, Failure, FromRef, Handler, Kafka, Supervisor, event::Environment, handler,
    kafka::Topics,
};
use tokio::sync::Notify;

use crate::{job::Job, load::OrderPlaced};

/// What the handlers share.
#[derive(Debug, Clone, FromRef)]
pub(crate) struct Shared {
    pub(crate) tally: Arc<Tally>,
}

/// How many events there were, and how late they came.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    handled: AtomicU64,
    until: u64,
    done: Notify,
    latencies: Option<Mutex<Vec<(u64, u64)>>>,
    wait: Option<Duration>,
}

impl Tally {
    pub(crate) fn new(until: u64, latencies: bool, wait: Option<Duration>) -> Arc<Self> {
        Arc::new(Self { until, latencies: latencies.then(Mutex::default), wait, ..Self::default() })
    }

    pub(crate) async fn done(&self) {
        self.done.notified().await;
    }

    pub(crate) fn latencies(&self) -> Vec<(u64, u64)> {
        let latencies = self.latencies.as_ref();
        latencies.map_or_else(Vec::new, |all| all.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Counts orders.
#[derive(Debug, Actor)]
pub(crate) struct Counter {
    tally: Arc<Tally>,
}

#[handler]
impl Handler<OrderPlaced> for Counter {
    async fn handle(&mut self, order: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
        black_box(&order);
        if let Some(latencies) = &self.tally.latencies {
            latencies.lock().unwrap_or_else(PoisonError::into_inner).push(latency(&order));
        }
        if let Some(wait) = self.tally.wait {
            tokio::time::sleep(wait).await;
        }
        if self.tally.handled.fetch_add(1, Relaxed) + 1 == self.tally.until {
            self.tally.done.notify_one();
        }
        Ok(())
    }
}

/// Nanoseconds since the epoch.
pub(crate) fn nanos() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

/// The event's number, and how long ago it was made; the producer writes both into it.
pub(crate) fn latency(order: &OrderPlaced) -> (u64, u64) {
    let now = nanos();
    let (number, made) = order.note.split_once('@').unwrap_or(("0", "0"));
    (number.parse().unwrap_or(0), now.saturating_sub(made.parse().unwrap_or(now)))
}

fn kafka(job: &Job, options: &BTreeMap<String, String>) -> Kafka {
    let kafka = Kafka::new(&job.servers).topics(Topics::Ignore);
    options.iter().fold(kafka, |kafka, (key, value)| kafka.consumer(key, value))
}

/// A bus that counts.
pub(crate) async fn consumer(job: &Job, tally: &Arc<Tally>, held: bool) -> Result<BusHandle, String> {
    let mut supervisor = Supervisor::one_for_one();
    if let Some(lanes) = job.concurrency {
        supervisor = supervisor.concurrency(lanes);
    }
    let bus = Bus::new(kafka(job, &job.options))
        .service("bench")
        .environment(Environment::short(&job.environment))
        .group(&job.group)
        // The crate of the tests has actors of its own.
        .partial()
        .workers(job.workers)
        .with_state(Shared { tally: Arc::clone(tally) })
        .supervise::<Counter>(supervisor);
    let bus = if held { bus.held() } else { bus };
    let bus = if let Some(records) = job.batch { bus.batch(records) } else { bus };
    bus.spawn().await.map_err(|error| error.to_string())
}

/// A bus that publishes.
pub(crate) async fn publisher(job: &Job) -> Result<BusHandle, String> {
    let kafka = Kafka::new(&job.servers).topics(Topics::Ignore);
    let kafka = job.options.iter().fold(kafka, |kafka, (key, value)| kafka.producer(key, value));
    let bus = Bus::new(kafka).service("bench").environment(Environment::short(&job.environment));
    bus.spawn().await.map_err(|error| error.to_string())
}

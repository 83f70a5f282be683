//! The thread that serves a producer client: reports in, waiting records out, and a new client if one dies.

mod ending;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rdkafka::{ClientConfig, error::KafkaError};

use super::{
    super::{
        Embedded,
        client::{bootstrap::Bootstrap, log::ClientLog},
        raw::produce::{Event, RawProducer, Report},
    },
    connection::{Connection, Tell},
    now,
    queue::{Pumped, SendQueue},
};
use crate::telemetry::logs;

/// Longest sleep of the thread; whoever brings something urgent wakes it.
const IDLE: Duration = Duration::from_millis(500);
/// Pause before a client that was full although we counted is tried again.
const FULL: Duration = Duration::from_millis(5);
/// Records that go to the client under one lock, so that nobody waits for it for long.
const BURST: usize = 64;
/// With more records than this on their way, new ones are left to the thread, which takes reports in all the time then.
/// glibc has a thread wait that takes memory while another gives such memory back; decision 23.
const MANY: usize = 1_000;

/// What callers and the thread share.
pub(super) struct Shared {
    inner: Mutex<Inner>,
    config: ClientConfig,
    log: ClientLog,
    /// Last: a client that outlives the broker in its process complains that it is gone.
    _broker: Option<Embedded>,
}

struct Inner {
    queue: SendQueue,
    /// `None` while a dead client is being replaced; records wait then.
    client: Option<Arc<RawProducer>>,
    dead: bool,
    closing: bool,
}

/// What the thread keeps from round to round.
struct Round {
    reports: Vec<Report>,
    connection: Connection,
}

enum Next {
    Go,
    Rebuild(String),
    Close,
}

impl Shared {
    /// Makes the client and starts its thread.
    pub(super) fn start(
        config: ClientConfig,
        log: ClientLog,
        queue: SendQueue,
        tell: Tell,
        broker: Option<Embedded>,
    ) -> Result<Arc<Self>, KafkaError> {
        let client = Arc::new(RawProducer::new(&config)?);
        let shared = Self::new(Some(Arc::clone(&client)), config, log.clone(), queue);
        let shared = Arc::new(Self { _broker: broker, ..shared });
        let serving = Arc::clone(&shared);
        thread::Builder::new()
            .name("carom-producer".to_owned())
            .spawn(move || serving.run(client, Connection::new(log.name, tell)))
            .map_err(|error| KafkaError::ClientCreation(format!("no thread for the producer: {error}")))?;
        Ok(shared)
    }

    fn new(client: Option<Arc<RawProducer>>, config: ClientConfig, log: ClientLog, queue: SendQueue) -> Self {
        Self { inner: Mutex::new(Inner { queue, client, dead: false, closing: false }), config, log, _broker: None }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a caller at the queue; what it brought goes to the client at once as far as it may, unless many are on their
    /// way.
    pub(super) fn with_queue<T>(&self, act: impl FnOnce(&mut SendQueue) -> T) -> T {
        let mut inner = self.lock();
        let result = act(&mut inner.queue);
        if inner.closing {
            inner.queue.abandon_waiting();
        }
        if inner.queue.on_the_way() > MANY || inner.pump() != Pumped::Done {
            inner.wake();
        }
        self.release(inner);
        result
    }

    /// Makes the thread look at the queue's times again.
    pub(super) fn wake(&self) {
        self.lock().wake();
    }

    /// The client, unless it is being replaced.
    pub(super) fn client(&self) -> Option<Arc<RawProducer>> {
        self.lock().client.clone()
    }

    /// Gives up what is on its way and ends the thread; returns at once.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closing = true;
        inner.wake();
    }

    /// Wakes callers without the lock: what they do then is not ours to wait for.
    fn release(&self, mut inner: MutexGuard<'_, Inner>) {
        let done = inner.queue.take_done();
        drop(inner);
        for done in done {
            done.tell();
        }
    }

    fn run(&self, mut client: Arc<RawProducer>, connection: Connection) {
        let mut round = Round { reports: Vec::new(), connection };
        loop {
            // A panic must not end the thread: nothing would be acknowledged again.
            let next = catch_unwind(AssertUnwindSafe(|| self.serve(&client, &mut round)));
            match next.unwrap_or_else(|_panic| {
                logs::bus::panicked("the producer's thread");
                Next::Go
            }) {
                Next::Go => {}
                Next::Rebuild(reason) => match self.rebuild(client, &reason) {
                    Some(new) => client = new,
                    None => return,
                },
                Next::Close => return self.end(&client),
            }
        }
    }

    /// One round: one event of the client, then whatever the permits it returned let through.
    fn serve(&self, client: &RawProducer, round: &mut Round) -> Next {
        let within = {
            let mut inner = self.lock();
            if inner.closing {
                return Next::Close;
            }
            let now = now();
            let pumped = inner.pump();
            let due = inner.queue.expire(now).map_or(IDLE, |at| at.saturating_duration_since(now).min(IDLE));
            let dead = inner.dead;
            self.release(inner);
            match pumped {
                _ if dead => return Next::Rebuild("it refuses records".to_owned()),
                Pumped::More => Duration::ZERO,
                Pumped::Full => due.min(FULL),
                Pumped::Done | Pumped::Dead => due,
            }
        };
        match client.poll(within, &mut round.reports) {
            Event::Nothing => {}
            Event::Reports if round.reports.iter().any(|report| report.error.is_none()) => {
                round.connection.acknowledged();
            }
            Event::Reports => {}
            Event::Statistics(json) => {
                if round.connection.statistics(&json) {
                    Bootstrap::of(&self.config).introduce(client.client(), self.log.name.client);
                }
            }
            Event::Log { level, facility, text } => self.log.line(level, &facility, &text),
            Event::Error { fatal: true, code, text } => {
                return Next::Rebuild(format!("{code}: {}", self.log.secrets.hide(&text)));
            }
            Event::Error { code, text, .. } => round.connection.error(code, &self.log.secrets.hide(&text)),
        }
        self.settle(&mut round.reports);
        Next::Go
    }

    /// Takes delivery reports and lets through what their permits allow.
    fn settle(&self, reports: &mut Vec<Report>) {
        let mut inner = self.lock();
        for report in reports.drain(..) {
            inner.queue.settle(&report);
        }
        inner.pump();
        self.release(inner);
    }
}

impl Inner {
    fn pump(&mut self) -> Pumped {
        let Some(client) = &self.client else { return Pumped::Done };
        let pumped = self.queue.pump(&**client, BURST);
        self.dead |= pumped == Pumped::Dead;
        pumped
    }

    fn wake(&self) {
        if let Some(client) = &self.client {
            client.wake();
        }
    }
}

#[cfg(test)]
mod tests;

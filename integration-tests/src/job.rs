//! A scripted event and actors that do what it says.

use std::time::Duration;

use carom::{Actor, Context, Event, Failure, FromRef, Handler, event::Partitioner, handler};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::ledger::{Entry, Ledger};

/// An event that says how its handlers shall behave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(entity = Job, domain = "contract", partitions = 4)]
pub struct Job {
    /// The record key.
    #[event(key)]
    pub key: String,
    /// Number within the key.
    pub seq: u32,
    /// What the n-th run does; `Succeed` beyond the end.
    pub script: Vec<Step>,
}

/// What one run of a handler does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Returns `Ok`.
    Succeed,
    /// Returns a transient failure.
    Fail,
    /// Returns a permanent failure.
    Refuse,
    /// Returns a [`Declined`].
    Decline,
    /// Says that a dependency is down.
    Unavailable,
    /// Panics.
    Panic,
    /// Waits so many milliseconds, then returns `Ok`.
    Sleep(u64),
    /// Waits until the test opens the gate, then returns `Ok`.
    Gate,
    /// Waits so many milliseconds, then for the gate.
    SleepThenGate(u64),
    /// Waits for the gate, then publishes a [`Done`].
    PublishAtGate,
    /// Waits for the gate as [`Step::Gate`], but on its thread: nothing can drop it.
    BlockAtGate,
    /// Waits until its partition is revoked or the bus stops, then returns `Ok`.
    UntilCancelled,
    /// As [`Step::UntilCancelled`], but returns so many milliseconds after that.
    AfterCancelled(u64),
    /// Never returns.
    Hang,
    /// Publishes so many [`Done`] events, then returns `Ok`.
    Publish(u32),
    /// Publishes an event of so many bytes.
    PublishLarge(usize),
}

/// An error type for rules.
#[derive(Debug)]
pub struct Declined;

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("asked to decline")
    }
}

impl std::error::Error for Declined {}

/// What [`Step::Publish`] publishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Event)]
#[event(entity = Result, domain = "contract", partitions = 4)]
pub struct Done {
    /// Key of the job.
    #[event(key)]
    pub key: String,
    /// Number of the job within the key.
    pub seq: u32,
    /// Number among the outputs of the job.
    pub nth: u32,
    /// Padding.
    pub text: String,
}

impl Job {
    /// A job that follows a script.
    pub fn new(key: impl Into<String>, seq: u32, script: impl Into<Vec<Step>>) -> Self {
        Self { key: key.into(), seq, script: script.into() }
    }

    /// A job that succeeds at once.
    pub fn ok(key: impl Into<String>, seq: u32) -> Self {
        Self::new(key, seq, [])
    }
}

/// What the actors of this file need.
#[derive(Clone, Debug, FromRef)]
pub struct Shared {
    /// Where they write down what they do.
    pub ledger: Ledger,
    /// Opened by the test.
    pub gate: Gate,
}

/// What [`Step::Gate`] waits for.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Default for Gate {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Gate {
    /// Lets everybody pass from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    fn block(&self) {
        while !*self.0.borrow() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    async fn pass(&self) {
        // The sender lives in `self`.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

impl Shared {
    /// An empty ledger and a closed gate.
    pub fn new() -> Self {
        Self { ledger: Ledger::default(), gate: Gate::default() }
    }

    /// The same ledger and gate, for another bus.
    #[must_use]
    pub fn of_member(&self, member: u32) -> Self {
        Self { ledger: self.ledger.of_member(member), gate: self.gate.clone() }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self::new()
    }
}

/// Does what the job says.
#[derive(Debug, Actor)]
pub struct Worker {
    ledger: Ledger,
    gate: Gate,
    /// Events this instance has seen: starts at 0 after each restart.
    #[actor(default)]
    seen: u32,
}

/// Another actor on the same event; always succeeds.
#[derive(Debug, Actor)]
pub struct Auditor {
    ledger: Ledger,
    /// Events this instance has seen: starts at 0 after each restart.
    #[actor(default)]
    seen: u32,
}

fn entry(actor: &'static str, job: &Job, cx: &Context<'_>) -> Entry {
    Entry {
        member: 0,
        actor,
        key: job.key.clone(),
        seq: job.seq,
        partition: cx.partition(),
        offset: cx.offset(),
        attempt: cx.attempt(),
        end: None,
        started: 0,
        ended: 0,
    }
}

#[handler]
impl Handler<Job> for Worker {
    async fn handle(&mut self, job: Job, cx: &mut Context<'_>) -> Result<Vec<Done>, Failure> {
        self.seen += 1;
        if self.seen == 1 {
            self.ledger.born("Worker");
        }
        let runs = self.ledger.begun("Worker", &job.key, job.seq);
        let run = self.ledger.start(entry("Worker", &job, cx));
        let step = job.script.get(runs).cloned().unwrap_or(Step::Succeed);
        let done = follow(&step, &job, &self.gate, cx).await?;
        run.succeeded();
        Ok(done)
    }
}

async fn follow(step: &Step, job: &Job, gate: &Gate, cx: &Context<'_>) -> Result<Vec<Done>, Failure> {
    let done = |nth, text: String| Done { key: job.key.clone(), seq: job.seq, nth, text };
    match step {
        Step::Succeed => {}
        Step::Fail => return Err("asked to fail".into()),
        Step::Refuse => return Err(Failure::permanent("asked to refuse")),
        Step::Decline => return Err(Declined.into()),
        Step::Unavailable => return Err(Failure::unavailable("payments", "asked to be down")),
        Step::Panic => panic!("asked to panic"),
        Step::Sleep(milliseconds) => tokio::time::sleep(Duration::from_millis(*milliseconds)).await,
        Step::Gate => gate.pass().await,
        Step::SleepThenGate(milliseconds) => {
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
            gate.pass().await;
        }
        Step::PublishAtGate => {
            gate.pass().await;
            return Ok(vec![done(0, String::new())]);
        }
        Step::BlockAtGate => gate.block(),
        Step::UntilCancelled => cx.cancelled().await,
        Step::AfterCancelled(milliseconds) => {
            cx.cancelled().await;
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
        }
        Step::Hang => std::future::pending().await,
        Step::Publish(count) => return Ok((0..*count).map(|nth| done(nth, String::new())).collect()),
        Step::PublishLarge(bytes) => return Ok(vec![done(0, "x".repeat(*bytes))]),
    }
    Ok(Vec::new())
}

#[handler]
impl Handler<Job> for Auditor {
    async fn handle(&mut self, job: Job, cx: &mut Context<'_>) -> Result<(), Failure> {
        self.seen += 1;
        if self.seen == 1 {
            self.ledger.born("Auditor");
        }
        self.ledger.start(entry("Auditor", &job, cx)).succeeded();
        Ok(())
    }
}

/// The n-th key of those that land in a partition of the topic of [`Job`].
///
/// # Panics
///
/// If there is no such partition.
pub fn key_in(partition: i32, nth: usize) -> String {
    let lands = |key: &String| Partitioner::default().partition(Some(key.as_bytes()), 4) == Some(partition);
    (0..1_000).map(|key| format!("key-{key}")).filter(lands).nth(nth).expect("1,000 keys reach every partition")
}

//! What the handlers did, written down by themselves.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use carom::{Context, Failure};
use tokio::sync::Notify;

use crate::shop::HOPELESS;

/// Shared by all actors.
#[derive(Clone)]
pub(crate) struct Ledger {
    lines: Arc<Mutex<Vec<Line>>>,
    changed: Arc<Notify>,
}

/// What is written down of one run of a handler.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) actor: &'static str,
    pub(crate) order: String,
    pub(crate) number: u32,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) attempt: u32,
    /// `None` while it runs.
    pub(crate) succeeded: Option<bool>,
    /// The run before it, of the same key, had not ended when it began.
    pub(crate) overlaps: bool,
}

/// A run of a handler that goes on.
pub(crate) struct Run {
    ledger: Ledger,
    at: usize,
    attempt: u32,
    label: String,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { lines: Arc::default(), changed: Arc::default() }
    }

    pub(crate) fn start(&self, actor: &'static str, order: &str, number: u32, cx: &Context<'_>) -> Run {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let overlaps = lines.iter().any(|line| line.actor == actor && line.order == order && line.succeeded.is_none());
        lines.push(Line {
            actor,
            order: order.to_owned(),
            number,
            topic: cx.topic().to_owned(),
            partition: cx.partition(),
            offset: cx.offset(),
            attempt: cx.attempt(),
            succeeded: None,
            overlaps,
        });
        let label = format!("{actor:<8} partition {} lane {:>2}  {order} #{number}", cx.partition(), cx.lane());
        Run { ledger: self.clone(), at: lines.len() - 1, attempt: cx.attempt(), label }
    }

    fn end(&self, at: usize, succeeded: bool) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)[at].succeeded = Some(succeeded);
        self.changed.notify_waiters();
    }

    /// All runs, in the order in which they began.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until both actors have dealt with everything but the hopeless order; false after `within`.
    pub(crate) async fn until_done(&self, expected: usize, within: Duration) -> bool {
        let done = async {
            loop {
                let changed = self.changed.notified();
                let lines = self.lines();
                let gave_up = lines.iter().filter(|line| (line.order.as_str(), line.number) == HOPELESS).count() >= 3;
                if gave_up && handled(&lines, "billing") == expected - 1 && handled(&lines, "shipping") == expected - 1
                {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(within, done).await.is_ok()
    }
}

impl Run {
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(crate) fn succeeded(&self) {
        println!("handled  {}", self.label);
        self.ledger.end(self.at, true);
    }

    pub(crate) fn failed(&self, why: &str) -> Failure {
        println!("failed   {} at attempt {}: {why}", self.label, self.attempt);
        self.ledger.end(self.at, false);
        Failure::transient(why)
    }
}

/// Different events that an actor handled successfully.
pub(crate) fn handled(lines: &[Line], actor: &str) -> usize {
    let done = lines.iter().filter(|line| line.actor == actor && line.succeeded == Some(true));
    done.map(|line| (&line.order, line.number)).collect::<BTreeSet<_>>().len()
}

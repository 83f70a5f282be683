//! What the handlers did, written down by themselves, and what follows from it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use carom::{Context, Failure};
use tokio::sync::Notify;

use crate::{
    probe::Facts,
    shop::{EXPLOSIVE, FLAKY, HOPELESS},
};

/// Shared by all actors.
#[derive(Clone)]
pub(crate) struct Ledger {
    lines: Arc<Mutex<Vec<Line>>>,
    changed: Arc<Notify>,
}

#[derive(Clone)]
struct Line {
    actor: &'static str,
    order: String,
    number: u32,
    topic: String,
    partition: i32,
    offset: i64,
    attempt: u32,
    /// `None` while it runs.
    succeeded: Option<bool>,
    /// The run before it, of the same key, had not ended when it began.
    overlaps: bool,
}

/// One run of a handler.
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

    fn lines(&self) -> Vec<Line> {
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

    /// Prints what follows from the ledger and the broker's own figures; whether every promise was kept.
    pub(crate) fn summary(&self, expected: usize, facts: &Facts) -> bool {
        let lines = self.lines();
        let retried = lines.iter().filter(|line| line.attempt > 1).count();
        let violations = order_violations(&lines);
        println!("\nhandled by billing      {} of {expected}", handled(&lines, "billing"));
        println!("handled by shipping     {}", handled(&lines, "shipping"));
        println!("retried                 {retried} attempts");
        println!("dead-lettered           {}", facts.dead_letters.len());
        for letter in &facts.dead_letters {
            println!("                        {letter}");
        }
        for violation in &violations {
            println!("                        {violation}");
        }
        println!("order violations: {}", violations.len());
        let mut kept = check("every event ended: handled or dead-lettered", handled(&lines, "billing") == expected - 1);
        kept &= check("two dead letters: the hopeless order and the garbage", facts.dead_letters.len() == 2);
        kept &= check("the flaky order took three attempts", attempts(&lines, FLAKY) == 3);
        kept &= check("the order whose handler panicked was handled by a new actor", attempts(&lines, EXPLOSIVE) == 2);
        kept &= check("no key was handled out of order", violations.is_empty());
        kept & committed_is_finished(&lines, facts)
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

fn check(what: &str, holds: bool) -> bool {
    println!("{}  {what}", if holds { "ok    " } else { "BROKEN" });
    holds
}

/// Different events that an actor handled successfully.
fn handled(lines: &[Line], actor: &str) -> usize {
    let done = lines.iter().filter(|line| line.actor == actor && line.succeeded == Some(true));
    done.map(|line| (&line.order, line.number)).collect::<std::collections::BTreeSet<_>>().len()
}

fn attempts(lines: &[Line], (order, number): (&str, u32)) -> usize {
    lines.iter().filter(|line| line.actor == "billing" && line.order == order && line.number == number).count()
}

/// A run that began before the one before it had ended, or went back in the log.
fn order_violations(lines: &[Line]) -> Vec<String> {
    let mut keys: BTreeMap<(&str, &str), &Line> = BTreeMap::new();
    let mut violations = Vec::new();
    for line in lines {
        if let Some(before) = keys.insert((line.actor, &line.order), line)
            && (line.overlaps || line.offset < before.offset)
        {
            violations.push(format!("{} #{} ran after, or while, #{}", line.order, line.number, before.number));
        }
    }
    violations
}

/// The broker's committed offsets are the ends of the logs, and every record before them ended.
fn committed_is_finished(lines: &[Line], facts: &Facts) -> bool {
    let finished = |partition: i32| {
        let offsets = lines.iter().filter(|line| line.topic == facts.topic && line.partition == partition);
        let ended = offsets.filter(|line| line.succeeded == Some(true)).map(|line| line.offset);
        ended.chain(facts.dead_offsets.iter().filter(|(of, _)| *of == partition).map(|(_, offset)| *offset)).max()
    };
    let mut kept = true;
    for (partition, committed) in &facts.committed {
        let last = finished(*partition).map_or(0, |offset| offset + 1);
        kept &=
            check(&format!("partition {partition}: committed {committed}, finished up to {last}"), *committed == last);
    }
    kept
}

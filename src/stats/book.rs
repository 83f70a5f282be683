//! The meters of a bus, and what can be read from them.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::Ordering::{Acquire, Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{HandlerMeter, Measured, Stats};
use crate::{
    dispatch::{Assignment, Blocking, RouteTable},
    health::HealthState,
    kafka::record::TopicPartition,
    services::Counters,
    telemetry::logs,
};

/// From here on a handler that keeps its thread busy is told of before it returns, because it may never do.
const LONG: Duration = Duration::from_secs(5);

/// The meters of a bus.
#[derive(Default)]
pub(crate) struct Book {
    /// Sorted once: routes do not change while a bus runs.
    handlers: Vec<Handler>,
    /// Those that are assigned now. The assignment is kept and not its meter, since lag follows from its progress.
    partitions: Mutex<BTreeMap<TopicPartition, Arc<Assignment>>>,
}

struct Handler {
    actor: &'static str,
    event_type: &'static str,
    topic: Arc<str>,
    meter: Arc<HandlerMeter>,
}

impl Book {
    pub(crate) fn new(routes: &RouteTable) -> Self {
        let mut handlers: Vec<Handler> = Vec::new();
        for routes in routes.values() {
            for member in &routes.members {
                handlers.extend(member.handlers.iter().map(|spec| Handler {
                    actor: member.actor.name,
                    event_type: spec.event_type,
                    topic: Arc::clone(&routes.topic),
                    meter: Arc::clone(&spec.meter),
                }));
            }
        }
        handlers.sort_by_key(|handler| (handler.actor, handler.event_type));
        Self { handlers, partitions: Mutex::default() }
    }

    fn partitions(&self) -> MutexGuard<'_, BTreeMap<TopicPartition, Arc<Assignment>>> {
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A partition came.
    pub(crate) fn assigned(&self, assignment: &Arc<Assignment>) {
        self.partitions().insert(assignment.partition.clone(), Arc::clone(assignment));
    }

    /// A partition is gone, unless it has come back in the meantime; false then. The epoch tells the two apart.
    pub(crate) fn closed(&self, assignment: &Assignment) -> bool {
        let mut partitions = self.partitions();
        let gone = partitions.get(&assignment.partition).is_some_and(|known| known.epoch == assignment.epoch);
        if gone {
            partitions.remove(&assignment.partition);
        }
        gone
    }

    /// Looks at all partitions, about once a second; those that have had something to do and finished nothing
    /// `stalled_after` such a time degrade the bus.
    pub(crate) fn tick(&self, now: Instant, measured: &[Measured], stalled_after: Duration, health: &HealthState) {
        let partitions = self.partitions();
        for one in measured {
            if let Some(assignment) = partitions.get(&one.partition) {
                assignment.meter().measured(one);
            }
        }
        let blocking: Vec<_> = partitions
            .iter()
            .flat_map(|(partition, assignment)| {
                assignment.blocking(now, LONG).into_iter().map(move |blocking| (partition, blocking))
            })
            .collect();
        for (partition, one) in blocking.iter().filter(|(_, one)| one.is_new) {
            logs::bus::blocks(&one.handler, partition, one.since);
        }
        for (partition, assignment) in &*partitions {
            let meter = assignment.meter();
            meter.tick(now, assignment);
            let key = HealthState::stalled(partition);
            if meter.stalled_for(now).is_some_and(|stalled| stalled >= stalled_after) {
                health.degrade(&key, stalled(partition, stalled_after, &blocking));
            } else {
                health.recover(&key);
            }
        }
    }

    pub(crate) fn snapshot(&self, counters: &Counters) -> Stats {
        let assignments: Vec<_> = self.partitions().values().cloned().collect();
        Stats {
            partitions: assignments.iter().map(|assignment| assignment.meter().snapshot(assignment)).collect(),
            handlers: self
                .handlers
                .iter()
                .map(|handler| handler.meter.snapshot(handler.actor, handler.event_type, &handler.topic))
                .collect(),
            handled: counters.handled.load(Relaxed),
            retried: counters.retried.load(Relaxed),
            dead_lettered: counters.dead_lettered.load(Acquire),
            dead_letters: counters.dead_letters(),
            reduced: counters.reduced.load(Relaxed),
            discarded: counters.discarded.load(Relaxed),
            unknown: counters.unknown.load(Relaxed),
            expired: counters.expired.load(Relaxed),
            published: counters.published.load(Relaxed),
        }
    }
}

/// Why, as far as one can see: a handler of this partition blocks its thread, or, perhaps, one of another partition that
/// shares it.
fn stalled(partition: &TopicPartition, after: Duration, blocking: &[(&TopicPartition, Blocking)]) -> String {
    const WHY: &str = "does a handler hang, or does it wait for something that is unavailable?";
    let busy = |Blocking { handler, since, .. }: &Blocking| {
        format!("`{handler}` has kept its thread busy for {} s without an `.await`", since.as_secs())
    };
    let why = match blocking {
        [] => WHY.to_owned(),
        [(_, other), ..] => match blocking.iter().find(|(of, _)| *of == partition) {
            Some((_, own)) => busy(own),
            None => format!("{WHY} Or does it share a thread: {}", busy(other)),
        },
    };
    format!("{partition} has records waiting, and none was finished for {after:?} or longer: {why}")
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("handlers", &self.handlers.len()).finish_non_exhaustive()
    }
}

//! What the client calls back: rebalances are only noted, everything else becomes a log line.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rdkafka::{
    ClientContext, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol},
    error::{KafkaError, KafkaResult},
    types::RDKafkaRespErr,
};

use super::jumps::Jumps;
use crate::{
    kafka::{
        client::{bootstrap, log::ClientLog},
        raw,
        record::TopicPartition,
        source::{Committed, Figures},
    },
    stats::Measured,
    telemetry::logs,
};

/// The one call that blocks the poll thread: what the group has committed, at an assign.
const COMMITTED_WITHIN: Duration = Duration::from_secs(5);

/// A rebalance that waits for its answer.
#[derive(Debug)]
pub(super) enum Rebalance {
    Assign(Vec<TopicPartition>),
    Revoke { partitions: Vec<TopicPartition>, lost: bool },
}

/// The client's callbacks. All run on the thread that polls; a panic in one would end it, so each is caught.
#[derive(Default)]
pub(super) struct GroupContext {
    rebalances: Mutex<VecDeque<Rebalance>>,
    /// The client's own words for the error that polling returns next.
    reason: Mutex<Option<String>>,
    /// Calls so far. Polling returns nothing both when it made one and when there was nothing.
    calls: AtomicU64,
    /// Statistics have shown a connected broker.
    connected: AtomicBool,
    /// They have shown a client that knows no broker.
    forgotten: AtomicBool,
    /// What the last statistics said.
    figures: Mutex<Option<Figures>>,
    /// From here on a revoke is answered at once, else closing never ends.
    closing: AtomicBool,
    log: ClientLog,
    jumps: Jumps,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl GroupContext {
    pub(super) fn new(log: ClientLog) -> Self {
        Self { log, ..Self::default() }
    }

    fn served(&self, what: &str, call: impl FnOnce()) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if catch_unwind(AssertUnwindSafe(call)).is_err() {
            logs::bus::panicked(&format!("the {what} callback of the client"));
        }
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn next_rebalance(&self) -> Option<Rebalance> {
        lock(&self.rebalances).pop_front()
    }

    pub(super) fn take_reason(&self) -> Option<String> {
        lock(&self.reason).take()
    }

    pub(super) fn take_connected(&self) -> bool {
        self.connected.swap(false, Ordering::Relaxed)
    }

    pub(super) fn take_forgotten(&self) -> bool {
        self.forgotten.swap(false, Ordering::Relaxed)
    }

    /// What the last statistics said; nothing, if that was told before.
    pub(super) fn figures(&self) -> Figures {
        lock(&self.figures).take().unwrap_or_default()
    }

    pub(super) fn jumps(&self) -> &Jumps {
        &self.jumps
    }

    pub(super) fn start_closing(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    fn note(&self, client: &BaseConsumer<Self>, err: RDKafkaRespErr, list: &TopicPartitionList) {
        let revoke = err != RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if revoke && self.closing.load(Ordering::SeqCst) {
            return give_back(client, list);
        }
        let partitions: Vec<_> =
            list.elements().iter().map(|element| TopicPartition::new(element.topic(), element.partition())).collect();
        let rebalance = if revoke {
            Rebalance::Revoke { partitions, lost: client.assignment_lost() }
        } else {
            partitions.iter().for_each(|partition| self.jumps.forget(partition));
            Rebalance::Assign(partitions)
        };
        lock(&self.rebalances).push_back(rebalance);
    }
}

/// The partitions, as the client wants them.
pub(super) fn list_of(partitions: &[TopicPartition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(&partition.topic, partition.partition);
    }
    list
}

/// Answers a revoke.
pub(super) fn give_back(client: &BaseConsumer<GroupContext>, list: &TopicPartitionList) {
    let given = match client.rebalance_protocol() {
        RebalanceProtocol::Cooperative => client.incremental_unassign(list),
        RebalanceProtocol::Eager | RebalanceProtocol::None => client.unassign(),
    };
    if let Err(error) = given {
        // Normal when the assignment has been lost in the meantime.
        tracing::debug!(%error, "the client did not take the partitions back");
    }
}

/// Answers an assign.
pub(super) fn accept(client: &BaseConsumer<GroupContext>, list: &TopicPartitionList) -> KafkaResult<()> {
    match client.rebalance_protocol() {
        RebalanceProtocol::Cooperative => client.incremental_assign(list),
        RebalanceProtocol::Eager | RebalanceProtocol::None => client.assign(list),
    }
}

/// What the group has committed; nothing where that cannot be found out.
pub(super) fn committed(
    client: &BaseConsumer<GroupContext>,
    partitions: &[TopicPartition],
) -> Vec<Option<(Committed, i32)>> {
    raw::committed(client, partitions, COMMITTED_WITHIN).unwrap_or_else(|error| {
        logs::group::committed_unknown(&error);
        vec![None; partitions.len()]
    })
}

fn figures_of(statistics: &Statistics) -> Figures {
    let joined = statistics.cgrp.as_ref().is_some_and(|group| group.state == "up" && group.join_state == "steady");
    let partitions = statistics.topics.iter().flat_map(|(topic, known)| {
        let topic: Arc<str> = topic.as_str().into();
        // The one with number -1 stands for records that have no partition yet.
        known.partitions.values().filter(|known| known.partition >= 0).map(move |known| Measured {
            partition: TopicPartition::new(Arc::clone(&topic), known.partition),
            end: [known.ls_offset, known.hi_offset].into_iter().find(|&offset| offset >= 0),
            prefetched: u64::try_from(known.fetchq_cnt).ok(),
        })
    });
    Figures { joined: Some(joined), partitions: partitions.collect() }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        self.served("log", || {
            self.jumps.read(fac, message);
            self.log.line(level as i32, fac, message);
        });
    }

    fn stats(&self, statistics: Statistics) {
        self.served("statistics", || {
            let mut brokers = statistics.brokers.values();
            if bootstrap::knows_none(brokers.clone().map(|broker| &*broker.source)) {
                self.forgotten.store(true, Ordering::Relaxed);
            } else if brokers.any(|broker| broker.nodeid >= 0 && broker.state == "UP") {
                self.connected.store(true, Ordering::Relaxed);
            }
            *lock(&self.figures) = Some(figures_of(&statistics));
        });
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.served("error", || {
            let reason = self.log.secrets.hide(reason);
            tracing::debug!(%error, reason, "the client reports an error");
            *lock(&self.reason) = Some(reason);
        });
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(&self, client: &BaseConsumer<Self>, err: RDKafkaRespErr, list: &mut TopicPartitionList) {
        self.served("rebalance", || self.note(client, err, list));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::heard::heard;

    // Fails when a panic ends the thread that polls, or is swallowed.
    #[test]
    fn a_panic_in_a_callback_goes_no_further_and_is_a_line() {
        let context = GroupContext::default();
        let text = heard(|| context.served("error", || panic!("in a callback")));
        let line =
            "ERROR carom::bus: a panic was caught, and carom goes on place=\"the error callback of the client\"\n";
        assert_eq!((text.as_str(), context.calls()), (line, 1));
    }
}

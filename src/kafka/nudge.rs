//! Waking fetchers that sleep after a rebalance.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};

use super::record::TopicPartition;

/// How long partitions are nudged: silence without it ends by itself in less than a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two calls, and how long one may block.
const PACE: Duration = Duration::from_millis(20);

/// After a deferred answer to a revoke nothing wakes the fetchers of the partitions that stayed; a question about
/// their offsets does, even one that is not answered in time.
#[derive(Debug, Default)]
pub(super) struct Nudge {
    asleep: VecDeque<TopicPartition>,
    until: Option<Instant>,
    next: Option<Instant>,
}

impl Nudge {
    /// These partitions stayed.
    pub(super) fn start(&mut self, stayed: impl Iterator<Item = TopicPartition>, now: Instant) {
        self.asleep = stayed.collect();
        self.until = Some(now + PATIENCE);
        self.next = None;
    }

    /// A record came from this one.
    pub(super) fn awake(&mut self, partition: &TopicPartition) {
        if !self.asleep.is_empty() {
            self.asleep.retain(|one| one != partition);
        }
    }

    /// Nudges one partition, if it is time.
    pub(super) fn step<C: ConsumerContext>(&mut self, client: &BaseConsumer<C>, now: Instant) {
        if self.asleep.is_empty() || self.next.is_some_and(|next| now < next) {
            return;
        }
        if self.until.is_none_or(|until| now >= until) {
            self.asleep.clear();
            return;
        }
        self.next = Some(now + PACE);
        if let Some(partition) = self.asleep.pop_front() {
            // Only asking counts.
            let _ = client.fetch_watermarks(&partition.topic, partition.partition, PACE);
            self.asleep.push_back(partition);
        }
    }
}

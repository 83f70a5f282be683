//! Waking fetchers that sleep after a rebalance.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};

use crate::kafka::record::TopicPartition;

/// How long partitions are nudged: without it they wake by themselves in less than a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// Until the first round; each later one waits twice as long.
const FIRST: Duration = Duration::from_millis(5);

/// How long one question may block, and how long one round.
const QUESTION: Duration = Duration::from_millis(20);
const ROUND: Duration = Duration::from_millis(50);

/// After a deferred answer to a revoke nothing wakes the fetchers of the partitions that stayed; a question about
/// their offsets does, even one that is not answered in time.
#[derive(Debug, Default)]
pub(super) struct Nudge {
    asleep: VecDeque<TopicPartition>,
    /// The next round, the wait after it, and the end.
    plan: Option<(Instant, Duration, Instant)>,
}

impl Nudge {
    /// These partitions stayed.
    pub(super) fn start(&mut self, stayed: impl Iterator<Item = TopicPartition>, now: Instant) {
        self.asleep = stayed.collect();
        self.plan = (!self.asleep.is_empty()).then(|| (now + FIRST, FIRST * 2, now + PATIENCE));
    }

    /// A record came from this one.
    pub(super) fn awake(&mut self, partition: &TopicPartition) {
        if self.plan.is_some() {
            self.asleep.retain(|one| one != partition);
        }
    }

    /// When the next round is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.plan.map(|(next, ..)| next)
    }

    /// Nudges, if it is time.
    pub(super) fn step<C: ConsumerContext>(&mut self, client: &BaseConsumer<C>, now: Instant) {
        let Some((next, wait, end)) = self.plan.filter(|(next, ..)| now >= *next) else { return };
        for _ in 0..self.asleep.len() {
            if crate::clock::since(now) >= ROUND {
                break;
            }
            self.asleep.rotate_left(1);
            let partition = &self.asleep[0];
            // Only asking counts.
            let _ = client.fetch_watermarks(&partition.topic, partition.partition, QUESTION);
        }
        self.plan = (!self.asleep.is_empty() && next < end).then(|| (now + wait, wait * 2, end));
    }
}

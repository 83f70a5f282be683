//! Partitions whose offset the client found out of range. It goes on where `auto.offset.reset` says, and only logs it.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::kafka::record::TopicPartition;

/// Those with which nobody has dealt yet.
#[derive(Debug, Default)]
pub(super) struct Jumps(Mutex<HashSet<TopicPartition>>);

impl Jumps {
    fn partitions(&self) -> MutexGuard<'_, HashSet<TopicPartition>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks whether a line of the client's log is about a jump.
    pub(super) fn read(&self, facility: &str, line: &str) {
        if let Some(partition) = (facility == "OFFSET").then(|| jump(line)).flatten() {
            self.partitions().insert(partition);
        }
    }

    /// Asks `is_settled` if the partition has jumped, and forgets that if it says so.
    pub(super) fn after(&self, partition: &TopicPartition, is_settled: impl FnOnce() -> bool) {
        let mut partitions = self.partitions();
        if partitions.contains(partition) && is_settled() {
            partitions.remove(partition);
        }
    }

    /// The partition comes anew: a jump that was not met before it went says nothing about what comes now.
    pub(super) fn forget(&self, partition: &TopicPartition) {
        self.partitions().remove(partition);
    }
}

/// `orders [3]: offset reset (at offset 10 (leader epoch 0), broker 1) to …: Broker: Offset out of range`, with the
/// name of a thread before it (`rd_kafka_offset_reset` in librdkafka's `rdkafka_offset.c`, 1.9 to 2.12).
fn jump(line: &str) -> Option<TopicPartition> {
    let (partition, why) = line.split_once("]: offset reset (")?;
    let (before, number) = partition.rsplit_once(" [")?;
    let topic = before.rsplit(' ').next()?;
    why.contains("Offset out of range").then(|| Some(TopicPartition::new(topic, number.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "[thrd:127.0.0.1:9092/1]: orders.v1 [3]: offset reset (at offset 10 (leader epoch 0), broker 1) to \
                        cached BEGINNING offset 25 (leader epoch -1): fetch failed due to requested offset not available \
                        on the broker: Broker: Offset out of range";

    // Fails when other lines count, and when the name of the thread is taken for a part of the topic's.
    #[test]
    fn a_jump_is_told_from_other_lines() {
        let of = |topic, number| Some(TopicPartition::new(topic, number));
        assert_eq!(jump(LINE), of("orders.v1", 3));
        assert_eq!(jump(LINE.split_once("]: ").unwrap().1), of("orders.v1", 3));
        assert_eq!(jump(&LINE.replace("Offset out of range", "No offset")), None);
        assert_eq!(jump("[thrd:main]: orders.v1 [3]: offset commit failed: Broker: Offset out of range"), None);
    }

    #[test]
    fn a_jump_is_there_until_it_is_settled() {
        let jumps = Jumps::default();
        let asked = |number, settled| {
            let mut asked = false;
            jumps.after(&TopicPartition::new("orders.v1", number), || {
                asked = true;
                settled
            });
            asked
        };
        jumps.read("FETCH", LINE);
        assert!(!asked(3, true));
        jumps.read("OFFSET", LINE);
        jumps.read("OFFSET", &LINE.replace("[3]", "[4]"));
        assert_eq!([asked(3, false), asked(3, true), asked(3, true)], [true, true, false]);
        assert_eq!([asked(5, true), asked(4, true)], [false, true]);
    }
}

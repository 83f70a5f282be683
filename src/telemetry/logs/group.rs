//! What happened to the group, to its partitions and to their committed offsets.

use std::{
    collections::BTreeSet,
    fmt::{Debug, Display},
    ops::Range,
    time::Duration,
};

use crate::{kafka::record::TopicPartition, telemetry::listed::listed};

/// One line for each rebalance. In a cooperative one, members that keep what they have get an empty list.
macro_rules! rebalance {
    ($level:ident $line:ident, $partitions:expr) => {{
        let partitions: &[TopicPartition] = $partitions;
        if partitions.is_empty() {
            say!(DEBUG BUS $line, COUNT = 0, PARTITIONS = "");
        } else {
            say!($level BUS $line, COUNT = partitions.len(), PARTITIONS = listed(partitions));
        }
    }};
}

/// Partitions came.
pub(crate) fn assigned(partitions: &[TopicPartition]) {
    rebalance!(INFO ASSIGNED, partitions);
}

/// Partitions have to go.
pub(crate) fn revoked(partitions: &[TopicPartition]) {
    rebalance!(INFO REVOKED, partitions);
}

/// Partitions went without a chance to commit.
pub(crate) fn lost(partitions: &[TopicPartition]) {
    rebalance!(WARN LOST, partitions);
}

/// Handlers of these partitions run longer than the rebalance, or the stop, may wait.
pub(crate) fn abandoned(partitions: &[TopicPartition]) {
    say!(WARN BUS ABANDONED, COUNT = partitions.len(), PARTITIONS = listed(partitions));
}

/// The last commit of this many partitions is in doubt.
pub(crate) fn uncommitted(partitions: usize) {
    say!(WARN BUS UNCOMMITTED, COUNT = partitions);
}

/// Records ended after another member may have begun them.
pub(crate) fn finished_late(partition: &TopicPartition, epoch: u64, records: usize) {
    say!(
        INFO BUS FINISHED_LATE,
        TOPIC = &*partition.topic, PARTITION = partition.partition, EPOCH = epoch, RECORDS = records
    );
}

/// This member has joined no group for a while.
pub(crate) fn waits_for_group() {
    say!(INFO BUS WAITS_FOR_GROUP);
}

/// Another service is in the group.
pub(crate) fn shared(service: &str, group: &str, others: &BTreeSet<String>) {
    let others: Vec<_> = others.iter().map(|other| format!("`{other}`")).collect();
    say!(
        WARN BUS SHARED;
        format_args!(
            "`{service}` shares the consumer group `{group}` with {}: each of them gets some of the partitions, and skips what \
             only another one handles; give each service a group of its own, by leaving `.group(..)` out or by another name",
            others.join(", ")
        )
    );
}

/// The log of a partition is another one.
pub(crate) fn begins_again(partition: &TopicPartition, offset: Option<i64>) {
    say!(ERROR BUS BEGINS_AGAIN, TOPIC = &*partition.topic, PARTITION = partition.partition, OFFSET = offset);
}

/// Records were deleted before they were read.
pub(crate) fn deleted_unread(partition: &TopicPartition, offsets: &Range<i64>) {
    say!(
        ERROR BUS DELETED_UNREAD,
        TOPIC = &*partition.topic, PARTITION = partition.partition, OFFSET = offsets.start, END = offsets.end
    );
}

/// A commit for this many partitions is in doubt.
pub(crate) fn unanswered(partitions: usize, after: Duration) {
    say!(WARN BUS UNANSWERED, COUNT = partitions, AFTER_MS = after.as_millis() as u64);
}

/// A commit was refused because of the state of the group.
pub(crate) fn refused(partition: &TopicPartition, reason: &str) {
    say!(
        INFO BUS REFUSED, TOPIC = &*partition.topic, PARTITION = partition.partition, REASON = reason
    );
}

/// A commit does not say what is finished beyond it.
pub(crate) fn without_map(partition: &TopicPartition, offset: i64) {
    say!(WARN BUS WITHOUT_MAP, TOPIC = &*partition.topic, PARTITION = partition.partition, OFFSET = offset);
}

/// The map beside a committed offset is not one of carom's.
pub(crate) fn committed_ignored(partition: &TopicPartition, offset: i64, error: &dyn Debug) {
    say!(
        WARN BUS COMMITTED_IGNORED,
        TOPIC = &*partition.topic, PARTITION = partition.partition, OFFSET = offset,
        ERROR = tracing::field::debug(error)
    );
}

/// What the group has committed could not be asked for.
pub(crate) fn committed_unknown(error: &dyn Display) {
    say!(WARN BUS COMMITTED_UNKNOWN, ERROR = tracing::field::display(error));
}

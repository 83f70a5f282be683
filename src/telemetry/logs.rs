//! Log lines for an operator: one for each record that failed, and one for each change of state. The path of a record
//! that succeeds logs nothing.
//!
//! Names, texts and targets are those of `names`, and so are most fields: an operator filters by them, and searches for
//! them. What may
//! be shown of an error was decided before.

use std::{borrow::Cow, ops::Range, time::Duration};

use tracing::Level;

use super::{
    Keys,
    blocked::Calls,
    listed::listed,
    names::{event, field, message, target},
};
use crate::{
    kafka::record::{Record, TopicPartition},
    supervisor::key_hash,
};

/// A record that failed, as the line about it says.
pub(crate) struct Failure<'a> {
    pub(crate) record: &'a Record,
    /// `None` if it could not be read as an event.
    pub(crate) event_type: Option<&'a str>,
    pub(crate) handler: Option<&'a str>,
    /// The one that failed; 0 where none was made.
    pub(crate) attempt: u32,
    /// `None` if it must not be shown.
    pub(crate) error: Option<String>,
    /// Whether its key may be shown.
    pub(crate) keys: Keys,
}

impl Failure<'_> {
    /// The key, or, where it may not be shown, its hash.
    fn key(&self) -> (Option<Cow<'_, str>>, Option<String>) {
        let Some(key) = self.record.key() else { return (None, None) };
        match self.keys {
            Keys::Hidden => (None, Some(format!("{:016x}", key_hash(&self.record.from().topic, key)))),
            Keys::InFailures | Keys::Everywhere => (Some(String::from_utf8_lossy(key)), None),
        }
    }
}

/// One line for a record that failed; what names differ in is the name and the message of the event.
macro_rules! failure {
    ($level:expr, $name:expr, $message:expr, $failure:expr, $after:expr) => {{
        let failure: &Failure<'_> = $failure;
        let after: Option<Duration> = $after;
        let (key, key_hash) = failure.key();
        let from = failure.record.from();
        tracing::event!(
            name: $name,
            target: target::RECORD,
            $level,
            {
                { field::EVENT_TYPE } = failure.event_type,
                { field::HANDLER } = failure.handler,
                { field::KEY } = key.as_deref(),
                { field::KEY_HASH } = key_hash.as_deref(),
                { field::TOPIC } = &*from.topic,
                { field::PARTITION } = from.partition,
                { field::OFFSET } = failure.record.offset(),
                { field::ATTEMPT } = failure.attempt,
                { field::AFTER_MS } = after.map(|after| after.as_millis() as u64),
                { field::ERROR } = failure.error.as_deref(),
            },
            "{}", $message
        );
    }};
}

/// The record is handled again `after` a while.
pub(crate) fn retried(failure: &Failure<'_>, after: Duration) {
    failure!(Level::WARN, event::RETRIED, message::RETRIED, failure, Some(after));
}

/// A dependency is unavailable; the record is handled again `after` a while, and no attempt is counted.
pub(crate) fn held(failure: &Failure<'_>, after: Duration) {
    failure!(Level::WARN, event::HELD, message::HELD, failure, Some(after));
}

/// A policy gave the record up.
pub(crate) fn discarded(failure: &Failure<'_>) {
    failure!(Level::WARN, event::DISCARDED, message::DISCARDED, failure, None);
}

/// The broker has the record's dead letter.
pub(crate) fn dead_lettered(failure: &Failure<'_>) {
    failure!(Level::ERROR, event::DEAD_LETTERED, message::DEAD_LETTERED, failure, None);
}

/// A dead letter had to leave something out.
pub(crate) fn reduced(topic: &str, size: usize, left_out: &str) {
    tracing::event!(
        name: event::REDUCED, target: target::RECORD, Level::ERROR,
        { { field::TOPIC } = topic, { field::SIZE } = size, { field::LEFT_OUT } = left_out },
        "{}", message::REDUCED
    );
}

/// An event type has events over 64 KiB.
pub(crate) fn large(event_type: &str, size: usize, when: &str) {
    tracing::event!(
        name: event::LARGE, target: target::RECORD, Level::WARN,
        { { field::EVENT_TYPE } = event_type, { field::SIZE } = size, { field::WHEN } = when },
        "{}", message::LARGE
    );
}

/// A handler blocks its thread: `took` is the last call, `calls` are all since the last line.
pub(crate) fn blocked(handler: Option<&str>, took: Duration, calls: Calls) {
    tracing::event!(
        name: event::BLOCKED, target: target::BUS, Level::WARN,
        {
            { field::HANDLER } = handler,
            { field::TOOK_MS } = took.as_millis() as u64,
            { field::CALLS } = calls.count,
            { field::LONGEST_MS } = calls.longest.as_millis() as u64,
        },
        "{}", message::BLOCKED
    );
}

/// One line for each rebalance. In a cooperative one, members that keep what they have get an empty list.
macro_rules! rebalance {
    ($level:expr, $name:expr, $message:expr, $partitions:expr) => {{
        let partitions: &[TopicPartition] = $partitions;
        if partitions.is_empty() {
            rebalance!(@line Level::DEBUG, $name, $message, partitions);
        } else {
            rebalance!(@line $level, $name, $message, partitions);
        }
    }};
    (@line $level:expr, $name:expr, $message:expr, $partitions:expr) => {
        tracing::event!(
            name: $name, target: target::BUS, $level,
            { { field::COUNT } = $partitions.len(), { field::PARTITIONS } = listed($partitions) },
            "{}", $message
        )
    };
}

/// Partitions came.
pub(crate) fn assigned(partitions: &[TopicPartition]) {
    rebalance!(Level::INFO, event::ASSIGNED, message::ASSIGNED, partitions);
}

/// Partitions have to go.
pub(crate) fn revoked(partitions: &[TopicPartition]) {
    rebalance!(Level::INFO, event::REVOKED, message::REVOKED, partitions);
}

/// Partitions went without a chance to commit.
pub(crate) fn lost(partitions: &[TopicPartition]) {
    rebalance!(Level::WARN, event::LOST, message::LOST, partitions);
}

/// This member has joined no group for a while.
pub(crate) fn waits_for_group() {
    tracing::event!(name: event::WAITS_FOR_GROUP, target: target::BUS, Level::INFO, "{}", message::WAITS_FOR_GROUP);
}

/// The log of a partition is another one.
pub(crate) fn begins_again(partition: &TopicPartition, offset: Option<i64>) {
    tracing::event!(
        name: event::BEGINS_AGAIN, target: target::BUS, Level::ERROR,
        { { field::TOPIC } = &*partition.topic, { field::PARTITION } = partition.partition, { field::OFFSET } = offset },
        "{}", message::BEGINS_AGAIN
    );
}

/// Records were deleted before they were read.
pub(crate) fn deleted_unread(partition: &TopicPartition, offsets: &Range<i64>) {
    tracing::event!(
        name: event::DELETED_UNREAD, target: target::BUS, Level::ERROR,
        { { field::TOPIC } = &*partition.topic, { field::PARTITION } = partition.partition,
          { field::OFFSET } = offsets.start, { field::END } = offsets.end },
        "{}", message::DELETED_UNREAD
    );
}

/// Something is wrong with the bus.
pub(crate) fn degraded(reason: &str) {
    tracing::event!(
        name: event::DEGRADED, target: target::BUS, Level::WARN, { { field::REASON } = reason }, "{}", message::DEGRADED
    );
}

/// It is well again.
pub(crate) fn recovered(reason: &str) {
    tracing::event!(
        name: event::RECOVERED, target: target::BUS, Level::INFO, { { field::REASON } = reason }, "{}", message::RECOVERED
    );
}

/// A hook of the user's, with how often since the last line.
pub(crate) fn hook_panicked(hook: &str, panics: u64, panic: Option<&str>) {
    tracing::event!(
        name: event::HOOK_PANICKED, target: target::BUS, Level::ERROR, { hook, panics, panic }, "{}", message::HOOK_PANICKED
    );
}

/// Only an operator can help.
pub(crate) fn alarm(reason: &str) {
    tracing::event!(
        name: event::ALARM, target: target::BUS, Level::ERROR, { { field::REASON } = reason }, "{}", message::ALARM
    );
}

/// A client reaches the cluster again, or for the first time.
pub(crate) fn broker_up(service: &str, client: &str, detail: &str) {
    tracing::event!(
        name: event::BROKER_UP, target: target::BUS, Level::INFO,
        { { field::SERVICE } = service, { field::CLIENT } = client, { field::REASON } = detail },
        "{}", message::BROKER_UP
    );
}

/// A client no longer reaches the cluster.
pub(crate) fn broker_down(service: &str, client: &str, detail: &str) {
    tracing::event!(
        name: event::BROKER_DOWN, target: target::BUS, Level::WARN,
        { { field::SERVICE } = service, { field::CLIENT } = client, { field::REASON } = detail },
        "{}", message::BROKER_DOWN
    );
}

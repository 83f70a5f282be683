//! Figures of a running bus, as plain data: for dashboards, tests and whoever wants to look.

mod book;
mod handler;
mod histogram;
mod hot_keys;
mod partition;
mod rate;

use std::collections::BTreeMap;

use serde::Serialize;

pub(crate) use self::{
    book::Book,
    handler::{HandlerMeter, Tally},
    partition::{Measured, PartitionMeter},
};
pub use self::{
    histogram::{BOUNDS, Histogram},
    hot_keys::HotKey,
};

/// Figures of a running bus at one moment; [`BusHandle::stats`](crate::BusHandle::stats) returns one.
///
/// Counts begin at 0 when the bus is spawned, those of a partition when it is assigned to this member. Nothing of it is
/// exact to the record while records flow: a handler's figures follow within a turn of its mailbox, what a broker knows
/// (ends of partitions, prefetched records) within `statistics.interval.ms`, 5 s unless it was set.
///
/// ```
/// # use carom::{Bus, Kafka};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// let bus = Bus::new(Kafka::embedded()).service("billing").spawn().await?;
/// let stats = bus.stats();
/// for partition in &stats.partitions {
///     println!("{}[{}]: lag {:?}", partition.topic, partition.partition, partition.lag);
/// }
/// let json = serde_json::to_string(&stats).expect("plain data");
/// assert!(json.starts_with("{\"partitions\":[]"));
/// # bus.shutdown().await
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The partitions that are assigned to this member, by topic and number.
    pub partitions: Vec<PartitionStats>,
    /// The handlers, by actor and event type.
    pub handlers: Vec<HandlerStats>,
    /// Records whose handlers succeeded and whose outputs the broker has; one for each handler of a record.
    pub handled: u64,
    /// Attempts after a failure.
    pub retried: u64,
    /// Dead letters that the broker has, those of records that could not be decoded included.
    pub dead_lettered: u64,
    /// The same by class, as the header `carom-error-class` has it: `decode`, `transient`, `permanent`, `timeout` or
    /// `panic`. Classes without dead letters are left out.
    pub dead_letters: BTreeMap<&'static str, u64>,
    /// Dead letters that had to leave something of their record out, because the whole was too large.
    pub reduced: u64,
    /// Records that a policy discarded.
    pub discarded: u64,
    /// Records of a type that no actor of this bus handles; they are skipped.
    pub unknown: u64,
    /// Records that came too late, at or after the `expirytime` of their event; one for each handler of a record.
    pub expired: u64,
    /// Events that the broker has from this bus: outputs of handlers, and those published by hand. No dead letters.
    pub published: u64,
}

/// Figures of one assigned partition.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PartitionStats {
    /// The topic.
    pub topic: String,
    /// Number of the partition.
    pub partition: i32,
    /// Records that were taken from the client and are not finished: those that wait, run, or wait for another attempt.
    pub in_flight: usize,
    /// Keys that wait for another attempt, for their outputs' or their dead letter's acknowledgement, or for a
    /// dependency. A key that waits in two actors counts twice.
    pub parked_keys: usize,
    /// Records from the lowest unfinished one to the end of the partition, in offsets. `None` while the broker's end, or
    /// where the group stands, is not known.
    pub lag: Option<u64>,
    /// The offset that the group has committed and the broker has acknowledged; `None` if there is none yet.
    pub committed: Option<i64>,
    /// The end of the partition as the broker told it last: the offset of the next record. With
    /// `isolation.level=read_committed`, the default, that of the last stable one.
    pub end: Option<i64>,
    /// Records that wait in librdkafka's queue (`fetchq_cnt`); `None` while it has not told.
    pub prefetched: Option<u64>,
    /// Records taken from the client.
    pub consumed: u64,
    /// Records that all their handlers are done with.
    pub finished: u64,
    /// Offsets that were deleted before they were read, because the group was further behind than the topic keeps its
    /// records (`retention.ms`, `retention.bytes`, or somebody who deleted them). More than 0 is a loss.
    pub deleted_unread: u64,
    /// Records taken from the client per second, over the last 10 s.
    pub consumed_per_second: f64,
    /// Records finished per second, over the last 10 s.
    pub finished_per_second: f64,
    /// The keys of most records, most frequent first, ten at most. Sampled: one record of each batch is looked at, and
    /// what is old counts less.
    pub hottest_keys: Vec<HotKey>,
}

/// Figures of one handler.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HandlerStats {
    /// Path of the actor's Rust type.
    pub actor: &'static str,
    /// The CloudEvents type; what came under an alias is counted here too.
    pub event_type: &'static str,
    /// The topic the events come from.
    pub topic: String,
    /// Records that succeeded, and whose outputs the broker has.
    pub handled: u64,
    /// Attempts after a failure.
    pub retried: u64,
    /// Dead letters that the broker has.
    pub dead_lettered: u64,
    /// Records that a policy discarded.
    pub discarded: u64,
    /// How long attempts took, in seconds, whatever their end: decoding and handling, not the sending of outputs.
    ///
    /// Attempts that end without waiting are timed together: one clock reading for all that was handled in one go, and
    /// each counts with its share.
    pub latency: Histogram,
}

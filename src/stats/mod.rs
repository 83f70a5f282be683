//! Figures of a running bus, as plain data: for dashboards, tests and whoever wants to look.
//!
//! [`Stats`] is the whole, [`PartitionStats`] how far each partition is, [`HandlerStats`] what each handler did and, as
//! a [`Histogram`], how long it took. All of them can be written by serde.

// Nothing is counted per record across threads: a mailbox adds up in plain numbers and hands them on once in a turn
// (`Tally` to `HandlerMeter`), the poll thread comes once for each batch (`PartitionMeter`). `Book` knows all meters of
// a bus, and makes the figures of them when somebody asks.

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
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Invoice, domain = "billing")]
/// # struct InvoiceSent { #[event(key)] invoice_id: u64 }
/// # #[derive(Actor)]
/// # struct Reminders;
///
/// #[handler]
/// impl Handler<InvoiceSent> for Reminders {
///     async fn handle(&mut self, event: InvoiceSent, cx: &mut Context<'_>) -> Result<(), Failure> {
///         match cx.attempt() {
///             _ if event.invoice_id == 0 => Err(Failure::permanent("there is no invoice 0")),
///             1 => Err("the mail server did not answer".into()),
///             _ => Ok(()),
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Reminders>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await?;
/// bus.deliver(InvoiceSent { invoice_id: 12 }).await; // succeeds at the second attempt
/// bus.deliver(InvoiceSent { invoice_id: 0 }).await; // is dead-lettered
///
/// let monitor = bus.monitor();
/// bus.stop().await?; // all is counted now
/// let stats = monitor.stats();
/// assert_eq!((stats.handled, stats.retried, stats.dead_lettered), (1, 1, 1));
/// assert_eq!((stats.dead_letters["permanent"], stats.discarded, stats.unknown), (1, 0, 0));
/// let json = serde_json::to_value(&stats).expect("plain data");
/// assert_eq!(json["handled"], 1);
/// # Ok(())
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
    /// Attempts after a failure, counted when it is decided that there will be one. Holding a record counts none.
    pub retried: u64,
    /// Dead letters that the broker has: one for each handler that gave its record up, and one for a record that could
    /// not be decoded or, where these are kept, that nobody handles.
    pub dead_lettered: u64,
    /// The same by class, as the header `carom-error-class` has it: `decode`, `transient`, `permanent`, `timeout`,
    /// `panic` or `unknown-type`. Classes without dead letters are left out.
    pub dead_letters: BTreeMap<&'static str, u64>,
    /// Dead letters that had to leave something of their record out, because the whole was too large. Counted in
    /// `dead_lettered` too.
    pub reduced: u64,
    /// Records that a policy discarded ([`Directive::Discard`](crate::Directive::Discard)); one for each handler of a
    /// record.
    pub discarded: u64,
    /// Records of a type that no actor of this bus handles; they are skipped, or dead-lettered where the bus was told
    /// so ([`Bus::dead_letter_unknown_types`](crate::Bus::dead_letter_unknown_types)). One for each record.
    pub unknown: u64,
    /// Records that came too late, at or after the `expirytime` of their event; one for each handler of a record.
    pub expired: u64,
    /// Events that the broker has from this bus: outputs of handlers, and those published by hand. No dead letters.
    pub published: u64,
}

/// Figures of one assigned partition; [`Stats::partitions`] has one for each.
///
/// ```
/// use carom::stats::PartitionStats;
///
/// /// About how many seconds a partition needs to catch up; `None` while its lag is not known, infinite if it stands still.
/// fn seconds_behind(partition: &PartitionStats) -> Option<f64> {
///     match partition.lag? {
///         0 => Some(0.0),
///         lag => Some(lag as f64 / partition.finished_per_second),
///     }
/// }
///
/// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(entity = Invoice, domain = "billing")]
/// # struct InvoiceSent { #[event(key)] invoice_id: u64 }
/// # #[derive(Actor)]
/// # struct Reminders;
/// # #[handler]
/// # impl Handler<InvoiceSent> for Reminders {
/// #     async fn handle(&mut self, event: InvoiceSent, cx: &mut Context<'_>) -> Result<(), Failure> { Ok(()) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Reminders>(Supervisor::one_for_one());
/// # let bus = TestBus::start(bus).await?;
/// bus.deliver(InvoiceSent { invoice_id: 12 }).await;
/// let stats = bus.stats();
/// for partition in &stats.partitions {
///     println!("{}[{}]: {:?} s", partition.topic, partition.partition, seconds_behind(partition));
/// }
/// assert_eq!(stats.partitions.iter().map(|partition| partition.consumed).sum::<u64>(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PartitionStats {
    /// The topic.
    pub topic: String,
    /// Number of the partition, from 0.
    pub partition: i32,
    /// Records that were taken from the client and are not finished: those that wait, run, or wait for another attempt.
    pub in_flight: usize,
    /// Keys that wait for another attempt, for their outputs' or their dead letter's acknowledgement, or for a
    /// dependency. A key that waits in two actors counts twice.
    pub parked_keys: usize,
    /// Records from the lowest unfinished one to the end of the partition, in offsets. `None` while the broker's end,
    /// or where the group stands, is not known.
    pub lag: Option<u64>,
    /// The offset that the group has committed and the broker has acknowledged; `None` if there is none yet.
    pub committed: Option<i64>,
    /// The end of the partition as the broker told it last: the offset of the next record. With
    /// `isolation.level=read_committed`, the default, that of the last stable one.
    pub end: Option<i64>,
    /// Records that wait in librdkafka's queue (`fetchq_cnt`); `None` while it has not told.
    pub prefetched: Option<u64>,
    /// Records taken from the client since the partition was assigned, without those that a former owner had finished.
    pub consumed: u64,
    /// Records that all their handlers are done with: handled, dead-lettered, discarded or skipped.
    pub finished: u64,
    /// Offsets that were deleted before they were read, because the group was further behind than the topic keeps its
    /// records (`retention.ms`, `retention.bytes`, or somebody who deleted them). More than 0 is a loss, of so many
    /// events at most: offsets that compaction had left empty, or that a former owner had finished out of order, are
    /// counted too.
    pub deleted_unread: u64,
    /// Records taken from the client per second, over the last 10 s; 0 in the first seconds of an assignment.
    pub consumed_per_second: f64,
    /// Records finished per second, over the last 10 s; 0 likewise.
    pub finished_per_second: f64,
    /// The keys of most records, most frequent first, ten at most. Sampled: one record of each batch is looked at, and
    /// what is old counts less.
    pub hottest_keys: Vec<HotKey>,
}

/// Figures of one handler, over all partitions of this member; [`Stats::handlers`] has one for each.
///
/// ```
/// use carom::{Stats, stats::HandlerStats};
///
/// /// The handlers whose attempts mostly fail, the worst first.
/// fn failing(stats: &Stats) -> Vec<&HandlerStats> {
///     let failed = |handler: &HandlerStats| handler.retried + handler.dead_lettered + handler.discarded;
///     let mut failing: Vec<_> = stats.handlers.iter().filter(|handler| failed(handler) > handler.handled).collect();
///     failing.sort_by_key(|handler| std::cmp::Reverse(failed(handler)));
///     failing
/// }
/// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// # #[derive(serde::Serialize, serde::Deserialize, Event)]
/// # #[event(entity = Invoice, domain = "billing")]
/// # struct InvoiceSent { #[event(key)] invoice_id: u64 }
/// # #[derive(Actor)]
/// # struct Reminders;
/// # #[handler]
/// # impl Handler<InvoiceSent> for Reminders {
/// #     async fn handle(&mut self, event: InvoiceSent, cx: &mut Context<'_>) -> Result<(), Failure> { Err("down".into()) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Reminders>(Supervisor::one_for_one());
/// # let bus = TestBus::start(bus).await?;
/// # bus.deliver(InvoiceSent { invoice_id: 12 }).await;
/// # let stats = bus.stats();
/// let worst = failing(&stats)[0];
/// assert!(worst.actor.ends_with("Reminders"));
/// assert_eq!((worst.event_type, worst.topic.as_str()), ("billing.invoice-sent.v1", "dev.billing.public.invoices.v1"));
/// assert_eq!((worst.handled, worst.dead_lettered), (0, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HandlerStats {
    /// Path of the actor's Rust type, such as `billing::Reminders`.
    pub actor: &'static str,
    /// The CloudEvents type; what came under an alias is counted here too.
    pub event_type: &'static str,
    /// The topic the events come from, with its environment and version.
    pub topic: String,
    /// Records that succeeded, and whose outputs the broker has.
    pub handled: u64,
    /// Attempts after a failure, as in [`Stats::retried`].
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

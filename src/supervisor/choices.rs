//! What a user chooses between: what becomes of a record, which instances are rebuilt, who waits for whom.

use super::Retry;

/// What happens to a record whose handler failed with a certain error; see
/// [`Supervisor::on`](crate::Supervisor::on).
///
/// | directive | the record | its key |
/// |---|---|---|
/// | `DeadLetter` | goes to the dead-letter topic at once | goes on |
/// | `Discard` | is complete; nothing is written | goes on |
/// | `Retry(policy)` | is handled again, by this policy instead of the supervisor's; then dead-lettered | parked meanwhile |
/// | `Hold` | waits and is handled again, as often as it takes; no attempt is counted | parked meanwhile |
///
/// ```
/// use carom::{
///     Actor, Bus, Context, Directive, Event, Failure, Handler, Kafka, Retry, Supervisor, handler,
///     testing::{ActorEnd, TestBus},
/// };
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Order, domain = "sales")]
/// struct OrderPlaced {
///     #[event(key)]
///     order_id: u64,
///     cents: String,
/// }
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("billed already")]
/// struct BilledAlready;
///
/// #[derive(Actor)]
/// struct Billing;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         if event.cents.parse::<u64>()? == 0 { Err(BilledAlready.into()) } else { Ok(()) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let policy = Supervisor::one_for_one()
///     .on::<std::num::ParseIntError>(Directive::DeadLetter) // will not become a number
///     .on::<BilledAlready>(Directive::Discard) // a repeat: nothing to do, nothing to keep
///     .on::<std::io::Error>(Directive::Retry(Retry::exponential(20))); // the network comes back
/// let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(policy);
/// let bus = TestBus::start(bus).await.unwrap();
/// let order = |cents: &str| OrderPlaced { order_id: 7, cents: cents.to_owned() };
/// assert_eq!(bus.deliver(order("0")).await.actors[0].end, ActorEnd::Discarded { attempts: 1 });
/// assert_eq!(bus.deliver(order("12,50")).await.dead_letter(), Some("invalid digit found in string"));
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Directive {
    /// To the dead-letter topic, without a retry. The key goes on when the broker has acknowledged the dead letter.
    DeadLetter,
    /// Nothing more happens, and the record is complete. The only directive that loses it; it is counted, in
    /// [`Stats::discarded`](crate::Stats::discarded).
    Discard,
    /// Again, by this policy; to the dead-letter topic when its attempts are used up. Attempts that failed otherwise
    /// count too.
    Retry(Retry),
    /// Again after the backoff of the supervisor's retry policy, 10 ms at least, without end: the record is not to
    /// blame. What [`Failure::unavailable`](crate::Failure::unavailable) does by itself.
    Hold,
}

/// Which events of a partition wait for each other, for one actor; other actors on the same events do not wait for it.
///
/// ```
/// use carom::{Ordering, Supervisor};
///
/// let mails = Supervisor::one_for_one().ordering(Ordering::Unordered); // any mail may come first
/// assert_eq!(Ordering::default(), Ordering::Key);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ordering {
    /// Events with the same key, one after another in the order of the log; keys run side by side. Records without a
    /// key, or with an empty one, wait for nobody.
    #[default]
    Key,
    /// All events of the partition, one after another in the order of the log. A failing record holds back all.
    Partition,
    /// None: also events with the same key may overtake each other. For handlers that do not care.
    Unordered,
}

/// Which actors are built anew when a handler panics or times out, within the partition of the record. The constructor
/// of [`Supervisor`](crate::Supervisor) chooses it.
///
/// Instances that are rebuilt finish their current event first; the mailboxes keep what waits in them.
///
/// ```
/// use carom::{Supervisor, supervisor::Strategy};
///
/// assert_eq!(Strategy::default(), Strategy::OneForOne);
/// let supervisor = Supervisor::new(Strategy::RestForOne); // as `Supervisor::rest_for_one()`
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// The instance that failed, and no other.
    #[default]
    OneForOne,
    /// All instances of this actor: for actors that share something the failure may have spoilt.
    OneForAll,
    /// All instances of this actor, and of the actors supervised after it in `main`: for actors that build on it.
    RestForOne,
}

/// What happens when a restart would exceed [`Supervisor::restart_limit`](crate::Supervisor::restart_limit).
///
/// ```
/// use std::time::Duration;
///
/// use carom::{
///     Actor, Bus, Context, Error, Event, Failure, Handler, Kafka, Supervisor, handler, supervisor::OnLimit,
///     testing::TestBus,
/// };
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
///
/// #[derive(Actor)]
/// struct Billing;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, _event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         panic!("a defect")
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let policy = Supervisor::one_for_one().restart_limit(1, Duration::from_secs(60)).on_limit(OnLimit::Escalate);
/// let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(policy);
/// let bus = TestBus::start(bus).await.unwrap();
/// bus.publisher().publish(OrderPlaced { order_id: 7 }).await.unwrap();
/// let error = bus.run().await.unwrap_err(); // as `BusHandle::run_until` returns it
/// assert!(matches!(error, Error::Escalated { .. }), "{error}");
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnLimit {
    /// The record that panicked or timed out is dead-lettered without further attempts; its instance is rebuilt, and
    /// everything else goes on. The default: one service's bad hour does not stop its other work.
    #[default]
    DeadLetter,
    /// The bus drains and [`BusHandle::run_until`](crate::BusHandle::run_until) returns the error; the record stays
    /// uncommitted. For services that somebody, or something, starts again. Whoever does not call `run_until` keeps a
    /// bus in which this key waits.
    Escalate,
}

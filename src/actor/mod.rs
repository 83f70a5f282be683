//! What a user writes: actors, their handlers and the state they are built from.
//!
//! | type | is |
//! |---|---|
//! | [`Actor`] | state and handlers, one event at a time for each instance |
//! | [`Handler`] | how an actor reacts to one event type |
//! | [`Context`] | what a handler may do besides changing its own state |
//! | [`Outputs`] | what a handler may return, which is published |
//! | [`Failure`] | why it could not handle an event, and what that means |
//! | [`FromRef`], [`FromState`] | where an actor's dependencies come from |

mod context;
mod failure;
mod handler;
mod handling;
mod invoke;
mod outputs;
mod state;
mod threads;

pub use context::Context;
pub use failure::{Failure, FailureKind};
pub use handler::{Handler, Registered};
pub(crate) use handling::{Handling, is_handling};
pub(crate) use invoke::{Answer, At, Call, Fault, Instance, Invoke, Returned, Site, discard, invoke, panic_message};
pub use outputs::Outputs;
pub(crate) use outputs::returned;
pub use state::{FromRef, FromState, NoState};
#[doc(hidden)]
pub use threads::{BusState, Portable};

/// State plus handlers; one event at a time for each instance.
///
/// Derive it: `#[derive(Actor)]` takes each field from the bus state and fields marked `#[actor(default)]` from
/// `Default`.
///
/// A partition has up to 32 instances of it, one for each lane
/// ([`Supervisor::concurrency`](crate::Supervisor::concurrency)), and events of one key come to the same one unless the
/// [`Ordering`](crate::Ordering) says otherwise. What an instance remembers is gone after a restart or a rebalance:
/// what must last belongs in a database.
///
/// ```
/// use std::sync::Arc;
///
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
/// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPriced { #[event(key)] order_id: u64, cents: u64, orders: u32 }
///
/// struct PriceList {
///     cents: u64,
/// }
///
/// #[derive(Actor)]
/// struct Pricing {
///     prices: Arc<PriceList>, // from the bus state, again after every restart
///     #[actor(default)]
///     orders: u32, // of this instance alone: not of all keys, nor of all partitions
/// }
///
/// #[handler]
/// impl Handler<OrderPlaced> for Pricing {
///     async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<OrderPriced, Failure> {
///         self.orders += 1;
///         Ok(OrderPriced { order_id: event.order_id, cents: self.prices.cents, orders: self.orders })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new(Kafka::embedded())
///     .service("pricing")
///     .with_state(Arc::new(PriceList { cents: 500 }))
///     .supervise::<Pricing>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await.unwrap();
/// for _ in 0..2 {
///     bus.deliver(OrderPlaced { order_id: 7 }).await;
/// }
/// assert_eq!(bus.published::<OrderPriced>()[1], OrderPriced { order_id: 7, cents: 500, orders: 2 });
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "not an `Actor`",
    note = "add `#[derive(carom::Actor)]` to `{Self}`"
)]
pub trait Actor: Send + Sized + 'static {}

//! What becomes of events that no actor of the service handles.

use super::Bus;
use crate::{Event, dispatch::Kept, event::Location};

impl<S> Bus<S> {
    /// Keeps events of `E`'s topic whose type no actor handles: each goes to the dead-letter topic, with the class
    /// `unknown-type` and without an attempt. Without it they are skipped. [`Stats::unknown`](crate::Stats::unknown)
    /// counts both.
    ///
    /// Skipping is right for a topic that also carries events for others. Keeping is for one of which this service must
    /// know every event: a new type, or a new version, that is published before this service can handle it waits in the
    /// dead-letter topic instead of being gone. In a rolling deployment the instances that are not replaced yet do that
    /// for the partitions that they have.
    ///
    /// A dead letter holds nothing back: later events of its key are handled at once, as after any other. An event that
    /// comes at or after its `expirytime` is skipped, whatever its type. What another bus of this process handles is
    /// unknown to this one ([`Bus::partial`]).
    ///
    /// That no actor here handles events of this topic is an error when the bus is spawned. Wolverine has the same for
    /// a whole service, as `UnknownMessageBehavior.DeadLetterQueue`.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, Event)]
    /// #[event(entity = Order, domain = "sales")]
    /// struct OrderPlaced {
    ///     #[event(key)]
    ///     order_id: u64,
    /// }
    ///
    /// #[derive(Serialize, Deserialize, Event)]
    /// #[event(entity = Order, domain = "sales")]
    /// struct OrderReturned {
    ///     #[event(key)]
    ///     order_id: u64,
    /// }
    ///
    /// #[derive(Actor)]
    /// struct Ledger;
    ///
    /// #[handler]
    /// impl Handler<OrderPlaced> for Ledger {
    ///     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("ledger").supervise::<Ledger>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus.dead_letter_unknown_types::<OrderPlaced>()).await?;
    /// let outcome = bus.deliver(OrderReturned { order_id: 7 }).await;
    /// assert_eq!(outcome.dead_letter(), Some("no actor of this service handles `sales.order-returned.v1`"));
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn dead_letter_unknown_types<E: Event>(mut self) -> Self {
        self.options.kept.push(Kept { event: E::descriptor(), location: Location::of_caller() });
        self
    }
}

//! What becomes of events that no actor of the service handles.

use super::Bus;

impl<S> Bus<S> {
    /// Keeps events whose type no actor handles: each goes to the dead-letter topic, with the class `unknown-type` and
    /// without an attempt. Without it they are skipped. [`Stats::unknown`](crate::Stats::unknown) counts both.
    ///
    /// Skipping is right where a topic carries events that are for others. Keeping is for topics of which this service
    /// must know every event: a new type, or a new version, that is published before this service is deployed then waits
    /// in the dead-letter topic instead of being gone.
    ///
    /// Wolverine calls it `UnknownMessageBehavior.DeadLetterQueue`.
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
    /// let bus = TestBus::start(bus.dead_letter_unknown_types()).await?;
    /// let outcome = bus.deliver(OrderReturned { order_id: 7 }).await;
    /// assert_eq!(outcome.dead_letter(), Some("no actor of this service handles `sales.order-returned.v1`"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn dead_letter_unknown_types(mut self) -> Self {
        self.options.dead_letter_unknown = true;
        self
    }
}

//! What a test may do to a bus in memory: move its time, and keep it from publishing.

use std::time::Duration;

use super::TestBus;
use crate::kafka::source::SendErrorKind;

impl TestBus {
    /// Moves time on by hand, also that of attempts that run: how a test reaches a handler's timeout.
    ///
    /// ```
    /// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// use std::time::Duration;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    /// #         std::future::pending().await
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus).await?; // the bus that `main` would spawn
    /// let outcome = bus.deliver(OrderPlaced { order_id: 7 });
    /// tokio::pin!(outcome);
    /// let outcome = loop {
    ///     tokio::select! {
    ///         ended = &mut outcome => break ended,
    ///         () = tokio::time::sleep(Duration::from_millis(5)) => bus.advance(Duration::from_secs(60)),
    ///     }
    /// };
    /// assert_eq!(outcome.dead_letter(), Some("the attempt took longer than 60s"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn advance(&self, by: Duration) {
        self.services.clock.advance(by);
    }

    /// Has the next records that the bus publishes refused, as if the broker could not be reached: outputs, dead
    /// letters and what is published by hand. Those that are delivered are not among them.
    ///
    /// ```
    /// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPaid { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, event: OrderPlaced, _: &mut Context<'_>) -> Result<OrderPaid, Failure> {
    /// #         Ok(OrderPaid { order_id: event.order_id })
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus).await?; // the bus that `main` would spawn
    /// bus.refuse_next(3);
    /// let outcome = bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// assert!(outcome.is_acked()); // sent again until the broker had it
    /// assert_eq!(outcome.retries(), 0); // without running the handler again
    /// # Ok(())
    /// # }
    /// ```
    pub fn refuse_next(&self, records: usize) {
        self.cluster.refuse(std::iter::repeat_n(SendErrorKind::Retriable, records));
    }
}

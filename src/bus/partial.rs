//! Several buses in one process. Handlers are registered for the whole program, so each bus finds those of the others
//! too, and could not tell them from forgotten ones.

use super::Bus;

impl<S> Bus<S> {
    /// Says that another bus of this process handles the events that this one does not.
    ///
    /// Without it, a handler that is linked in but whose actor is not supervised is an error at start. For a bus
    /// without actors, which may be there to publish, it is a warning, and this says that all is as it should be.
    ///
    /// Buses of one process have a group each, by their `.service(..)` or `.group(..)`: two that handle different
    /// things of one topic in one group are an error at start, since each would get only some of the partitions.
    /// A bus that takes the place of another one starts when that has stopped.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler};
    /// use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing { done: UnboundedSender<&'static str> }
    /// # #[derive(Actor)]
    /// # struct Shipping { done: UnboundedSender<&'static str> }
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    /// #         Ok(self.done.send("billed")?)
    /// #     }
    /// # }
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Shipping {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    /// #         Ok(self.done.send("shipped")?)
    /// #     }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let (done, mut ends) = unbounded_channel();
    /// let kafka = Kafka::embedded();
    /// let billing = Bus::new(kafka.clone()).service("billing").with_state(done.clone());
    /// let billing = billing.supervise::<Billing>(Supervisor::one_for_one()).partial().spawn().await?;
    /// let shipping = Bus::new(kafka).service("shipping").with_state(done);
    /// let shipping = shipping.supervise::<Shipping>(Supervisor::one_for_one()).partial().spawn().await?;
    /// billing.publish(OrderPlaced { order_id: 7 }).await?; // each group handles it
    /// # let mut both = [ends.recv().await.unwrap(), ends.recv().await.unwrap()];
    /// # both.sort();
    /// # assert_eq!(both, ["billed", "shipped"]);
    /// billing.shutdown().await?;
    /// shipping.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn partial(mut self) -> Self {
        self.options.partial = true;
        self
    }
}

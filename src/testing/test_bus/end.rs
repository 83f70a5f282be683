//! How a bus in memory ends.

use super::TestBus;
use crate::Error;

impl TestBus {
    /// Runs until the bus ends by itself, as [`BusHandle::run_until`](crate::BusHandle::run_until) would.
    ///
    /// # Errors
    ///
    /// What made it end.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Error, supervisor::OnLimit};
    /// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    /// #         panic!("a defect")
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let policy = Supervisor::one_for_one().restart_limit(0, Duration::from_secs(60)).on_limit(OnLimit::Escalate);
    /// let bus = TestBus::start(Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(policy)).await?;
    /// bus.publisher().publish(OrderPlaced { order_id: 7 }).await?;
    /// assert!(matches!(bus.run().await, Err(Error::Escalated { .. })));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run(self) -> Result<(), Error> {
        self.services.end.called().await;
        self.stop().await.map(drop)
    }

    /// Stops the bus as a real one stops, and returns what it has committed: topic, partition, offset. Handlers that
    /// run have the time of [`Bus::shutdown_timeout`](crate::Bus::shutdown_timeout) to end.
    ///
    /// # Errors
    ///
    /// What made the bus end by itself, such as [`Error::Escalated`].
    ///
    /// ```
    /// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    /// #         Ok(())
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus).await?; // the bus that `main` would spawn
    /// bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// let committed = bus.stop().await?;
    /// let [(topic, _partition, offset)] = &committed[..] else { panic!("{committed:?}") };
    /// assert!(topic.ends_with(".sales.public.orders.v1"));
    /// assert_eq!(*offset, 1); // the next record to handle
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stop(mut self) -> Result<Vec<(String, i32, i64)>, Error> {
        drop(self.stop.take());
        // An error means that the thread is gone, which is an end as well.
        let _ = (&mut self.ended).await;
        self.services.end.take().map_or_else(|| Ok(self.cluster.all_committed()), Err)
    }
}

impl Drop for TestBus {
    fn drop(&mut self) {
        drop(self.stop.take());
        // Not joined: a handler that blocks must not hang the test that drops the bus.
        self.thread.take();
    }
}

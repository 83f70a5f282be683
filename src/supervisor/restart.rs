//! Which instances are rebuilt after a panic or a timeout, and how often: their state may be half-way.
//!
//! The lane drops the instance of such an attempt by itself, at once. What is said here is who else loses theirs, and
//! when there were too many: counted for each actor and partition ([`Restarts`](super::history::Restarts)).

use std::time::Duration;

use super::{OnLimit, Strategy, Supervisor, directive::RestartLimit};

impl Supervisor {
    /// After a panic or a timeout, the instance that failed is rebuilt, and no other. The usual choice.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
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
    ///     async fn handle(&mut self, _event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
    ///         assert!(cx.attempt() > 1, "a defect that strikes once"); // a panic is a failure of this record alone
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let outcome = TestBus::start(bus).await.unwrap().deliver(OrderPlaced { order_id: 7 }).await;
    /// assert!(outcome.is_acked());
    /// assert_eq!(outcome.retries(), 1);
    /// # }
    /// ```
    pub fn one_for_one() -> Self {
        Self::new(Strategy::OneForOne)
    }

    /// After a panic or a timeout, all instances of this actor in the partition are rebuilt, those that run when their
    /// current attempt has ended. For actors that share something the failure may have spoilt.
    ///
    /// ```
    /// use carom::{Retry, Supervisor};
    ///
    /// // The instances share one connection, which none of them trusts after a panic.
    /// let supervisor = Supervisor::one_for_all().retry(Retry::exponential(8));
    /// ```
    pub fn one_for_all() -> Self {
        Self::new(Strategy::OneForAll)
    }

    /// After a panic or a timeout, all instances of this actor and of the actors supervised after it are rebuilt, in
    /// the partition, those that run when their current attempt has ended. For actors that build on this one.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Stock;
    /// # #[derive(Actor)]
    /// # struct Forecast;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Stock {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> { Ok(()) }
    /// # }
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Forecast {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> { Ok(()) }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let bus = Bus::new(Kafka::embedded())
    ///     .service("warehouse")
    ///     .supervise::<Stock>(Supervisor::rest_for_one()) // if it is rebuilt, so is `Forecast`
    ///     .supervise::<Forecast>(Supervisor::one_for_one()); // if it is rebuilt, `Stock` is not
    /// # assert!(TestBus::start(bus).await.is_ok());
    /// # }
    /// ```
    pub fn rest_for_one() -> Self {
        Self::new(Strategy::RestForOne)
    }

    /// At most `restarts` restarts of this actor in a partition within any `within`; what happens to the next one is
    /// said by [`on_limit`](Self::on_limit).
    ///
    /// Default: no limit. None is needed to keep a poison record from restarting its actor for ever, because each
    /// restart is an attempt and attempts are bounded. Set one if building the actor is expensive, or to notice that
    /// something is badly wrong. With 0 restarts, a record that panics or times out once is over the limit. A `within`
    /// of 0 is an error.
    ///
    /// ```
    /// use std::time::Duration;
    /// use carom::{Supervisor, supervisor::OnLimit};
    ///
    /// let strict = Supervisor::one_for_all().restart_limit(3, Duration::from_secs(60)).on_limit(OnLimit::Escalate);
    /// ```
    pub fn restart_limit(mut self, restarts: u32, within: Duration) -> Self {
        self.policy.restart_limit = Some(RestartLimit { restarts, within });
        self
    }

    /// What happens when a restart would exceed the [`restart_limit`](Self::restart_limit).
    ///
    /// Default [`OnLimit::DeadLetter`]: the record is dead-lettered and the service lives on. Without a limit it is an
    /// error when the bus is spawned.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Supervisor, supervisor::OnLimit};
    ///
    /// // Something outside starts the service again, and tells somebody.
    /// let limited = Supervisor::one_for_one().restart_limit(20, Duration::from_secs(60));
    /// let supervisor = limited.on_limit(OnLimit::Escalate);
    /// ```
    pub fn on_limit(mut self, on_limit: OnLimit) -> Self {
        self.policy.on_limit = Some(on_limit);
        self
    }
}

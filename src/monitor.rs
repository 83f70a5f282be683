//! Looking at a running bus from outside.

use std::{fmt, sync::Arc};

use crate::{
    health::{Health, HealthState},
    services::{Counters, Services},
    stats::{Book, Stats},
};

/// Looks at a running bus: a cheap clone for a probe, a dashboard or a metrics exporter, while the
/// [`BusHandle`](crate::BusHandle) itself is given to [`run_until`](crate::BusHandle::run_until).
///
/// It keeps nothing alive: after the bus has stopped it goes on answering, with the last figures, and is not ready.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> Result<(), carom::Error> {
/// # let bus = carom::Bus::new(carom::Kafka::embedded()).service("billing").spawn().await?;
/// let monitor = bus.monitor();
/// tokio::spawn(async move {
///     loop {
///         tokio::time::sleep(std::time::Duration::from_secs(15)).await;
///         let lag: u64 = monitor.stats().partitions.iter().filter_map(|partition| partition.lag).sum();
///         tracing::info!(lag, well = monitor.health().is_well());
///     }
/// });
/// let stop = std::future::ready(());
/// bus.run_until(stop).await // or `bus.run_until_signal().await`
/// # }
/// ```
#[derive(Clone)]
pub struct Monitor {
    // No handle of the bus among them: whoever looks must not keep it from stopping.
    health: HealthState,
    book: Arc<Book>,
    counters: Arc<Counters>,
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("health", &self.health()).finish_non_exhaustive()
    }
}

impl Monitor {
    pub(crate) fn of(services: &Services) -> Self {
        Self {
            health: services.health.clone(),
            book: Arc::clone(&services.book),
            counters: Arc::clone(&services.counters),
        }
    }

    /// Whether the bus does its job, for probes. It waits for nothing and asks no broker.
    ///
    /// ```
    /// use carom::Monitor;
    ///
    /// /// The status of `GET /ready`.
    /// fn ready(monitor: &Monitor) -> u16 {
    ///     if monitor.health().is_ready() { 200 } else { 503 }
    /// }
    ///
    /// # use carom::{Bus, Kafka};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// let monitor = bus.monitor();
    /// bus.shutdown().await?;
    /// assert_eq!(ready(&monitor), 503); // it goes on answering
    /// # Ok(())
    /// # }
    /// ```
    pub fn health(&self) -> Health {
        self.health.snapshot()
    }

    /// What the bus has done so far, and how far it is. It waits for nothing and asks no broker.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> { Ok(()) }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus).await.unwrap();
    /// let monitor = bus.monitor();
    /// bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// bus.stop().await.unwrap();
    /// assert_eq!(monitor.stats().handled, 1);
    /// # }
    /// ```
    pub fn stats(&self) -> Stats {
        self.book.snapshot(&self.counters)
    }
}

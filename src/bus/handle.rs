//! The running half of a bus: publishing, and looking at it. How it ends is in [`end`].

mod end;

use std::{fmt, sync::Arc};

use super::stop::Running;
use crate::{
    Error, Event, Health, Monitor, Publisher, Route, Stats, error::Problem, publish_future::PublishFuture,
    services::Services,
};

/// A running bus.
///
/// Dropping it asks the bus to stop and does not wait; [`BusHandle::shutdown`] and [`BusHandle::run_until`] wait, so
/// that a restart repeats nothing that had finished.
///
/// ```
/// use std::sync::Arc;
///
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler};
/// use tokio::sync::Notify;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
///
/// #[derive(Actor)]
/// struct Billing {
///     billed: Arc<Notify>,
/// }
///
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, _event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         self.billed.notify_one();
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// let billed = Arc::new(Notify::new());
/// let bus = Bus::new(Kafka::embedded())
///     .service("billing")
///     .with_state(Arc::clone(&billed))
///     .supervise::<Billing>(Supervisor::one_for_one())
/// #   .partial() // the handlers of the other examples are linked in too
///     .spawn()
///     .await?;
/// println!("{}", bus.routes()[0]); // which actor handles what, of which topic
/// bus.publish(OrderPlaced { order_id: 7 }).await?;
/// billed.notified().await;
/// bus.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "the bus stops when this is dropped; keep it, and end with `.run_until(..)` or `.shutdown()`"]
pub struct BusHandle {
    /// `None` once it is being stopped: `shutdown` takes it, and then the drop has nothing left to do.
    pub(super) running: Option<Running>,
    pub(super) publisher: Publisher,
    pub(super) services: Arc<Services>,
    pub(super) routes: Vec<Route>,
}

impl fmt::Debug for BusHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusHandle").field("routes", &self.routes).finish_non_exhaustive()
    }
}

impl BusHandle {
    /// Publishes one event; returns when the broker has acknowledged it. See [`Publisher::publish`].
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`].
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// bus.publish(OrderPlaced { order_id: 7 }).await?;
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish<E: Event>(&self, event: E) -> PublishFuture<'_> {
        self.publisher.publish(event)
    }

    /// Publishes events in this order; returns when the broker has acknowledged all. See [`Publisher::publish_all`].
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish_all`].
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// let orders = vec![OrderPlaced { order_id: 7 }, OrderPlaced { order_id: 8 }];
    /// bus.publish_all(orders).await?;
    /// assert_eq!(bus.stats().published, 2);
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish_all<'a, E: Event>(&'a self, events: impl IntoIterator<Item = E> + Send + 'a) -> PublishFuture<'a> {
        self.publisher.publish_all(events)
    }

    /// A publisher to hand on: a cheap clone that any task may hold.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// let publisher = bus.publisher();
    /// let task = tokio::spawn(async move { publisher.publish(OrderPlaced { order_id: 7 }).await });
    /// assert!(task.await.is_ok_and(|published| published.is_ok()));
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    /// The route table: which actor handles which event type of which topic, sorted. Empty for a bus without actors.
    ///
    /// ```
    /// use carom::{Bus, BusHandle, Kafka};
    ///
    /// fn print_routes(bus: &BusHandle) {
    ///     for route in bus.routes() {
    ///         println!("{route}; what fails goes to {}", route.dead_letter_topic);
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// print_routes(&bus);
    /// assert_eq!(bus.routes(), []); // it only publishes
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Name of the topic of an event type on this bus, complete with environment and version.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`] if the event has no valid topic name.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).environment("staging").spawn().await?;
    /// assert_eq!(bus.topic::<OrderPlaced>()?, "stag.sales.public.orders.v1");
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn topic<E: Event>(&self) -> Result<String, Error> {
        let destination = self.services.encoder.destination::<E>();
        let destination = destination.map_err(|error| Error::Misconfigured(vec![Problem::new(error.to_string())]))?;
        Ok(destination.topic.to_string())
    }

    /// Whether the bus does its job, for probes. It waits for nothing and asks no broker.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// let health = bus.health();
    /// assert!(health.is_live() && health.is_well(), "{:?}", health.degraded);
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn health(&self) -> Health {
        self.monitor().health()
    }

    /// What the bus has done so far, and how far it is. It waits for nothing and asks no broker.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// let stats = bus.stats();
    /// assert_eq!((stats.handled, stats.dead_lettered), (0, 0));
    /// # bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats(&self) -> Stats {
        self.monitor().stats()
    }

    /// Something to hand to a probe: a cheap clone that sees health and figures, the last ones after the bus has
    /// stopped.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// let monitor = bus.monitor(); // into the state of the router that answers `GET /ready`
    /// bus.run_until(async {}).await?;
    /// assert!(!monitor.health().is_ready());
    /// # Ok(())
    /// # }
    /// ```
    pub fn monitor(&self) -> Monitor {
        Monitor::of(&self.services)
    }

    /// Lets records in after `Bus::held`.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn release(&self) {
        self.running.iter().for_each(Running::release);
    }
}

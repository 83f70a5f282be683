//! What a test may ask of a bus in memory: what was written, and how it does.

use super::TestBus;
use crate::{
    Monitor, Publisher, Route, Stats,
    event::{Event, topic_name},
    health::Health,
    testing::WrittenRecord,
};

impl TestBus {
    /// The events of type `E` that handlers have published so far, in order, and those that were published by hand.
    /// What was delivered is not among them, nor are dead letters.
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
    /// bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// assert_eq!(bus.published::<OrderPaid>(), [OrderPaid { order_id: 7 }]);
    /// assert_eq!(bus.published::<OrderPlaced>(), []);
    /// # Ok(())
    /// # }
    /// ```
    pub fn published<E: Event>(&self) -> Vec<E> {
        self.cluster
            .published()
            .iter()
            .filter(|record| !self.is_dead(record))
            .filter_map(WrittenRecord::event)
            .collect()
    }

    /// Every record that the bus has written so far, dead letters included, in order.
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
    /// bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// let records = bus.records();
    /// assert_eq!(records[0].key.as_deref(), Some(&b"7"[..]));
    /// assert_eq!(records[0].header("ce_type"), Some("sales.order-paid.v1"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn records(&self) -> Vec<WrittenRecord> {
        self.cluster.published()
    }

    /// The records in the dead-letter topics of this bus, in order.
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
    /// #         Err(Failure::permanent("the card was declined"))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus).await?; // the bus that `main` would spawn
    /// bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// let letter = &bus.dead_letters()[0];
    /// assert_eq!(letter.event(), Some(OrderPlaced { order_id: 7 })); // as it came
    /// assert_eq!(bus.published::<OrderPlaced>(), []);
    /// assert_eq!(letter.header("carom-error-message"), Some("the card was declined"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn dead_letters(&self) -> Vec<WrittenRecord> {
        self.cluster.published().into_iter().filter(|record| self.is_dead(record)).collect()
    }

    /// Name of the topic of an event type on this bus, complete with environment and version.
    ///
    /// # Panics
    ///
    /// If the event has no valid topic name.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("billing").environment("production");
    /// let bus = TestBus::start(bus).await?;
    /// assert_eq!(bus.topic::<OrderPlaced>(), "prod.sales.public.orders.v1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn topic<E: Event>(&self) -> String {
        topic_name(E::descriptor(), self.encoder().environment()).expect("the event has a valid topic name")
    }

    /// A publisher on this bus; what it publishes is handled like anything else.
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
    /// bus.publisher().publish(OrderPlaced { order_id: 7 }).await?; // does not wait for the handler
    /// while bus.published::<OrderPaid>().is_empty() {
    ///     tokio::task::yield_now().await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn publisher(&self) -> Publisher {
        Publisher::of(&self.services)
    }

    /// The routes, sorted.
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
    /// assert_eq!(bus.routes().len(), 1);
    /// assert_eq!(bus.routes()[0].event_type, "sales.order-placed.v1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether the bus does its job, as [`BusHandle::health`](crate::BusHandle::health).
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
    /// assert!(bus.health().is_well());
    /// # Ok(())
    /// # }
    /// ```
    pub fn health(&self) -> Health {
        self.monitor().health()
    }

    /// What the bus has done so far. What a cluster knows (ends of partitions) is looked up once a second of real time.
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
    /// #         Err(Failure::permanent("the card was declined"))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus).await?; // the bus that `main` would spawn
    /// bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// assert_eq!(bus.stats().dead_letters["permanent"], 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats(&self) -> Stats {
        self.monitor().stats()
    }

    /// Something to hand to the code under test, as [`BusHandle::monitor`](crate::BusHandle::monitor).
    ///
    /// ```
    /// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// use carom::Monitor;
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
    /// /// The code under test.
    /// fn status(monitor: &Monitor) -> u16 {
    ///     if monitor.health().is_well() { 200 } else { 503 }
    /// }
    /// assert_eq!(status(&bus.monitor()), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn monitor(&self) -> Monitor {
        Monitor::of(&self.services)
    }

    fn is_dead(&self, record: &WrittenRecord) -> bool {
        self.routes.iter().any(|route| route.dead_letter_topic == record.topic)
    }
}

//! Who a bus is: the names by which the cluster, other services and operators know it.

use super::Bus;
use crate::event::Environment;

impl<S> Bus<S> {
    /// The name of this service, such as `billing`: lower-case letters, digits and dashes.
    ///
    /// The consumer group (`billing-dev`: service and environment), the CloudEvents `source` (`/billing/billing`: domain
    /// and service, see [`Bus::domain`]) and the client id follow from it. A bus with actors needs one.
    ///
    /// Instances of one program share a name. Two different services must not: a group's partitions are dealt out among
    /// its members, and each of them skips the types that only the other one handles.
    ///
    /// Default: none; then a bus with actors does not start, and one without is called `carom`. A name of another form
    /// is an error when the bus is spawned.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
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
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus).await?;
    /// bus.publisher().publish(OrderPlaced { order_id: 7 }).await?;
    /// assert_eq!(bus.records()[0].header("ce_source"), Some("/billing/billing"));
    ///
    /// let nameless = Bus::new(Kafka::embedded()).supervise::<Billing>(Supervisor::one_for_one());
    /// let error = TestBus::start(nameless).await.unwrap_err();
    /// assert!(error.to_string().contains("the bus has no name"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.options.service = Some(name.into());
        self
    }

    /// The consumer group, if it is not to follow from the service name. Only instances of one service may share it,
    /// see [`Bus::service`].
    ///
    /// Default: `{service}-{environment}`. It is part of the names of dead-letter topics; an empty one, and one with
    /// characters that no topic's name may have, are errors when the bus is spawned.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
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
    /// # async fn main() -> Result<(), carom::Error> {
    /// // A second deployment of the same service, which reads everything once more.
    /// let bus = Bus::new(Kafka::embedded()).service("billing").group("billing-replay");
    /// let bus = TestBus::start(bus.supervise::<Billing>(Supervisor::one_for_one())).await?;
    /// assert!(bus.routes()[0].dead_letter_topic.ends_with(".orders.v1.billing-replay.dlq"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn group(mut self, group_id: impl Into<String>) -> Self {
        self.options.group = Some(group_id.into());
        self
    }

    /// The domain this service belongs to. Default: the first word of the service name.
    ///
    /// It is the first part of the CloudEvents `source`; and only events of this domain may be `internal` and handled
    /// here. The topics of events do not follow from it, but from the domain that each event names.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("order-service").domain("sales");
    /// let bus = TestBus::start(bus).await?;
    /// bus.publisher().publish(OrderPlaced { order_id: 7 }).await?;
    /// assert_eq!(bus.records()[0].header("ce_source"), Some("/sales/order-service"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.options.domain = Some(domain.into());
        self
    }

    /// The environment, the first part of every topic's name. Default: the variable `CAROM__ENVIRONMENT`, else
    /// `development` (`dev`). It also ends the name of the group.
    ///
    /// A text is a name, which is cut to four letters as [`Environment::new`] says; [`Environment::short`] is not cut.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").environment("Production");
    /// assert_eq!(TestBus::start(bus).await?.topic::<OrderPlaced>(), "prod.sales.public.orders.v1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn environment(mut self, environment: impl Into<Environment>) -> Self {
        self.options.environment = Some(environment.into());
        self
    }

    /// The CloudEvents `source` of what this bus publishes, if it is not to follow from domain and service.
    ///
    /// Default: `/{domain}/{service}`. What is no URI reference is an error when the bus is spawned.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").source("https://shop.example/orders");
    /// let bus = TestBus::start(bus).await?;
    /// bus.publisher().publish(OrderPlaced { order_id: 7 }).await?;
    /// assert_eq!(bus.records()[0].header("ce_source"), Some("https://shop.example/orders"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.options.source = Some(source.into());
        self
    }
}

//! What happens to topics that are not there.

/// What happens to missing topics when a bus starts; and to any other topic when the first event goes there.
///
/// ```
/// use carom::{
///     Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, event::Environment, handler, kafka::Topics,
/// };
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
/// # async fn main() -> Result<(), carom::Error> {
/// let kafka = Kafka::embedded().topics(Topics::Verify);
/// let bus = || {
///     let bus = Bus::new(kafka.clone()).service("billing").environment(Environment::new("test"));
///     bus.supervise::<Billing>(Supervisor::one_for_one())
/// #       .partial() // the handlers of the other examples are linked in too
/// };
/// let error = bus().spawn().await.unwrap_err();
/// assert!(error.to_string().contains("topic `test.sales.public.orders.v1` does not exist: create it"), "{error}");
///
/// let broker = kafka.broker().expect("it is embedded");
/// for topic in ["test.sales.public.orders.v1", "test.sales.public.orders.v1.billing-test.dlq"] {
///     broker.create_topic(topic, 4).unwrap();
/// }
/// bus().spawn().await?.shutdown().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Topics {
    /// They are created: with the partitions their events ask for, else the broker's default, and dead-letter topics
    /// with as many as their sources. Topics that exist are never changed; a difference is a warning.
    #[default]
    Create,
    /// They are a start-up error that names them, for clusters where others create topics. Dead-letter topics too.
    Verify,
    /// Nobody looks, and the bus also starts while no broker can be reached. What is published to a topic that does not
    /// exist is refused after some seconds.
    Ignore,
}

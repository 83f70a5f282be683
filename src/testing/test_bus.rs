//! A bus in memory, on one thread, whose waiting time passes at once. What a test may ask of it is in [`look`], what it
//! may do to it in [`trouble`], how it ends in [`end`].

mod end;
mod look;
#[cfg(test)]
mod tests;
mod trouble;

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
};

use tokio::sync::oneshot;

use super::{
    Outcome, TestRecord,
    memory::{Cluster, raw_record},
    overdue::Lookout,
    stage,
    watch::Watch,
};
use crate::{
    Bus, Error, Route,
    bus::inside_tokio,
    clock::Clock,
    event::{Attributes, Encoder, Event, read},
    kafka::record::OutRecord,
    services::{Observer, Services},
};

/// A bus in memory, for tests: the real router, lanes and supervisor, no broker, no sleeps.
///
/// Build it from the same [`Bus`] that the service spawns; the cluster it names is never contacted. Handlers of actors
/// that it does not supervise are left out, as with [`Bus::partial`]. Retries do not wait: when no handler runs and
/// nothing can go on, time jumps to the next attempt. A handler that does real I/O is waited for. Each topic has 4
/// partitions, and a record may take 1,000,000 bytes. Dropping it stops it without waiting.
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
/// #[derive(Actor)]
/// struct Billing;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, _event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
///         if cx.attempt() < 3 { Err("the gateway timed out".into()) } else { Ok(()) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await.unwrap();
/// let outcome = bus.deliver(OrderPlaced { order_id: 7 }).await;
/// assert!(outcome.is_acked());
/// assert_eq!(outcome.retries(), 2);
/// # }
/// ```
#[derive(Debug)]
pub struct TestBus {
    cluster: Cluster,
    services: Arc<Services>,
    watch: Arc<Watch>,
    routes: Vec<Route>,
    /// Dropped to stop the bus: so a test that panics stops it as well.
    stop: Option<oneshot::Sender<()>>,
    /// Dropped with the bus: then nobody waits any more.
    _lookout: mpsc::Sender<()>,
    thread: Option<thread::JoinHandle<()>>,
    ended: oneshot::Receiver<()>,
}

impl TestBus {
    /// Starts a bus in memory.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`], for everything that [`Bus::spawn`] would refuse without asking a broker.
    ///
    /// ```
    /// use carom::{Bus, Kafka, testing::TestBus};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let bus = Bus::new(Kafka::new("kafka-1:9092")).service("billing"); // nobody looks for this broker
    /// assert!(TestBus::start(bus).await.is_ok());
    /// let wrong = Bus::new(Kafka::embedded()).service("My Billing");
    /// assert!(TestBus::start(wrong).await.unwrap_err().to_string().contains("is no service name"));
    /// # }
    /// ```
    pub async fn start<S>(bus: Bus<S>) -> Result<Self, Error> {
        inside_tokio()?;
        let watch = Arc::new(Watch::default());
        let cluster = Cluster::default();
        let plan = bus.partial().plan()?;
        let services = Arc::new(plan.services(
            Clock::by_hand(),
            Arc::new(cluster.clone()),
            Arc::new(cluster.clone()),
            Arc::clone(&watch) as Arc<dyn Observer>,
        ));
        let routes = plan.route_lines();
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let (limits, within) = (plan.options.limits, plan.options.shutdown_timeout);
        let run = stage::Stage {
            cluster: cluster.clone(),
            routes: plan.into_routes(),
            services: Arc::clone(&services),
            watch: Arc::clone(&watch),
            limits,
            within,
            stopped,
            ended: end,
        };
        let thread = thread::Builder::new()
            .name("carom-test-bus".to_owned())
            .spawn(move || run.run())
            .map_err(|error| Error::internal(format!("cannot start a thread: {error}")))?;
        // Not by `eprintln`: the test harness keeps that until the test has ended.
        let lookout = Lookout::new(Arc::clone(&watch), Arc::clone(&services.counters)).start(io::stderr())?;
        Ok(Self { cluster, services, watch, routes, stop: Some(stop), _lookout: lookout, thread: Some(thread), ended })
    }

    /// Delivers an event as another service would have published it, and waits until every actor is done with it.
    ///
    /// A record that never ends, because a handler never returns, or its policy retries or holds it for ever, is waited
    /// for likewise. After 10 s of real time a line on the standard error says so, who is not done, and how the last
    /// attempt failed.
    ///
    /// # Panics
    ///
    /// If the event cannot be turned into a record, if no actor of the bus reads its topic (see [`TestBus::routes`]),
    /// or if the bus ends by itself meanwhile.
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
    /// assert!(bus.deliver(OrderPlaced { order_id: 7 }).await.is_acked());
    /// assert_eq!(bus.published::<OrderPaid>(), [OrderPaid { order_id: 7 }]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn deliver<E: Event>(&self, event: E) -> Outcome {
        let attributes = Attributes::new(self.services.clock.uuid(), self.services.clock.wall());
        let record = self.encoder().encode(&event, &attributes).expect("the event can be turned into a record");
        self.append(&record).await
    }

    /// Delivers a record with any bytes, and waits until every actor is done with it, as [`TestBus::deliver`].
    ///
    /// # Panics
    ///
    /// If no actor of the bus reads the topic, or the bus ends by itself meanwhile.
    ///
    /// ```
    /// # use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// use carom::testing::TestRecord;
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
    /// let garbage = TestRecord::new(bus.topic::<OrderPlaced>()).value(b"\xff no JSON");
    /// assert!(bus.deliver_record(garbage).await.dead_letter().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn deliver_record(&self, record: TestRecord) -> Outcome {
        self.append(&raw_record(record)).await
    }

    /// Writes a record with any bytes without waiting, and returns where it is: partition and offset.
    #[doc(hidden)]
    pub fn write_record(&self, record: TestRecord) -> (i32, i64) {
        self.cluster.append(&raw_record(record))
    }

    async fn append(&self, record: &OutRecord) -> Outcome {
        self.check_route(&record.topic);
        let outcome = self.watch.expect(&record.topic, self.actors(record), || self.cluster.append(record));
        outcome.await.expect("the bus has ended before the record did")
    }

    /// Who handles the record, by its type; nobody, if it does not say one.
    fn actors(&self, record: &OutRecord) -> Vec<&'static str> {
        let Ok(event) = read(record.headers(), record.value()) else { return Vec::new() };
        let handles = |route: &&Route| route.topic == *record.topic && route.event_type == event.event_type;
        // Sorted, because routes of one topic and type are.
        let mut actors: Vec<_> = self.routes.iter().filter(handles).map(|route| route.actor).collect();
        actors.dedup();
        actors
    }

    /// Nobody would ever be done with a record that nobody reads.
    fn check_route(&self, topic: &str) {
        let mut topics: Vec<_> = self.routes.iter().map(|route| format!("`{}`", route.topic)).collect();
        topics.dedup();
        assert!(
            self.routes.iter().any(|route| route.topic == topic),
            "no actor of this test bus reads `{topic}`: add `.supervise::<..>(..)` for one that does; they read {}",
            if topics.is_empty() { "nothing".to_owned() } else { topics.join(", ") }
        );
    }

    fn encoder(&self) -> &Encoder {
        &self.services.encoder
    }
}

//! A bus in memory, on one thread, whose waiting time passes at once.

use std::{sync::Arc, thread, time::Duration};

use tokio::sync::oneshot;

use super::{
    Outcome, WrittenRecord,
    memory::{Cluster, raw_record},
    stage,
    watch::Watch,
};
use crate::{
    Bus, Error, Monitor, Publisher, Route, Stats,
    clock::Clock,
    event::{Attributes, Encoder, Event, topic_name},
    health::Health,
    kafka::source::SendErrorKind,
    services::{Observer, Services},
};

/// A bus in memory, for tests: the real router, lanes and supervisor, no broker, no sleeps.
///
/// Build it from the same [`Bus`] that the service spawns; the cluster it names is never contacted. Handlers of actors
/// that it does not supervise are left out, as with [`Bus::partial`]. Retries do not wait: when no handler runs and
/// nothing can go on, time jumps to the next attempt. A handler that does real I/O is waited for.
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
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
    ended: oneshot::Receiver<()>,
}

/// A record with any bytes, for [`TestBus::deliver_record`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestRecord {
    /// The topic, complete.
    pub topic: String,
    /// The key; null and empty are two things.
    pub key: Option<Vec<u8>>,
    /// The value; null and empty are two things.
    pub value: Option<Vec<u8>>,
    /// The headers in their order, names and values as bytes.
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl TestBus {
    /// Starts a bus in memory.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`], for everything that [`Bus::spawn`] would refuse without asking a broker.
    pub async fn start<S>(bus: Bus<S>) -> Result<Self, Error> {
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
        Ok(Self { cluster, services, watch, routes, stop: Some(stop), thread: Some(thread), ended })
    }

    /// Delivers an event as another service would have published it, and waits until every actor is done with it.
    ///
    /// # Panics
    ///
    /// If the event cannot be turned into a record, or the bus ends by itself meanwhile.
    pub async fn deliver<E: Event>(&self, event: E) -> Outcome {
        let attributes = Attributes::new(self.services.clock.uuid(), self.services.clock.wall());
        let record = self.encoder().encode(&event, attributes).expect("the event can be turned into a record");
        self.append(&record).await
    }

    /// Delivers a record with any bytes, and waits until every actor is done with it.
    pub async fn deliver_record(&self, record: TestRecord) -> Outcome {
        self.append(&raw_record(record)).await
    }

    /// Writes a record with any bytes without waiting, and returns where it is: partition and offset.
    #[doc(hidden)]
    pub fn write_record(&self, record: TestRecord) -> (i32, i64) {
        self.cluster.append(&raw_record(record))
    }

    async fn append(&self, record: &crate::kafka::record::OutRecord) -> Outcome {
        let outcome = self.watch.expect(&record.topic, || self.cluster.append(record));
        outcome.await.expect("the bus has ended before the record did")
    }

    fn encoder(&self) -> &Encoder {
        &self.services.encoder
    }

    /// The events of type `E` that handlers have published so far, in order.
    pub fn published<E: Event>(&self) -> Vec<E> {
        self.cluster.published().iter().filter_map(WrittenRecord::event).collect()
    }

    /// Every record that the bus has written so far, dead letters included, in order.
    pub fn records(&self) -> Vec<WrittenRecord> {
        self.cluster.published()
    }

    /// The records in the dead-letter topics of this bus, in order.
    pub fn dead_letters(&self) -> Vec<WrittenRecord> {
        let is_dead = |record: &WrittenRecord| self.routes.iter().any(|route| route.dead_letter_topic == record.topic);
        self.cluster.published().into_iter().filter(is_dead).collect()
    }

    /// Name of the topic of an event type on this bus.
    ///
    /// # Panics
    ///
    /// If the event has no valid topic name.
    pub fn topic<E: Event>(&self) -> String {
        topic_name(E::descriptor(), self.encoder().environment()).expect("the event has a valid topic name")
    }

    /// A publisher on this bus; what it publishes is handled like anything else.
    pub fn publisher(&self) -> Publisher {
        Publisher::of(&self.services)
    }

    /// Moves time on by hand, also that of attempts that run: how a test reaches a handler's timeout.
    pub fn advance(&self, by: Duration) {
        self.services.clock.advance(by);
    }

    /// Has the next records that the bus publishes refused, as if the broker could not be reached.
    pub fn refuse_next(&self, records: usize) {
        self.cluster.refuse(std::iter::repeat_n(SendErrorKind::Retriable, records));
    }

    /// The routes, sorted.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether the bus does its job.
    pub fn health(&self) -> Health {
        self.monitor().health()
    }

    /// What the bus has done so far. What a cluster knows (ends of partitions) is looked up once a second of real time.
    pub fn stats(&self) -> Stats {
        self.monitor().stats()
    }

    /// Something to hand to the code under test.
    pub fn monitor(&self) -> Monitor {
        Monitor::of(&self.services)
    }

    /// Runs until the bus ends by itself, as [`BusHandle::run_until`](crate::BusHandle::run_until) would.
    ///
    /// # Errors
    ///
    /// What made it end.
    pub async fn run(self) -> Result<(), Error> {
        self.services.end.called().await;
        self.stop().await.map(drop)
    }

    /// Stops the bus as a real one stops, and returns what it has committed: topic, partition, offset.
    ///
    /// # Errors
    ///
    /// What made the bus end by itself, such as [`Error::Escalated`].
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

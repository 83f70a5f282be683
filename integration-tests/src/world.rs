//! One backend of the contract suite: how a test starts a bus on it, and how it looks past carom at what is there.

use std::{collections::BTreeMap, time::Duration};

use carom::{
    Bus, BusHandle, Error, Event, Health, Kafka, Publisher, Stats,
    event::Environment,
    kafka::{GroupProtocol, provision},
    testing::{TestBus, TestRecord, write_records},
};

use crate::{
    RealKafka,
    job::{Job, Shared},
    ledger::PATIENCE,
    probe::{self, Letter},
    real_kafka, unique,
};

/// A backend, and names that no other test uses.
#[derive(Debug, Clone)]
pub struct World {
    backend: Backend,
    environment: String,
    group: String,
}

#[derive(Debug, Clone)]
enum Backend {
    /// With the settings that its bus gets; nobody contacts the cluster.
    TestBus(Kafka),
    Kafka(Kafka),
}

/// A running bus of a test.
#[derive(Debug)]
pub enum Running {
    /// In memory.
    Test(TestBus),
    /// On a broker.
    Kafka(Box<BusHandle>),
}

impl World {
    fn with(backend: Backend) -> Self {
        let name = unique("t").replace("t-", "t");
        Self { backend, environment: name[..12].to_owned(), group: unique("group") }
    }

    /// In memory.
    pub fn test_bus() -> Self {
        Self::with(Backend::TestBus(Kafka::embedded()))
    }

    /// On librdkafka's mock cluster, one for each test.
    pub fn embedded() -> Self {
        Self::with(Backend::Kafka(Kafka::embedded()))
    }

    /// On the real Kafka of this run; `None` if there is none, which is said in plain sight.
    pub fn real(test: &str) -> Option<Self> {
        let servers = RealKafka::bootstrap_servers(test)?;
        Some(Self::with(Backend::Kafka(quick(Kafka::new(servers)))))
    }

    /// As [`World::real`], in a group whose partitions the broker shares out (KIP-848).
    pub fn real_decides(test: &str) -> Option<Self> {
        let servers = RealKafka::bootstrap_servers(test)?;
        Some(Self::with(Backend::Kafka(Kafka::new(servers).group_protocol(GroupProtocol::Consumer))))
    }

    /// On this cluster.
    pub fn on(kafka: Kafka) -> Self {
        Self::with(Backend::Kafka(kafka))
    }

    /// The same world, with other options for its clients.
    #[must_use]
    pub fn tuned(mut self, tune: impl FnOnce(Kafka) -> Kafka) -> Self {
        if let Backend::Kafka(kafka) = self.backend {
            self.backend = Backend::Kafka(tune(kafka));
        }
        self
    }

    /// The first part of its topics' names.
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Another world on the same backend, with names of its own.
    pub fn again(&self) -> Self {
        Self::with(self.backend.clone())
    }

    /// A bus of this world, without actors.
    pub fn bus(&self) -> Bus {
        let (Backend::TestBus(kafka) | Backend::Kafka(kafka)) = self.backend.clone();
        Bus::new(kafka)
            .service("contract")
            .domain("contract")
            .environment(Environment::short(&self.environment))
            .group(&self.group)
            .partial()
    }

    /// A bus with the state that the scripted actors need.
    pub fn bus_with(&self, shared: &Shared) -> Bus<Shared> {
        self.bus().with_state(shared.clone())
    }

    /// Starts a bus.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn start<S>(&self, bus: Bus<S>) -> Running {
        self.try_start(bus).await.expect("the bus starts")
    }

    /// Starts a bus that may refuse to.
    ///
    /// # Errors
    ///
    /// What `spawn` says.
    pub async fn try_start<S>(&self, bus: Bus<S>) -> Result<Running, Error> {
        match &self.backend {
            Backend::TestBus(_) => TestBus::start(bus).await.map(Running::Test),
            Backend::Kafka(_) => bus.spawn().await.map(|bus| Running::Kafka(Box::new(bus))),
        }
    }

    /// The same backend with other settings, and names that no other test uses.
    pub fn with_kafka(&self, change: impl FnOnce(Kafka) -> Kafka) -> Self {
        match &self.backend {
            Backend::TestBus(kafka) => Self::with(Backend::TestBus(change(kafka.clone()))),
            Backend::Kafka(kafka) => Self::on(change(kafka.clone())),
        }
    }

    /// Creates a topic of four partitions, where a cluster has to have it.
    ///
    /// # Panics
    ///
    /// If the cluster refuses.
    pub async fn create_topic(&self, topic: &str) {
        if let Backend::Kafka(kafka) = &self.backend {
            provision(kafka, &[(topic, Some(4), None)], PATIENCE).await.expect("the topic can be created");
        }
    }

    /// The consumer group of this world.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The shortest session timeout that the cluster allows a member, in milliseconds.
    pub fn shortest_session(&self) -> u64 {
        let given = self.kafka().broker().is_none() && real_kafka::given().is_some();
        if given { 6_000 } else { 2_000 }
    }

    /// Whether this is in memory: there, nothing outlives a bus.
    pub fn is_test_bus(&self) -> bool {
        matches!(self.backend, Backend::TestBus(_))
    }

    /// The cluster, where there is one.
    ///
    /// # Panics
    ///
    /// In memory.
    pub fn kafka(&self) -> &Kafka {
        match &self.backend {
            Backend::Kafka(kafka) => kafka,
            Backend::TestBus(_) => panic!("a test bus has no cluster"),
        }
    }
}

/// Makes groups on a real broker settle within a second.
fn quick(kafka: Kafka) -> Kafka {
    kafka.consumer("heartbeat.interval.ms", "200").consumer("session.timeout.ms", "6000")
}

impl Running {
    /// A publisher.
    pub fn publisher(&self) -> Publisher {
        match self {
            Self::Test(bus) => bus.publisher(),
            Self::Kafka(bus) => bus.publisher(),
        }
    }

    /// Publishes jobs, in order.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn publish(&self, jobs: impl IntoIterator<Item = Job> + Send) {
        self.publisher().publish_all(jobs).await.expect("the jobs are published");
    }

    /// Writes records with any bytes, and returns where they are: partition and offset of each.
    ///
    /// # Panics
    ///
    /// If the cluster does not take them.
    pub async fn write(&self, world: &World, records: Vec<TestRecord>) -> Vec<(i32, i64)> {
        match self {
            Self::Test(bus) => records.into_iter().map(|record| bus.write_record(record)).collect(),
            Self::Kafka(_) => write_records(world.kafka(), records).await.expect("the records are written"),
        }
    }

    /// Name of an event's topic.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn topic<E: Event>(&self) -> String {
        match self {
            Self::Test(bus) => bus.topic::<E>(),
            Self::Kafka(bus) => bus.topic::<E>().expect("the event has a topic"),
        }
    }

    /// Whether the bus says that it does its job.
    pub fn health(&self) -> Health {
        match self {
            Self::Test(bus) => bus.health(),
            Self::Kafka(bus) => bus.health(),
        }
    }

    /// What the bus has done.
    pub fn stats(&self) -> Stats {
        match self {
            Self::Test(bus) => bus.stats(),
            Self::Kafka(bus) => bus.stats(),
        }
    }

    /// Waits until the dead-letter topic of `E` has so many letters, and returns them.
    ///
    /// # Panics
    ///
    /// After [`PATIENCE`].
    pub async fn dead_letters<E: Event>(&self, world: &World, count: usize) -> Vec<Letter> {
        let topic = format!("{}.{}.dlq", self.topic::<E>(), world.group);
        probe::until("dead letters", || self.letters(world, &topic), |letters| letters.len() >= count).await
    }

    fn letters(&self, world: &World, topic: &str) -> Vec<Letter> {
        match self {
            Self::Test(bus) => bus.dead_letters().into_iter().map(Letter::from).collect(),
            Self::Kafka(_) => probe::read_all(world.kafka(), topic),
        }
    }

    /// Everything in the topic of `E`.
    pub fn records<E: Event>(&self, world: &World) -> Vec<Letter> {
        let topic = self.topic::<E>();
        match self {
            Self::Test(bus) => {
                bus.records().into_iter().filter(|record| record.topic == topic).map(Letter::from).collect()
            }
            Self::Kafka(_) => probe::read_all(world.kafka(), &topic),
        }
    }

    /// Stops the bus; what the group has committed for the topic of `E`, by partition.
    ///
    /// # Panics
    ///
    /// If the bus ends with an error.
    pub async fn stop<E: Event>(self, world: &World) -> BTreeMap<i32, i64> {
        let topic = self.topic::<E>();
        match self {
            Self::Test(bus) => {
                let committed = bus.stop().await.expect("the bus stops");
                committed
                    .into_iter()
                    .filter(|(of, ..)| *of == topic)
                    .map(|(_, partition, offset)| (partition, offset))
                    .collect()
            }
            Self::Kafka(bus) => {
                bus.shutdown().await.expect("the bus stops");
                probe::committed(world.kafka(), &world.group, &topic)
            }
        }
    }
}

/// How long a bus may take to shut down when nothing holds it up.
pub const SHUTDOWN: Duration = Duration::from_secs(10);

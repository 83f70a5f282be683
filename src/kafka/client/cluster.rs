//! How a bus reaches Kafka: the cluster, and the options of its clients. What is wrong with them is found in
//! [`check`](super::check), what each client is given is put together in [`config`](super::config).

use std::fmt;

use super::{
    addresses::servers_shown,
    layers::{Layers, Scope},
    secrets::Value,
};
use crate::{
    event::Partitioner,
    kafka::{Embedded, Topics},
};

/// Which broker a bus talks to, and how.
///
/// ```
/// use carom::kafka::Kafka;
///
/// let kafka = Kafka::new("kafka-1:9092,kafka-2:9092")
///     .set("security.protocol", "plaintext")
///     .consumer("fetch.min.bytes", "1")
///     .producer("linger.ms", "20");
/// assert_eq!(kafka.problems(), Vec::<String>::new());
/// ```
///
/// Options are those of
/// [librdkafka](https://docs.confluent.io/platform/current/clients/librdkafka/html/md_CONFIGURATION.html), handed
/// through untouched; the last value wins, and one for consumers or producers beats one for all clients. Those on which
/// carom's promises rest are refused at start, as is every name or value that librdkafka does not know.
///
/// `docs/kafka-settings.md` in the repository lists every option that carom forces or gives another default, each with
/// its reason, and those to look at before going live; the log at start shows what is in effect.
///
/// Its `Debug` hides passwords and other secrets.
#[derive(Clone)]
pub struct Kafka {
    pub(super) cluster: Cluster,
    pub(super) options: Layers,
    pub(super) partitioner: Partitioner,
    /// A choice of its own, because it decides which other options librdkafka accepts.
    pub(super) group_protocol: GroupProtocol,
    topics: Topics,
}

/// Where the brokers are.
#[derive(Clone)]
pub(super) enum Cluster {
    /// A [`Value`], because addresses may carry a user name and a password.
    Servers(Value),
    Embedded(Embedded),
}

/// How the members of a consumer group share its partitions.
///
/// ```
/// use carom::{Kafka, kafka::GroupProtocol};
///
/// let kafka = Kafka::new("kafka-1:9092").group_protocol(GroupProtocol::Consumer);
/// assert_eq!(kafka.problems(), Vec::<String>::new());
///
/// // The broker decides when a silent member is gone, so nothing here can.
/// let kafka = kafka.consumer("session.timeout.ms", "10000");
/// assert_eq!(kafka.problems().len(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupProtocol {
    /// Members agree among themselves; works with every broker.
    #[default]
    Classic,
    /// The broker decides (KIP-848): joins are faster. For brokers from 4.0 on, and not yet recommended with the
    /// librdkafka of this release.
    Consumer,
}

impl Kafka {
    /// A cluster by the addresses of some of its brokers, `host:port` separated by commas; the port is 9092 where it is
    /// left out. `SSL://` and the other protocols of Kafka may stand in front. Anything else, an empty text, and a user
    /// name before an `@` are errors when the bus is spawned.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// let kafka = Kafka::new("kafka-1:9092,kafka-2:9092"); // nothing is connected yet
    /// let bus = Bus::new(kafka).service("billing");
    /// ```
    #[must_use]
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        Self::at(Cluster::Servers(Value::plain(bootstrap_servers)))
    }

    /// A broker inside this process, for trying out and for tests; it forgets what exceeds 5 MB per partition.
    ///
    /// Clones share it, and it goes with the last of them and of the buses that use it. [`Embedded`] says what it
    /// lacks.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS").map_or_else(|_| Kafka::embedded(), Kafka::new);
    /// # let kafka = Kafka::embedded();
    /// let bus = Bus::new(kafka).service("shop").spawn().await?;
    /// bus.publish(OrderPlaced { order_id: 7 }).await?; // through the real client and the real protocol
    /// bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn embedded() -> Self {
        Self::on(Embedded::new())
    }

    pub(crate) fn at_servers(bootstrap_servers: Value) -> Self {
        Self::at(Cluster::Servers(bootstrap_servers))
    }

    /// The same cluster with these options instead of those it had.
    pub(crate) fn with_options(self, options: Layers) -> Self {
        Self { options, ..self }
    }

    pub(in crate::kafka) fn on(broker: Embedded) -> Self {
        Self::at(Cluster::Embedded(broker))
    }

    fn at(cluster: Cluster) -> Self {
        Self {
            cluster,
            options: Layers::default(),
            partitioner: Partitioner::default(),
            group_protocol: GroupProtocol::default(),
            topics: Topics::default(),
        }
    }

    /// Sets an option of librdkafka for all clients. It is checked when the bus is spawned, or by [`Kafka::problems`].
    ///
    /// ```
    /// use carom::Kafka;
    ///
    /// let kafka = Kafka::new("kafka-1:9092").set("client.rack", "eu-central-1a");
    /// assert_eq!(kafka.problems(), Vec::<String>::new());
    /// ```
    #[must_use]
    pub fn set(mut self, option: &str, value: impl Into<String>) -> Self {
        self.options.set(Scope::All, option, Value::plain(value));
        self
    }

    /// Sets an option of librdkafka for consumers. It wins over [`Kafka::set`], in whatever order they are called.
    ///
    /// ```
    /// use carom::Kafka;
    ///
    /// // A new group begins with what comes from now on, not at the beginning of each topic.
    /// let kafka = Kafka::new("kafka-1:9092").consumer("auto.offset.reset", "latest");
    /// assert_eq!(kafka.problems(), Vec::<String>::new());
    /// ```
    #[must_use]
    pub fn consumer(mut self, option: &str, value: impl Into<String>) -> Self {
        self.options.set(Scope::Consumer, option, Value::plain(value));
        self
    }

    /// Sets an option of librdkafka for producers, the one of dead letters included. It wins over [`Kafka::set`], in
    /// whatever order they are called.
    ///
    /// ```
    /// use carom::Kafka;
    ///
    /// // Larger batches for less traffic, at the price of 20 ms.
    /// let kafka = Kafka::new("kafka-1:9092").producer("linger.ms", "20");
    /// assert_eq!(kafka.problems(), Vec::<String>::new());
    /// ```
    #[must_use]
    pub fn producer(mut self, option: &str, value: impl Into<String>) -> Self {
        self.options.set(Scope::Producer, option, Value::plain(value));
        self
    }

    /// Chooses where keys land; [`Partitioner::Librdkafka`] unless set. All that write keys of a topic have to choose
    /// the same, or the events of one key lie in two partitions.
    ///
    /// ```
    /// use carom::{Kafka, event::Partitioner};
    ///
    /// let kafka = Kafka::new("kafka-1:9092").partitioner(Partitioner::Java); // as the Java services beside this one
    /// ```
    #[must_use]
    pub fn partitioner(mut self, partitioner: Partitioner) -> Self {
        self.partitioner = partitioner;
        self
    }

    /// Chooses how groups share partitions; [`GroupProtocol::Classic`] unless set.
    ///
    /// ```
    /// use carom::{Kafka, kafka::GroupProtocol};
    ///
    /// let kafka = Kafka::embedded().group_protocol(GroupProtocol::Consumer);
    /// ```
    #[must_use]
    pub fn group_protocol(mut self, protocol: GroupProtocol) -> Self {
        self.group_protocol = protocol;
        self
    }

    /// Chooses what happens to missing topics at start; [`Topics::Create`] unless set.
    ///
    /// ```
    /// use carom::{Kafka, kafka::Topics};
    ///
    /// let kafka = Kafka::new("kafka-1:9092").topics(Topics::Verify); // another team creates them
    /// ```
    #[must_use]
    pub fn topics(mut self, topics: Topics) -> Self {
        self.topics = topics;
        self
    }

    /// The broker inside this process, if it is one; `None` for [`Kafka::new`].
    ///
    /// ```
    /// use carom::Kafka;
    ///
    /// let kafka = Kafka::embedded();
    /// let broker = kafka.broker().expect("it is embedded");
    /// broker.create_topic("imports", 12).unwrap(); // what no event of this service asks for
    /// assert!(Kafka::new("kafka-1:9092").broker().is_none());
    /// ```
    #[must_use]
    pub fn broker(&self) -> Option<&Embedded> {
        match &self.cluster {
            Cluster::Embedded(broker) => Some(broker),
            Cluster::Servers(_) => None,
        }
    }

    pub(crate) fn partitioner_choice(&self) -> Partitioner {
        self.partitioner
    }

    pub(crate) fn topics_mode(&self) -> Topics {
        self.topics
    }

    /// The addresses of the cluster, for other clients; starts the embedded one. They are as they were given, with user
    /// name and password where they have them: not for logs.
    ///
    /// # Errors
    ///
    /// If the embedded broker cannot be started.
    ///
    /// ```
    /// use carom::Kafka;
    ///
    /// let kafka = Kafka::embedded();
    /// let servers = kafka.bootstrap_servers().unwrap();
    /// println!("kcat -L -b {servers}"); // while this process lives
    /// assert_eq!(Kafka::new("kafka-1:9092").bootstrap_servers().as_deref(), Ok("kafka-1:9092"));
    /// ```
    pub fn bootstrap_servers(&self) -> Result<String, String> {
        match &self.cluster {
            Cluster::Servers(servers) => Ok(servers.text.clone()),
            Cluster::Embedded(broker) => broker.bootstrap_servers().map_err(|error| error.to_string()),
        }
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Kafka");
        match &self.cluster {
            Cluster::Servers(servers) => out.field("bootstrap_servers", &servers_shown(servers)),
            Cluster::Embedded(broker) => out.field("broker", broker),
        };
        out.field("options", &self.options)
            .field("partitioner", &self.partitioner)
            .field("group_protocol", &self.group_protocol)
            .field("topics", &self.topics)
            .finish()
    }
}

#[cfg(test)]
mod tests;

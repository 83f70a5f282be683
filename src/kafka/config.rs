//! How a bus reaches Kafka: the cluster, and the options of its clients.

use std::fmt;

use rdkafka::{
    ClientConfig,
    consumer::BaseConsumer,
    error::{KafkaError, KafkaResult},
    producer::BaseProducer,
};

use crate::event::Partitioner;

use super::{
    Embedded, Topics, defaults,
    layers::{Layers, Scope},
    options,
    secrets::Value,
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
/// Options are those of [librdkafka](https://docs.confluent.io/platform/current/clients/librdkafka/html/md_CONFIGURATION.html),
/// handed through untouched; the last value wins, and one for consumers or producers beats one for all clients. Those on
/// which carom's promises rest are refused at start, as is every name or value that librdkafka does not know.
///
/// `docs/kafka-settings.md` in the repository lists every option that carom forces or gives another default, each with its
/// reason, and those to look at before going live; the log at start shows what is in effect.
///
/// Its `Debug` hides passwords and other secrets.
#[derive(Clone)]
pub struct Kafka {
    pub(super) cluster: Cluster,
    pub(super) options: Layers,
    pub(super) partitioner: Partitioner,
    group_protocol: GroupProtocol,
    topics: Topics,
}

#[derive(Clone)]
pub(super) enum Cluster {
    Servers(Value),
    Embedded(Embedded),
}

/// How the members of a consumer group share its partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupProtocol {
    /// Members agree among themselves; works with every broker.
    #[default]
    Classic,
    /// The broker decides (KIP-848): joins are faster. For brokers from 4.0 on, and not yet recommended with the
    /// librdkafka of this release.
    Consumer,
}

/// What a producer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Publishing {
    Events,
    /// Gives up sooner: the record's key waits for the result.
    DeadLetters,
}

impl Kafka {
    /// A cluster by the addresses of some of its brokers, `host:port` separated by commas.
    #[must_use]
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        Self::at(Cluster::Servers(Value::plain(bootstrap_servers)))
    }

    /// A broker inside this process, for trying out and for tests; it forgets what exceeds 5 MB per partition.
    ///
    /// Clones share it. [`Embedded`] says what it lacks.
    #[must_use]
    pub fn embedded() -> Self {
        Self::at(Cluster::Embedded(Embedded::new()))
    }

    pub(crate) fn at_servers(bootstrap_servers: Value) -> Self {
        Self::at(Cluster::Servers(bootstrap_servers))
    }

    /// The same cluster with these options instead of those it had.
    pub(crate) fn with_options(self, options: Layers) -> Self {
        Self { options, ..self }
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

    /// Sets an option of librdkafka for all clients.
    #[must_use]
    pub fn set(mut self, option: &str, value: impl Into<String>) -> Self {
        self.options.set(Scope::All, option, Value::plain(value));
        self
    }

    /// Sets an option of librdkafka for consumers.
    #[must_use]
    pub fn consumer(mut self, option: &str, value: impl Into<String>) -> Self {
        self.options.set(Scope::Consumer, option, Value::plain(value));
        self
    }

    /// Sets an option of librdkafka for producers.
    #[must_use]
    pub fn producer(mut self, option: &str, value: impl Into<String>) -> Self {
        self.options.set(Scope::Producer, option, Value::plain(value));
        self
    }

    /// Chooses where keys land; [`Partitioner::Librdkafka`] unless set.
    #[must_use]
    pub fn partitioner(mut self, partitioner: Partitioner) -> Self {
        self.partitioner = partitioner;
        self
    }

    /// Chooses how groups share partitions; [`GroupProtocol::Classic`] unless set.
    #[must_use]
    pub fn group_protocol(mut self, protocol: GroupProtocol) -> Self {
        self.group_protocol = protocol;
        self
    }

    /// Chooses what happens to missing topics at start; [`Topics::Create`] unless set.
    #[must_use]
    pub fn topics(mut self, topics: Topics) -> Self {
        self.topics = topics;
        self
    }

    /// The broker inside this process, if it is one.
    #[must_use]
    pub fn broker(&self) -> Option<&Embedded> {
        match &self.cluster {
            Cluster::Embedded(broker) => Some(broker),
            Cluster::Servers(_) => None,
        }
    }

    /// What is wrong with the options, one sentence each; asks librdkafka, not a broker. A bus refuses to start with any.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if matches!(&self.cluster, Cluster::Servers(servers) if servers.text.trim().is_empty()) {
            problems.push(
                "no broker is named: write `Kafka::new(\"host:9092\")`, or `Kafka::embedded()` to try out; in settings \
                 `kafka.bootstrap_servers` (`CAROM__KAFKA__BOOTSTRAP_SERVERS`), where `embedded` is the broker to try out"
                    .to_owned(),
            );
        }
        problems.extend(self.options.iter().filter_map(|(key, value)| options::problem(key, value)));
        if problems.is_empty() {
            problems.extend(self.clients_problem("consumer", |kafka| {
                kafka.consumer_layers("check", "check").create::<BaseConsumer>().map(drop)
            }));
            problems.extend(self.clients_problem("producer", |kafka| {
                kafka.producer_layers("check", Publishing::Events).create::<BaseProducer>().map(drop)
            }));
        }
        problems
    }

    /// Creates a client that knows no broker: only librdkafka itself can tell which options contradict each other.
    fn clients_problem(&self, client: &str, create: impl FnOnce(&Self) -> KafkaResult<()>) -> Option<String> {
        let reason = match create(self).err()? {
            KafkaError::ClientCreation(reason) | KafkaError::ClientConfig(_, reason, ..) => reason,
            other => other.to_string(),
        };
        if let Some(feature) = options::missing_feature(&reason) {
            return Some(format!("the {client}'s options need {feature}"));
        }
        Some(format!("librdkafka refuses the {client}'s options: {}", self.secrets().hide(&reason)))
    }

    pub(crate) fn partitioner_choice(&self) -> Partitioner {
        self.partitioner
    }

    pub(crate) fn topics_mode(&self) -> Topics {
        self.topics
    }

    /// The addresses of the cluster, for other clients; starts the embedded one.
    ///
    /// # Errors
    ///
    /// If the embedded broker cannot be started.
    pub fn bootstrap_servers(&self) -> Result<String, String> {
        match &self.cluster {
            Cluster::Servers(servers) => Ok(servers.text.clone()),
            Cluster::Embedded(broker) => broker.bootstrap_servers().map_err(|error| error.to_string()),
        }
    }

    /// The configuration of a consumer.
    pub(crate) fn consumer_config(&self, group_id: &str, client_id: &str) -> Result<ClientConfig, String> {
        self.connected(self.consumer_layers(group_id, client_id))
    }

    /// The configuration of a producer.
    pub(crate) fn producer_config(&self, client_id: &str, purpose: Publishing) -> Result<ClientConfig, String> {
        self.connected(self.producer_layers(client_id, purpose))
    }

    /// The configuration of a client that manages topics.
    pub(crate) fn admin_config(&self, client_id: &str) -> Result<ClientConfig, String> {
        let mut config = ClientConfig::new();
        config.set("client.id", client_id);
        self.options.apply(&mut config, Scope::All);
        config.set("allow.auto.create.topics", "false");
        self.connected(config)
    }

    fn connected(&self, mut config: ClientConfig) -> Result<ClientConfig, String> {
        config.set("bootstrap.servers", self.bootstrap_servers()?);
        if self.broker().is_some() {
            // It ends with the program, before its clients do.
            config.set("log.connection.close", "false");
        }
        Ok(config)
    }

    pub(super) fn consumer_layers(&self, group_id: &str, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", client_id);
        defaults::consumer(&mut config, self.group_protocol);
        if self.broker().is_some() {
            defaults::apply(&mut config, Embedded::consumer_overrides(self.group_protocol));
        }
        self.options.apply(&mut config, Scope::Consumer);
        config.set("group.id", group_id);
        defaults::owned_by_consumer(&mut config, self.group_protocol);
        config
    }

    pub(super) fn producer_layers(&self, client_id: &str, purpose: Publishing) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", client_id);
        defaults::producer(&mut config, purpose);
        self.options.apply(&mut config, Scope::Producer);
        if purpose == Publishing::DeadLetters {
            defaults::room_for_reasons(&mut config);
        }
        config.set("partitioner", self.partitioner.config_value());
        defaults::owned_by_producer(&mut config);
        config
    }
}

impl fmt::Debug for Kafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Kafka");
        match &self.cluster {
            Cluster::Servers(servers) => out.field("bootstrap_servers", &servers.shown("bootstrap.servers")),
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
#[path = "config_tests.rs"]
mod tests;

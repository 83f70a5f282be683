//! The section `kafka` of the settings.

use std::fmt;

use crate::{
    event::Partitioner,
    kafka::{GroupProtocol, Kafka, Layers, Topics, Value, servers_shown},
};

/// How Kafka is reached: the section `kafka` of [`Settings`](crate::Settings), which lists what may be written.
///
/// It becomes a [`Kafka`] by `Kafka::from`, so a service that builds its bus by hand can have this section alone in its
/// own configuration.
///
/// ```
/// use carom::{Kafka, settings::KafkaSettings};
///
/// let settings: KafkaSettings = serde_json::from_str(
///     r#"{ "bootstrap_servers": "embedded", "consumer": { "fetch.min.bytes": 1 }, "linger_ms": "20" }"#,
/// )?;
/// let kafka = Kafka::from(settings).producer("compression.type", "gzip");
/// assert_eq!(kafka.problems(), Vec::<String>::new());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct KafkaSettings {
    /// What happens to missing topics at start; see [`Kafka::topics`]. Default: they are created.
    pub topics: Option<Topics>,
    /// Where keys land; see [`Kafka::partitioner`]. Default: [`Partitioner::Librdkafka`].
    pub partitioner: Option<Partitioner>,
    /// How groups share partitions; see [`Kafka::group_protocol`]. Default: [`GroupProtocol::Classic`].
    pub group_protocol: Option<GroupProtocol>,
    /// As a value and not as text: addresses from a file are hidden, also each by itself.
    pub(super) servers: Option<Value>,
    /// librdkafka's options, as they were given; checked when they were read.
    pub(super) options: Layers,
}

impl KafkaSettings {
    /// The addresses of the cluster, separated by commas; `embedded` for a broker in the process, `None` if they were
    /// not written. Addresses that were read from a file are told like any others.
    ///
    /// ```
    /// let settings = carom::Settings::from_vars("CAROM", [("CAROM__KAFKA__BOOTSTRAP_SERVERS", "kafka-1:9092,kafka-2:9092")])?;
    /// assert_eq!(settings.kafka.bootstrap_servers(), Some("kafka-1:9092,kafka-2:9092"));
    /// # Ok::<(), carom::Error>(())
    /// ```
    #[must_use]
    pub fn bootstrap_servers(&self) -> Option<&str> {
        self.servers.as_ref().map(|servers| servers.text.as_str())
    }
}

/// The broker that [`Kafka::embedded`] starts, where addresses are expected.
const EMBEDDED: &str = "embedded";

impl From<KafkaSettings> for Kafka {
    /// A cluster that is named `embedded` is a [`Kafka::embedded`]; a cluster that is not named is reported when the
    /// bus starts, with every other problem.
    ///
    /// ```
    /// use carom::{Kafka, settings::KafkaSettings};
    ///
    /// let problems = Kafka::from(KafkaSettings::default()).problems();
    /// assert!(problems[0].contains("bootstrap_servers"));
    /// ```
    fn from(settings: KafkaSettings) -> Self {
        let servers = settings.servers.unwrap_or_else(|| Value::plain(""));
        let kafka = if servers.text == EMBEDDED { Self::embedded() } else { Self::at_servers(servers) };
        kafka
            .with_options(settings.options)
            .topics(settings.topics.unwrap_or_default())
            .partitioner(settings.partitioner.unwrap_or_default())
            .group_protocol(settings.group_protocol.unwrap_or_default())
    }
}

impl fmt::Debug for KafkaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = self.servers.as_ref().map(servers_shown);
        f.debug_struct("KafkaSettings")
            .field("bootstrap_servers", &servers)
            .field("topics", &self.topics)
            .field("partitioner", &self.partitioner)
            .field("group_protocol", &self.group_protocol)
            .field("options", &self.options)
            .finish()
    }
}

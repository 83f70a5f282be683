//! The embedded broker: librdkafka's mock cluster, in this process. What a test can do to it is in [`trouble`].

mod trouble;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rdkafka::error::RDKafkaErrorCode;

use super::raw::mock::{GroupTiming, MockCluster};
use crate::event::is_topic_name;

/// The first join of a classic group takes `first_join` and 14 ms more; nothing else changed between 10 and 300 ms.
const TIMING: GroupTiming = GroupTiming {
    first_join: Duration::from_millis(20),
    heartbeat: Duration::from_millis(100),
    session: Duration::from_millis(2_000),
};

/// A Kafka broker inside this process: the real client and the real protocol, nothing to install.
///
/// It is librdkafka's own mock cluster. It is there for trying out, for examples and for tests. Clones share one
/// cluster, which starts at its first use and goes with the last clone; other processes can connect to
/// [`bootstrap_servers`](Self::bootstrap_servers).
///
/// A bus gets one by [`Kafka::embedded`](super::Kafka::embedded), and [`Kafka::broker`](super::Kafka::broker) gives
/// access to it.
///
/// # What it does not do
///
/// - **It forgets.** A partition keeps 5 MB (5,242,880 bytes as stored) or 100,000 batches; what is older vanishes,
///   read or not. A reader that fell behind jumps ahead, and the log of the program says so.
/// - Transactions are not isolated, topics are neither compacted nor enlarged nor deleted, there is no TLS, SASL or
///   ACL, and the timestamp in a delivery report is made up.
/// - All members of a group must use the same assignment strategy: mixing them aborts the process.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let broker = carom::kafka::Embedded::new();
/// broker.create_topic("orders", 4)?;
/// assert!(broker.bootstrap_servers()?.starts_with("127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Embedded {
    shared: Arc<Shared>,
}

struct Shared {
    brokers: i32,
    /// Opened at first use, so that a configuration that is only looked at costs no threads.
    cluster: OnceLock<Result<MockCluster, String>>,
}

/// The embedded broker could not do what it was asked for: a local port could not be opened, a topic exists already, or
/// there is none. The sentence says which.
///
/// ```
/// use carom::kafka::Embedded;
///
/// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
/// let broker = Embedded::new();
/// broker.create_topic("orders", 4)?;
/// let error = broker.create_topic("orders", 4).unwrap_err();
/// assert!(error.to_string().starts_with("the embedded broker cannot create topic `orders`: "), "{error}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the embedded broker cannot {what}: {reason}")]
pub struct EmbeddedError {
    what: String,
    reason: String,
    /// Told apart, because two buses that create the same topic both get what they want.
    already_exists: bool,
}

impl EmbeddedError {
    fn new(what: impl Into<String>, code: RDKafkaErrorCode) -> Self {
        let already_exists = code == RDKafkaErrorCode::TopicAlreadyExists;
        Self { what: what.into(), reason: code.to_string(), already_exists }
    }

    pub(super) fn already_exists(&self) -> bool {
        self.already_exists
    }
}

impl Embedded {
    /// A cluster of one broker; nothing runs before its first use. Clients connect by its
    /// [addresses](Self::bootstrap_servers), and `Kafka::from(broker)` is for a bus.
    ///
    /// ```
    /// use carom::kafka::Embedded;
    ///
    /// let broker = Embedded::new();
    /// assert_eq!(format!("{broker:?}"), "Embedded(not started)");
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_brokers(1)
    }

    /// A cluster of several brokers, for tests in which leaders move; 0 is taken for 1.
    ///
    /// ```
    /// use carom::{Bus, Kafka, kafka::Embedded};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let broker = Embedded::with_brokers(3);
    /// assert_eq!(broker.bootstrap_servers()?.split(',').count(), 3);
    /// let bus = Bus::new(Kafka::from(broker.clone())).service("billing").spawn().await?;
    /// // A test moves leaders here, through `broker`.
    /// bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_brokers(brokers: u8) -> Self {
        let brokers = i32::from(brokers.max(1));
        Self { shared: Arc::new(Shared { brokers, cluster: OnceLock::new() }) }
    }

    fn cluster(&self) -> Result<&MockCluster, EmbeddedError> {
        let cluster = self.shared.cluster.get_or_init(|| MockCluster::new(self.shared.brokers, &TIMING));
        cluster.as_ref().map_err(|reason| EmbeddedError {
            what: "start".to_owned(),
            reason: reason.clone(),
            already_exists: false,
        })
    }

    /// Where clients connect: `host:port`, separated by commas. Starts the cluster.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// let broker = carom::kafka::Embedded::new();
    /// println!("kcat -L -b {}", broker.bootstrap_servers()?); // while this process lives
    /// # Ok(())
    /// # }
    /// ```
    pub fn bootstrap_servers(&self) -> Result<String, EmbeddedError> {
        Ok(self.cluster()?.bootstrap_servers())
    }

    /// Creates a topic; Kafka's own admin requests only time out here.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses, as Kafka does: the topic exists, the name is none for a topic
    /// (`[a-zA-Z0-9._-]`, 249 characters at most, not `.` or `..`), or there is no partition.
    ///
    /// ```
    /// # fn main() -> Result<(), carom::kafka::EmbeddedError> {
    /// let broker = carom::kafka::Embedded::new();
    /// broker.create_topic("orders", 4)?;
    /// assert!(broker.create_topic("orders", 4).is_err()); // it exists
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_topic(&self, name: &str, partitions: u32) -> Result<(), EmbeddedError> {
        let created = match i32::try_from(partitions) {
            // The mock cluster would take both.
            _ if !is_topic_name(name) => Err(RDKafkaErrorCode::InvalidTopic),
            Err(_) | Ok(0) => Err(RDKafkaErrorCode::InvalidPartitions),
            Ok(count) => self.cluster()?.create_topic(name, count),
        };
        created.map_err(|code| EmbeddedError::new(format!("create topic `{name}`"), code))
    }

    /// Consumer options without which groups on this broker take many seconds to settle, and records to arrive.
    ///
    /// An append does not wake a waiting fetch here, so `fetch.wait.max.ms` *is* the latency: 20, and 5 with the
    /// `testing` feature. A classic rebalance takes the session timeout less one second.
    pub(super) fn consumer_overrides(group: super::GroupProtocol) -> Vec<(&'static str, &'static str)> {
        let wait = if cfg!(any(test, feature = "testing")) { "5" } else { "20" };
        let mut options = vec![("fetch.wait.max.ms", wait)];
        if group == super::GroupProtocol::Classic {
            options.extend([("session.timeout.ms", "2000"), ("heartbeat.interval.ms", "200")]);
        }
        options
    }
}

/// A bus on this broker, and on every clone of it.
///
/// ```
/// use carom::{Kafka, kafka::Embedded};
///
/// let broker = Embedded::new();
/// let kafka = Kafka::from(broker.clone());
/// assert_eq!(kafka.bootstrap_servers(), broker.bootstrap_servers().map_err(|error| error.to_string()));
/// ```
impl From<Embedded> for super::Kafka {
    fn from(broker: Embedded) -> Self {
        Self::on(broker)
    }
}

impl Default for Embedded {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shared.cluster.get() {
            Some(Ok(cluster)) => write!(f, "Embedded({})", cluster.bootstrap_servers()),
            Some(Err(reason)) => write!(f, "Embedded({reason})"),
            None => f.write_str("Embedded(not started)"),
        }
    }
}

#[cfg(test)]
mod tests;

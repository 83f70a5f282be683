//! The embedded broker: librdkafka's mock cluster, in this process.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use rdkafka::error::RDKafkaErrorCode;

use super::raw::mock::{GroupTiming, MockCluster};

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
/// # What it does not do
///
/// - **It forgets.** A partition keeps 5 MB (5,242,880 bytes as stored) or 100,000 batches; what is older vanishes
///   without an error, read or not. A reader that fell behind jumps ahead.
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

/// The embedded broker could not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the embedded broker cannot {what}: {reason}")]
pub struct EmbeddedError {
    what: String,
    reason: String,
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
    /// A cluster of one broker; nothing runs before its first use.
    #[must_use]
    pub fn new() -> Self {
        Self::with_brokers(1)
    }

    /// A cluster of several brokers, for tests in which leaders move.
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

    /// Where clients connect; starts the cluster.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    pub fn bootstrap_servers(&self) -> Result<String, EmbeddedError> {
        Ok(self.cluster()?.bootstrap_servers())
    }

    /// Creates a topic; Kafka's own admin requests only time out here.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    pub fn create_topic(&self, name: &str, partitions: u32) -> Result<(), EmbeddedError> {
        let count = i32::try_from(partitions).unwrap_or(i32::MAX);
        let created = self.cluster()?.create_topic(name, count);
        created.map_err(|code| EmbeddedError::new(format!("create topic `{name}`"), code))
    }

    /// Cuts all connections and accepts no new ones until [`broker_up`](Self::broker_up). Records are kept.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    pub fn broker_down(&self) -> Result<(), EmbeddedError> {
        self.cluster()?.set_down().map_err(|code| EmbeddedError::new("go down", code))
    }

    /// Accepts connections again.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    pub fn broker_up(&self) -> Result<(), EmbeddedError> {
        self.cluster()?.set_up().map_err(|code| EmbeddedError::new("come up", code))
    }

    /// Makes the next requests of one kind fail, one per error, in this order.
    ///
    /// Both are numbers of the Kafka protocol: API key 0 is Produce, 1 Fetch, 8 OffsetCommit, 9 OffsetFetch,
    /// 11 JoinGroup, 12 Heartbeat; error 6 is NOT_LEADER_OR_FOLLOWER, 16 NOT_COORDINATOR. Error −195 cuts the connection.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    pub fn inject_errors(&self, api_key: i16, errors: &[i32]) -> Result<(), EmbeddedError> {
        self.cluster()?.push_errors(api_key, errors);
        Ok(())
    }

    /// Takes back what is left of [`inject_errors`](Self::inject_errors).
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    pub fn clear_errors(&self, api_key: i16) -> Result<(), EmbeddedError> {
        self.cluster()?.clear_errors(api_key);
        Ok(())
    }

    /// Delays every answer by this much.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    pub fn set_round_trip_time(&self, time: Duration) -> Result<(), EmbeddedError> {
        let set = self.cluster()?.set_round_trip_time(time);
        set.map_err(|code| EmbeddedError::new("change its round-trip time", code))
    }

    /// Moves a partition to a broker (they count from 1); `None` leaves it without a leader.
    ///
    /// # Errors
    ///
    /// If the cluster cannot be started, or refuses.
    pub fn set_leader(&self, topic: &str, partition: i32, broker: Option<i32>) -> Result<(), EmbeddedError> {
        let moved = self.cluster()?.set_leader(topic, partition, broker.unwrap_or(-1));
        moved.map_err(|code| EmbeddedError::new(format!("move the leader of {topic}[{partition}]"), code))
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
mod tests {
    use std::time::Instant;

    use rdkafka::consumer::{BaseConsumer, Consumer};

    use super::{
        super::{GroupProtocol, Kafka},
        *,
    };

    #[test]
    fn clones_share_one_cluster_and_others_do_not() {
        let one = Embedded::new();
        let other = Embedded::new();

        assert_eq!(one.bootstrap_servers(), one.clone().bootstrap_servers());
        assert_ne!(one.bootstrap_servers(), other.bootstrap_servers());
    }

    #[test]
    fn nothing_runs_before_the_first_use() {
        assert_eq!(format!("{:?}", Embedded::new()), "Embedded(not started)");
    }

    #[test]
    fn the_cluster_goes_with_its_last_clone() {
        let one = Embedded::new();
        let shared = Arc::downgrade(&one.shared);
        let clone = one.clone();

        drop(one);
        assert!(clone.bootstrap_servers().is_ok());
        drop(clone);
        assert!(shared.upgrade().is_none());
    }

    #[test]
    fn a_topic_that_exists_is_told_apart_from_other_failures() {
        let broker = Embedded::new();
        broker.create_topic("orders", 2).unwrap();

        let again = broker.create_topic("orders", 2).unwrap_err();
        assert!(again.already_exists(), "{again}");
        let nul = broker.create_topic("or\0ders", 2).unwrap_err();
        assert!(!nul.already_exists(), "{nul}");
    }

    /// Polls all members until each has its share of four partitions; the time that took.
    fn settle(members: &[BaseConsumer], share: usize) -> Duration {
        let started = Instant::now();
        let settled = |member: &BaseConsumer| member.assignment().unwrap().count() == share;
        while !members.iter().all(settled) {
            assert!(started.elapsed() < Duration::from_secs(20), "the group does not settle");
            for member in members {
                member.poll(Duration::from_millis(5));
            }
        }
        started.elapsed()
    }

    fn groups_settle(protocol: GroupProtocol) {
        let kafka = Kafka::embedded().group_protocol(protocol);
        kafka.broker().unwrap().create_topic("orders", 4).unwrap();
        let join = |name: &str| {
            let member: BaseConsumer = kafka.consumer_config("billing", name).unwrap().create().unwrap();
            member.subscribe(&["orders"]).unwrap();
            member
        };
        let mut members = vec![join("one")];
        let first = settle(&members, 4);
        members.push(join("two"));
        let second = settle(&members, 2);
        members.remove(0);
        let left = settle(&members, 4);
        drop(members);
        let together = settle(&[join("three"), join("four")], 2);
        println!(
            "{protocol:?}: first {first:.2?}, second {second:.2?}, after a leave {left:.2?}, together {together:.2?}"
        );
        assert!(first < Duration::from_secs(5), "{first:?}");
    }

    #[test]
    fn classic_groups_settle_within_seconds() {
        groups_settle(GroupProtocol::Classic);
    }

    #[test]
    fn groups_that_the_broker_decides_settle_within_seconds() {
        groups_settle(GroupProtocol::Consumer);
    }
}

//! The embedded broker: librdkafka's mock cluster, with the group timing that rdkafka's own wrapper leaves out.

use std::{
    ffi::{CStr, CString},
    ptr::NonNull,
    time::Duration,
};

use rdkafka::{
    ClientConfig, bindings as sys,
    client::{Client, DefaultClientContext},
    error::RDKafkaErrorCode,
    types::{RDKafkaRespErr, RDKafkaType},
};

use super::millis;

/// All brokers, where librdkafka asks for one.
pub(in crate::kafka) const ALL_BROKERS: i32 = -1;

/// A mock cluster and the client whose threads it borrows.
pub(in crate::kafka) struct MockCluster {
    cluster: NonNull<sys::rd_kafka_mock_cluster_t>,
    /// After `cluster`, which must not outlive it.
    _client: Client<DefaultClientContext>,
}

// SAFETY: the functions below take the cluster's lock or hand an operation to the cluster's own thread; the address
// list is written once, before `rd_kafka_mock_cluster_new` returns.
unsafe impl Send for MockCluster {}
// SAFETY: as above.
unsafe impl Sync for MockCluster {}

/// How fast groups of the cluster settle.
pub(in crate::kafka) struct GroupTiming {
    /// How long the first member of a classic group waits for others.
    pub(in crate::kafka) first_join: Duration,
    /// KIP-848: how often members report.
    pub(in crate::kafka) heartbeat: Duration,
    /// KIP-848: when a silent member is gone.
    pub(in crate::kafka) session: Duration,
}

impl MockCluster {
    pub(in crate::kafka) fn new(brokers: i32, timing: &GroupTiming) -> Result<Self, String> {
        let config = ClientConfig::new();
        let native = config.create_native_config().map_err(|error| error.to_string())?;
        let client = Client::new(&config, native, RDKafkaType::RD_KAFKA_PRODUCER, DefaultClientContext)
            .map_err(|error| error.to_string())?;
        // SAFETY: the client is alive and is kept beside the cluster; null is checked.
        let cluster = unsafe { sys::rd_kafka_mock_cluster_new(client.native_ptr(), brokers) };
        let cluster = NonNull::new(cluster).ok_or("no local port could be opened")?;
        // SAFETY: the cluster was just created and nobody else knows it.
        unsafe {
            sys::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster.as_ptr(), millis(timing.first_join));
            sys::rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(cluster.as_ptr(), millis(timing.heartbeat));
            sys::rd_kafka_mock_set_group_consumer_session_timeout_ms(cluster.as_ptr(), millis(timing.session));
        }
        Ok(Self { cluster, _client: client })
    }

    pub(in crate::kafka) fn bootstrap_servers(&self) -> String {
        // SAFETY: a C string that lives as long as the cluster and never changes; copied here.
        let servers = unsafe { CStr::from_ptr(sys::rd_kafka_mock_cluster_bootstraps(self.cluster.as_ptr())) };
        servers.to_string_lossy().into_owned()
    }

    pub(in crate::kafka) fn create_topic(&self, name: &str, partitions: i32) -> Result<(), RDKafkaErrorCode> {
        let name = CString::new(name).map_err(|_| RDKafkaErrorCode::InvalidTopic)?;
        // SAFETY: the cluster is alive, the name is copied during the call.
        done(unsafe { sys::rd_kafka_mock_topic_create(self.cluster.as_ptr(), name.as_ptr(), partitions, 1) })
    }

    pub(in crate::kafka) fn set_leader(
        &self,
        topic: &str,
        partition: i32,
        broker: i32,
    ) -> Result<(), RDKafkaErrorCode> {
        let topic = CString::new(topic).map_err(|_| RDKafkaErrorCode::InvalidTopic)?;
        let (cluster, topic) = (self.cluster.as_ptr(), topic.as_ptr());
        // SAFETY: the cluster is alive, the name is copied during the call and still alive here.
        done(unsafe { sys::rd_kafka_mock_partition_set_leader(cluster, topic, partition, broker) })
    }

    pub(in crate::kafka) fn set_coordinator(&self, group: &str, broker: i32) -> Result<(), RDKafkaErrorCode> {
        let group = CString::new(group).map_err(|_| RDKafkaErrorCode::InvalidGroupId)?;
        let (cluster, group) = (self.cluster.as_ptr(), group.as_ptr());
        // SAFETY: the cluster is alive, both names are copied during the call and still alive here.
        done(unsafe { sys::rd_kafka_mock_coordinator_set(cluster, c"group".as_ptr(), group, broker) })
    }

    pub(in crate::kafka) fn set_down(&self, broker: i32) -> Result<(), RDKafkaErrorCode> {
        // SAFETY: the cluster is alive.
        done(unsafe { sys::rd_kafka_mock_broker_set_down(self.cluster.as_ptr(), broker) })
    }

    pub(in crate::kafka) fn set_up(&self, broker: i32) -> Result<(), RDKafkaErrorCode> {
        // SAFETY: the cluster is alive.
        done(unsafe { sys::rd_kafka_mock_broker_set_up(self.cluster.as_ptr(), broker) })
    }

    pub(in crate::kafka) fn set_round_trip_time(&self, time: Duration) -> Result<(), RDKafkaErrorCode> {
        // SAFETY: the cluster is alive.
        done(unsafe { sys::rd_kafka_mock_broker_set_rtt(self.cluster.as_ptr(), ALL_BROKERS, millis(time)) })
    }

    pub(in crate::kafka) fn push_errors(&self, api_key: i16, errors: &[i32]) {
        let (cluster, first) = (self.cluster.as_ptr(), errors.as_ptr().cast::<RDKafkaRespErr>());
        // SAFETY: librdkafka reads `errors.len()` C enums, which are ints, and copies them; no Rust enum comes to be.
        unsafe { sys::rd_kafka_mock_push_request_errors_array(cluster, api_key, errors.len(), first) }
    }

    pub(in crate::kafka) fn clear_errors(&self, api_key: i16) {
        // SAFETY: the cluster is alive.
        unsafe { sys::rd_kafka_mock_clear_request_errors(self.cluster.as_ptr(), api_key) }
    }
}

impl Drop for MockCluster {
    fn drop(&mut self) {
        // SAFETY: created by us, destroyed once, before its client.
        unsafe { sys::rd_kafka_mock_cluster_destroy(self.cluster.as_ptr()) }
    }
}

fn done(error: RDKafkaRespErr) -> Result<(), RDKafkaErrorCode> {
    match RDKafkaErrorCode::from(error) {
        RDKafkaErrorCode::NoError => Ok(()),
        error => Err(error),
    }
}

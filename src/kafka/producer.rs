//! Publishing: one idempotent client per sink, permits before the client's queue, a result for every record.
//!
//! ```text
//! send ─▶ size check ─▶ queue (permits, order) ─▶ librdkafka ─▶ broker
//!                          ▲                          │
//!                          └── permits, outcome ◀── thread ◀── delivery reports
//! ```

mod client;
mod connection;
mod failure;
mod partitions;
mod queue;
mod topics;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use rdkafka::{ClientConfig, error::KafkaError};

pub(crate) use self::connection::Tell;
use self::{
    client::Shared,
    partitions::{Count, PartitionCounts},
    queue::{Limits, Outcome, SendQueue},
    topics::Topics,
};
use super::{
    Embedded,
    client::ClientLog,
    record::OutRecord,
    source::{Delivery, SendError, Sink},
};
use crate::clock::FOR_EVER;
#[cfg(any(test, feature = "testing"))]
use crate::{
    kafka::client::Secrets,
    telemetry::logs::client::{Name, PRODUCER},
};

/// Publishes to Kafka.
///
/// Records with a key keep their order from call to call. A record that failed and is sent again comes behind those
/// that were sent meanwhile.
///
/// Dropping it returns at once and gives up what is not acknowledged (`flush` first); the futures of those records
/// still resolve.
pub(crate) struct KafkaSink {
    shared: Arc<Shared>,
    partitions: Arc<PartitionCounts>,
    max_record_bytes: usize,
}

/// Settings that a sink cannot do without.
const DEFAULTS: [(&str, &str); 3] =
    [("enable.idempotence", "true"), ("message.max.bytes", "1000000"), ("allow.auto.create.topics", "false")];

/// Likewise, with librdkafka's other name for the key.
const DEFAULTS_WITH_ALIAS: [(&str, &str, &str); 2] =
    [("acks", "request.required.acks", "all"), ("delivery.timeout.ms", "message.timeout.ms", "120000")];

/// How long the cluster may take to say how many partitions a topic has.
const COUNT: Duration = Duration::from_secs(5);

/// The only clock of the producer.
fn now() -> Instant {
    crate::clock::monotonic()
}

impl KafkaSink {
    /// A sink for the cluster of `config`; what it leaves open gets carom's defaults.
    ///
    /// The permits follow from `queue.buffering.max.messages` and `queue.buffering.max.kbytes`, the time a record may
    /// wait for one from `delivery.timeout.ms`, whose clock starts anew when the record gets its permit: a record
    /// resolves within twice that time. Dead letters want a sink of their own with a shorter one.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn new(config: &ClientConfig, secrets: Secrets) -> Result<Self, KafkaError> {
        let name = Name { service: config.get("client.id").unwrap_or_default().into(), client: PRODUCER };
        Self::watched(config, ClientLog::new(name, secrets), Arc::new(|_, _| {}), None)
    }

    /// As `KafkaSink::new`; `tell` is told when the cluster is reached, or no longer is. An embedded `broker` stays as
    /// long as the client.
    pub(crate) fn watched(
        config: &ClientConfig,
        log: ClientLog,
        tell: Tell,
        broker: Option<Embedded>,
    ) -> Result<Self, KafkaError> {
        let mut config = config.clone();
        let defaults = DEFAULTS.map(|(key, value)| (key, key, value)).into_iter().chain(DEFAULTS_WITH_ALIAS);
        for (key, alias, value) in defaults {
            if config.get(key).or(config.get(alias)).is_none() {
                config.set(key, value);
            }
        }
        let native = config.create_native_config()?;
        let number = |key: &str| native.get(key).map(|value| value.parse::<usize>().unwrap_or(usize::MAX));
        let max_record_bytes = number("message.max.bytes")?;
        let max_bytes = number("queue.buffering.max.kbytes")?.saturating_mul(1024);
        if max_bytes < max_record_bytes {
            return Err(KafkaError::ClientCreation(format!(
                "`queue.buffering.max.kbytes` has no room for one record of `message.max.bytes` ({max_record_bytes}): \
                 set it to {} at least",
                max_record_bytes.div_ceil(1024)
            )));
        }
        let limits = Limits {
            records: number("queue.buffering.max.messages")?.saturating_sub(1).max(1),
            bytes: max_bytes,
            patience: match number("delivery.timeout.ms")? {
                0 => FOR_EVER,
                millis => Duration::from_millis(millis as u64).min(FOR_EVER),
            },
        };
        let shared = Shared::start(config, log, SendQueue::new(limits), tell, broker)?;
        Ok(Self { shared, partitions: Arc::default(), max_record_bytes })
    }

    /// How many partitions `topic` has, at most a minute old. A cluster that is asked has to answer `within` this time;
    /// where several ask at once, the first one's counts.
    pub(crate) fn count(&self, topic: Arc<str>, within: Duration) -> BoxFuture<'static, Count> {
        let (partitions, client) = (Arc::clone(&self.partitions), self.shared.client());
        async move { partitions.get(topic, client, within).await }.boxed()
    }
}

/// The outcomes of a call that must not go out because one of its records is larger than `limit`.
pub(crate) fn oversized(records: &[OutRecord], limit: usize) -> Option<Vec<Outcome>> {
    if records.iter().all(|record| record.wire_size() <= limit) {
        return None;
    }
    let outcome = |record: &OutRecord| match record.wire_size() {
        bytes if bytes > limit => Err(failure::too_large(&record.topic, bytes, limit)),
        _ => Err(failure::held_back(&record.topic)),
    };
    Some(records.iter().map(outcome).collect())
}

impl Sink for KafkaSink {
    fn send(&self, records: Vec<OutRecord>) -> BoxFuture<'static, Vec<Result<Delivery, SendError>>> {
        if let Some(outcomes) = oversized(&records, self.max_record_bytes) {
            return std::future::ready(outcomes).boxed();
        }
        let (topics, count) = (Topics::of_all(&records), records.len());
        let told = self.shared.with_queue(|queue| queue.push(records, topics.clone(), now()));
        async move {
            // The sender lives until it has told, unless the thread is gone.
            told.await.unwrap_or_else(|_gone| (0..count).map(|at| Err(failure::abandoned(topics.of(at)))).collect())
        }
        .boxed()
    }

    fn is_known(&self, _topic: &Arc<str>) -> bool {
        true
    }

    fn max_record_bytes(&self) -> usize {
        self.max_record_bytes
    }

    fn partition_count(&self, topic: &Arc<str>) -> BoxFuture<'static, Option<i32>> {
        let count = self.count(Arc::clone(topic), COUNT);
        async move { count.await.ok() }.boxed()
    }

    fn flush(&self, within: Duration) -> BoxFuture<'static, usize> {
        let told = self.shared.with_queue(|queue| queue.flush(now() + within.min(FOR_EVER)));
        self.shared.wake();
        async move { told.await.unwrap_or(0) }.boxed()
    }
}

impl Drop for KafkaSink {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for KafkaSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSink").field("max_record_bytes", &self.max_record_bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

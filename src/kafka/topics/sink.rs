//! A sink that sees to a topic before the first record goes there.

use std::{fmt, sync::Arc, time::Duration};

use dashmap::DashMap;
use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::OnceCell;

use super::{
    Topics,
    ensure::{PATIENCE, ensure},
    plan::{NotProvisioned, TopicPlan},
};
use crate::kafka::{
    Kafka, KafkaSink,
    record::OutRecord,
    source::{Delivery, SendError, SendErrorKind, Sink},
};

/// Partitions that an event asks for, by the name of its topic.
pub(crate) type Wanted = Arc<dyn Fn(&str) -> Option<u32> + Send + Sync>;

/// A sink that creates, or looks for, each topic once, when the first record goes there.
///
/// Topics that the bus has seen to at start are known from the beginning. For a topic that is not known yet, records
/// are enqueued when it is ready, not at the call.
pub(crate) struct ProvisioningSink {
    sink: Arc<KafkaSink>,
    kafka: Kafka,
    wanted: Wanted,
    known: Arc<DashMap<Arc<str>, Arc<OnceCell<()>>>>,
}

impl fmt::Debug for ProvisioningSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvisioningSink").field("sink", &self.sink).finish_non_exhaustive()
    }
}

impl ProvisioningSink {
    pub(crate) fn new(
        sink: KafkaSink,
        kafka: Kafka,
        wanted: Wanted,
        known: impl IntoIterator<Item = Arc<str>>,
    ) -> Self {
        let ready = || Arc::new(OnceCell::new_with(Some(())));
        let known = known.into_iter().map(|topic| (topic, ready())).collect();
        Self { sink: Arc::new(sink), kafka, wanted, known: Arc::new(known) }
    }

    /// Sees to the topics that are not known; resolves to what stands in the way.
    fn see_to(&self, records: &[OutRecord]) -> BoxFuture<'static, Option<SendError>> {
        let mut topics: Vec<Arc<str>> = records.iter().map(|record| Arc::clone(&record.topic)).collect();
        topics.retain(|topic| !self.is_known(topic));
        topics.sort();
        topics.dedup();
        let (kafka, known, wanted) = (self.kafka.clone(), Arc::clone(&self.known), Arc::clone(&self.wanted));
        async move {
            for topic in topics {
                let ready = Arc::clone(&known.entry(Arc::clone(&topic)).or_default());
                let plan = TopicPlan { name: topic.to_string(), partitions: wanted(&topic), ..TopicPlan::default() };
                let seen = ready.get_or_try_init(|| async { ensure(&kafka, &[plan], PATIENCE).await.map(drop) }).await;
                if let Err(error) = seen {
                    return Some(failure(&topic, error));
                }
            }
            None
        }
        .boxed()
    }
}

fn failure(topic: &str, error: NotProvisioned) -> SendError {
    let (kind, reason) = match error {
        NotProvisioned::Unreachable { reason, .. } => (SendErrorKind::Retriable, reason),
        NotProvisioned::Problems(problems) => (SendErrorKind::Permanent, problems.join("; ")),
    };
    SendError { topic: topic.to_owned(), kind, reason, code: None }
}

impl Sink for ProvisioningSink {
    fn send(&self, records: Vec<OutRecord>) -> BoxFuture<'static, Vec<Result<Delivery, SendError>>> {
        let topics = records.chunk_by(|one, next| Arc::ptr_eq(&one.topic, &next.topic)).map(|same| &same[0].topic);
        if topics.into_iter().all(|topic| self.is_known(topic)) {
            return self.sink.send(records);
        }
        let (seen_to, sink) = (self.see_to(&records), Arc::clone(&self.sink));
        async move {
            match seen_to.await {
                Some(error) => records.iter().map(|_| Err(error.clone())).collect(),
                None => sink.send(records).await,
            }
        }
        .boxed()
    }

    fn is_known(&self, topic: &Arc<str>) -> bool {
        self.kafka.topics_mode() == Topics::Ignore || self.known.get(topic).is_some_and(|ready| ready.initialized())
    }

    fn max_record_bytes(&self) -> usize {
        self.sink.max_record_bytes()
    }

    fn partition_count(&self, topic: &Arc<str>) -> BoxFuture<'static, Option<i32>> {
        self.sink.partition_count(topic)
    }

    fn flush(&self, within: Duration) -> BoxFuture<'static, usize> {
        self.sink.flush(within)
    }
}

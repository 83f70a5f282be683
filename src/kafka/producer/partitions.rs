//! How many partitions a topic has, as the cluster said not long ago.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::oneshot;

use super::{
    super::{
        raw::produce::{Persisted, RawProducer},
        source::SendError,
    },
    failure, now,
};

/// How long an answer is believed; partitions may be added.
const FRESH: Duration = Duration::from_secs(60);

pub(super) type Count = Result<i32, SendError>;

/// Answers by topic. The client's call blocks, so it runs on a thread of its own, one per topic at a time.
#[derive(Default)]
pub(super) struct PartitionCounts(Mutex<HashMap<Arc<str>, Known>>);

enum Known {
    Count(i32, Instant),
    /// Asked; these want to hear the answer.
    Asking(Vec<oneshot::Sender<Count>>),
}

impl PartitionCounts {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The count for `topic`, asked of the cluster through `client` if it is not known.
    pub(super) async fn get(
        self: &Arc<Self>,
        topic: Arc<str>,
        client: Option<Arc<RawProducer>>,
        within: Duration,
    ) -> Count {
        let unreachable = failure::of(&topic, RDKafkaErrorCode::AllBrokersDown, Persisted::No);
        let Some(client) = client else { return Err(unreachable) };
        let (tell, told) = oneshot::channel();
        let ask = {
            let mut known = self.lock();
            match known.get_mut(&topic) {
                Some(Known::Count(count, at)) if now().saturating_duration_since(*at) < FRESH => return Ok(*count),
                Some(Known::Asking(others)) => {
                    others.push(tell);
                    false
                }
                _ => {
                    known.insert(Arc::clone(&topic), Known::Asking(vec![tell]));
                    true
                }
            }
        };
        if ask {
            let (counts, asked) = (Arc::clone(self), Arc::clone(&topic));
            let asking = thread::Builder::new().name("carom-metadata".to_owned());
            if asking.spawn(move || counts.ask(&asked, &client, within)).is_err() {
                self.lock().remove(&topic);
            }
        }
        told.await.unwrap_or(Err(unreachable))
    }

    fn ask(&self, topic: &Arc<str>, client: &RawProducer, within: Duration) {
        let found = client.partition_count(topic, within).map_err(|code| failure::of(topic, code, Persisted::No));
        let mut known = self.lock();
        let asked = match &found {
            Ok(count) => known.insert(Arc::clone(topic), Known::Count(*count, now())),
            Err(_) => known.remove(topic),
        };
        drop(known);
        if let Some(Known::Asking(waiting)) = asked {
            for tell in waiting {
                drop(tell.send(found.clone()));
            }
        }
    }
}

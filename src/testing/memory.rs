//! A cluster in memory: what [`Source`] and [`Sink`] need, and nothing more.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::{TestRecord, WrittenRecord};
use crate::{
    event::Partitioner,
    kafka::{
        oversized,
        record::{Batch, OutRecord, Timestamp, TopicPartition},
        source::{CommitPoint, Committed, Delivery, Figures, SendError, SendErrorKind, Sink, Source, SourceEvent},
    },
    stats::Measured,
};

/// Partitions of a topic in memory.
pub(crate) const PARTITIONS: i32 = 4;

/// The logs, shared by all that read and write them.
#[derive(Clone, Default)]
pub(crate) struct Cluster {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    logs: BTreeMap<(String, i32), Vec<WrittenRecord>>,
    committed: BTreeMap<(String, i32), Committed>,
    /// In the order in which they were written.
    published: Vec<WrittenRecord>,
    /// The partition of the last record without a key: they go round.
    keyless: i32,
    /// What becomes of the next records that are sent, one each, before anything is written.
    refusals: VecDeque<SendError>,
    wake: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cluster(in memory)")
    }
}

impl Cluster {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom to wake when something was written.
    pub(crate) fn on_write(&self, wake: Arc<dyn Fn() + Send + Sync>) {
        self.state().wake = Some(wake);
    }

    /// Writes a record that comes from outside the bus.
    pub(crate) fn append(&self, record: &OutRecord) -> (i32, i64) {
        let mut state = self.state();
        let written = state.write(record);
        let wake = state.wake.clone();
        drop(state);
        if let Some(wake) = wake {
            wake();
        }
        (written.partition, written.offset)
    }

    pub(crate) fn published(&self) -> Vec<WrittenRecord> {
        self.state().published.clone()
    }

    pub(crate) fn all_committed(&self) -> Vec<(String, i32, i64)> {
        let state = self.state();
        state
            .committed
            .iter()
            .map(|((topic, partition), committed)| (topic.clone(), *partition, committed.offset))
            .collect()
    }

    /// Has the next records refused, one for each error.
    pub(crate) fn refuse(&self, errors: impl IntoIterator<Item = SendErrorKind>) {
        let errors = errors.into_iter().map(|kind| SendError {
            topic: "in memory".to_owned(),
            kind,
            reason: "a test asked for it".to_owned(),
            code: None,
        });
        self.state().refusals.extend(errors);
    }
}

impl State {
    fn write(&mut self, record: &OutRecord) -> WrittenRecord {
        let partition = record.partition.unwrap_or_else(|| {
            Partitioner::default().partition(record.key(), PARTITIONS).unwrap_or_else(|| {
                self.keyless = (self.keyless + 1) % PARTITIONS;
                self.keyless
            })
        });
        let log = self.logs.entry((record.topic.to_string(), partition)).or_default();
        let written = WrittenRecord {
            topic: record.topic.to_string(),
            partition,
            offset: log.len() as i64,
            key: record.key().map(<[u8]>::to_vec),
            value: record.value().map(<[u8]>::to_vec),
            headers: record.headers().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect(),
        };
        log.push(written.clone());
        written
    }
}

impl Sink for Cluster {
    fn send(&self, records: Vec<OutRecord>) -> BoxFuture<'static, Vec<Result<Delivery, SendError>>> {
        if let Some(outcomes) = oversized(&records, self.max_record_bytes()) {
            return ready(outcomes).boxed();
        }
        let mut state = self.state();
        let results = records
            .iter()
            .map(|record| {
                if let Some(error) = state.refusals.pop_front() {
                    return Err(error);
                }
                let written = state.write(record);
                let delivery = Delivery { partition: written.partition, offset: written.offset };
                state.published.push(written);
                Ok(delivery)
            })
            .collect();
        let wake = state.wake.clone();
        drop(state);
        if let Some(wake) = wake {
            wake();
        }
        ready(results).boxed()
    }

    fn is_known(&self, _topic: &Arc<str>) -> bool {
        true
    }

    fn max_record_bytes(&self) -> usize {
        1_000_000
    }

    fn partition_count(&self, _topic: &Arc<str>) -> BoxFuture<'static, Option<i32>> {
        ready(Some(PARTITIONS)).boxed()
    }

    fn flush(&self, _within: Duration) -> BoxFuture<'static, usize> {
        ready(0).boxed()
    }
}

/// Reads the logs of some topics, all partitions of them.
pub(crate) struct MemorySource {
    cluster: Cluster,
    events: VecDeque<SourceEvent>,
    positions: BTreeMap<TopicPartition, usize>,
}

impl MemorySource {
    pub(crate) fn new(cluster: Cluster, topics: impl IntoIterator<Item = Arc<str>>) -> Self {
        let assigned = topics
            .into_iter()
            .flat_map(|topic| (0..PARTITIONS).map(move |partition| TopicPartition::new(Arc::clone(&topic), partition)))
            .map(|partition| {
                let committed =
                    cluster.state().committed.get(&(partition.topic.to_string(), partition.partition)).cloned();
                (partition, committed)
            })
            .collect();
        Self { cluster, events: VecDeque::from([SourceEvent::Assigned(assigned)]), positions: BTreeMap::new() }
    }
}

impl Source for MemorySource {
    fn next_event(&mut self) -> Option<SourceEvent> {
        self.events.pop_front()
    }

    fn start(&mut self, partitions: &[(TopicPartition, Option<i64>)]) {
        let positions = partitions
            .iter()
            .map(|(partition, offset)| (partition.clone(), usize::try_from(offset.unwrap_or(0)).unwrap_or(0)));
        self.positions.extend(positions);
    }

    fn take(&mut self, partition: &TopicPartition, records: usize, bytes: usize, batch: &mut Batch) -> bool {
        let Some(position) = self.positions.get_mut(partition) else { return false };
        let state = self.cluster.state();
        let Some(log) = state.logs.get(&(partition.topic.to_string(), partition.partition)) else { return false };
        for record in log.iter().skip(*position).take(records) {
            batch.push(record.offset, Timestamp::Create(0), record.key.as_deref(), record.value.as_deref());
            batch.push_headers(record.headers.iter().map(|(name, value)| (&name[..], value.as_deref())));
            *position += 1;
            if batch.size() >= bytes {
                break;
            }
        }
        *position < log.len()
    }

    fn commit(&mut self, points: &[CommitPoint]) {
        let mut state = self.cluster.state();
        for point in points {
            let key = (point.partition.topic.to_string(), point.partition.partition);
            let metadata = point.metadata.clone().unwrap_or_default().into_bytes();
            state.committed.insert(key, Committed { offset: point.offset, metadata });
        }
        drop(state);
        let results = points.iter().map(|point| (point.partition.clone(), Ok(()))).collect();
        self.events.push_back(SourceEvent::Committed(results));
    }

    fn figures(&mut self) -> Figures {
        let state = self.cluster.state();
        let partitions = self.positions.iter().map(|(partition, position)| {
            let log = state.logs.get(&(partition.topic.to_string(), partition.partition));
            let end = log.map_or(0, Vec::len);
            let (end, left) = (end as i64, end.saturating_sub(*position) as u64);
            Measured { partition: partition.clone(), end: Some(end), prefetched: Some(left) }
        });
        Figures { joined: None, partitions: partitions.collect() }
    }

    fn release(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.positions.remove(partition);
        }
    }

    fn close(&mut self, _within: Duration) {}
}

/// A record from the outside, for a test that wants odd bytes.
pub(crate) fn raw_record(record: TestRecord) -> OutRecord {
    let TestRecord { topic, key, value, headers } = record;
    let headers: Vec<_> = headers.iter().map(|(name, value)| (&name[..], value.as_deref())).collect();
    OutRecord::new(topic.into(), None, key.as_deref(), value.as_deref(), &headers)
}

//! The queue of one assigned partition.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rdkafka::consumer::BaseConsumer;

use super::group::GroupContext;
use crate::{
    dispatch::Waker,
    kafka::{
        raw::{PartitionQueue, RecordError},
        record::{Batch, TopicPartition, leader_epochs::LeaderEpochs},
    },
};

/// A queue that has not reported records is looked at all the same, once in so many turns.
const LOOK_ANYWAY: u32 = 16;

/// Split off the main queue, which must never carry a record.
pub(super) struct Split {
    queue: PartitionQueue<GroupContext>,
    /// The queue went from empty to non-empty, or was left before it was empty.
    ready: Arc<AtomicBool>,
    skipped: u32,
    /// Bytes of a record, roughly.
    weight: usize,
    pub(super) epochs: LeaderEpochs,
}

impl Split {
    /// To be called before the assign; an older one of the same partition must be gone.
    pub(super) fn new(
        client: &Arc<BaseConsumer<GroupContext>>,
        partition: &TopicPartition,
        epochs: LeaderEpochs,
        waker: &Waker,
    ) -> Option<Self> {
        let ready = Arc::new(AtomicBool::new(true));
        let (flag, wake) = (Arc::clone(&ready), Arc::clone(waker));
        let non_empty = move || {
            flag.store(true, Ordering::Release);
            wake();
        };
        let queue = PartitionQueue::split(client, partition, non_empty)?;
        Some(Self { queue, ready, skipped: 0, weight: 512, epochs })
    }

    /// It may hold records; if not, the waker is called for the next one.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// Fills `batch` up to `records`, and to not many more than `bytes`; returns what came in place of records.
    pub(super) fn take(&mut self, records: usize, bytes: usize, batch: &mut Batch) -> Vec<RecordError> {
        let mut failed = Vec::new();
        self.skipped += 1;
        // The flag goes down first: whatever comes during the calls sets it again.
        if !self.ready.swap(false, Ordering::Acquire) && self.skipped < LOOK_ANYWAY {
            return failed;
        }
        self.skipped = 0;
        let mut more = true;
        while more && batch.len() < records && batch.size() < bytes {
            let affordable = (bytes - batch.size()).div_ceil(self.weight.max(1));
            let most = affordable.min(records - batch.len());
            more = self.queue.take(most, batch, &mut self.epochs, &mut failed);
            self.weight = batch.size().checked_div(batch.len()).unwrap_or(self.weight);
        }
        if more {
            self.ready.store(true, Ordering::Release);
        }
        failed
    }
}

//! Which lane a record goes to.
//!
//! Same key, same lane: one after another is all that order per key takes (promise 2). Nothing is kept of a key that is
//! not parked, so a million keys cost what one does.

use super::queue::KeyHash;
use crate::{
    kafka::record::Record,
    supervisor::{Ordering, Supervisor},
};

/// How the records of a mailbox are spread over its lanes.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Whether keys, the partition or nothing decides.
    ordering: Ordering,
    /// At least 1.
    lanes: usize,
}

impl Choice {
    /// As the supervisor of the actor says.
    pub(crate) fn new(policy: &Supervisor) -> Self {
        Self { ordering: policy.ordering, lanes: policy.lanes() }
    }

    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// The identity of the record's key, and its lane; no lane where any will do.
    ///
    /// Two keys with the same 64-bit hash would be kept in order together, which costs nothing but a little
    /// parallelism. A record without a key waits for nobody.
    pub(crate) fn of(&self, record: &Record) -> (Option<KeyHash>, Option<usize>) {
        match self.ordering {
            Ordering::Partition => (Some(0), Some(0)),
            Ordering::Unordered => (None, None),
            Ordering::Key => {
                let hash = record.lane_hash();
                (hash, hash.map(|hash| self.lane(hash)))
            }
        }
    }

    /// Multiply and shift instead of a division.
    fn lane(&self, hash: KeyHash) -> usize {
        ((u128::from(hash) * self.lanes as u128) >> 64) as usize
    }
}

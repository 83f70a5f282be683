//! How many bytes of a partition are in memory: counted when a batch is sealed, returned when it is gone.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Bytes of a partition that are in memory.
pub(crate) struct HeldBytes {
    now: AtomicUsize,
    limit: usize,
    /// Called when there is room again.
    room: Arc<dyn Fn() + Send + Sync>,
}

impl HeldBytes {
    pub(crate) fn new(limit: usize, room: Arc<dyn Fn() + Send + Sync>) -> Arc<Self> {
        Arc::new(Self { now: AtomicUsize::new(0), limit, room })
    }

    /// Counts, and limits nothing.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn unlimited() -> Arc<Self> {
        Self::new(usize::MAX, Arc::new(|| ()))
    }

    /// What may still be taken.
    pub(crate) fn left(&self) -> usize {
        self.limit.saturating_sub(self.now.load(Ordering::Relaxed))
    }
}

/// Bytes that a batch takes from its partition's credit; dropping the batch returns them.
pub(super) struct ByteLease {
    held: Arc<HeldBytes>,
    bytes: usize,
}

impl ByteLease {
    pub(super) fn take(held: &Arc<HeldBytes>, bytes: usize) -> Self {
        held.now.fetch_add(bytes, Ordering::Relaxed);
        Self { held: Arc::clone(held), bytes }
    }
}

impl Drop for ByteLease {
    fn drop(&mut self) {
        let before = self.held.now.fetch_sub(self.bytes, Ordering::Relaxed);
        if before >= self.held.limit && before - self.bytes < self.held.limit {
            (self.held.room)();
        }
    }
}

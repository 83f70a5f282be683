//! Buffers of batches, used again and again: filling fresh memory costs more than copying into it.

use std::sync::{Arc, Mutex, PoisonError};

use super::batch::Buffers;

/// Buffers that wait for their next batch, at most; more are freed.
const SPARE: usize = 32;

/// A buffer that has grown beyond this, in bytes, is freed: one batch of giants must not be remembered for ever.
const LARGEST: usize = 512 << 10;

/// Buffers between two batches; the poll thread takes them, whoever is done with a batch brings them back.
#[derive(Debug, Default)]
pub(crate) struct BufferPool {
    spare: Mutex<Vec<Buffers>>,
}

impl BufferPool {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Empty buffers, with room if there are any.
    pub(super) fn take(&self) -> Buffers {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes buffers back.
    pub(super) fn give(&self, mut buffers: Buffers) {
        if buffers.capacity() > LARGEST || buffers.capacity() == 0 {
            return;
        }
        buffers.clear();
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < SPARE {
            spare.push(buffers);
        }
    }
}

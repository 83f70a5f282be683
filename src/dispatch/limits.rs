//! How much of a partition may be in memory.
//!
//! These are the numbers of promise 9, and of promise 3: what waits behind a parked key counts. Tests set smaller ones.

/// How much of a partition may be in memory at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Unfinished records: what a slow handler, or a key that waits, can pile up.
    pub(crate) records: usize,
    /// Bytes of the batches that are still referred to. A batch may exceed it by what one call of the client returns.
    pub(crate) bytes: usize,
    /// Distance from the lowest unfinished offset to the highest received one. Keeps the offset map short, and bounds
    /// what is received again where the map is lost.
    pub(crate) window: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { records: 10_000, bytes: 16 << 20, window: 20_000 }
    }
}

/// What may be taken from a partition right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Credit {
    /// At least 1: a partition that may take none has no credit.
    pub(crate) records: usize,
    /// At least 1, likewise.
    pub(crate) bytes: usize,
}

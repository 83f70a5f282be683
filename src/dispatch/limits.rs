//! How much of a partition may be in memory.

/// How much of a partition may be in memory at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Unfinished records.
    pub(crate) records: usize,
    /// Bytes of the batches that are still referred to.
    pub(crate) bytes: usize,
    /// Distance from the lowest unfinished offset to the highest received one.
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
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

//! Records as they travel inside carom, in memory: bytes, copied once out of the client.
//!
//! The poll loop takes buffers from the pool (`buffers`) and has a [`Batch`] filled (`batch`): one buffer for values that
//! are text and one for all else, and the places of keys, values and headers in them (`span`). Headers are read from
//! what the broker sent (`wire_headers`); those that are the same as in the record before are not copied again (`same`
//! compares). Sealing the batch counts its bytes as held by the partition (`held`); when its last [`Record`] is gone,
//! they are returned, and the buffers go back to the pool, if it wants them. A record on its way to the broker is an
//! [`OutRecord`] (`out`), whose headers are in the form of the wire, too.

mod batch;
mod buffers;
mod held;
pub(super) mod leader_epochs;
mod out;
mod same;
mod span;
mod wire_headers;

use std::{fmt, sync::Arc};

pub(crate) use self::wire_headers::WireHeaders;
pub(crate) use self::{
    batch::{Batch, Record},
    buffers::BufferPool,
    held::HeldBytes,
    out::{OutRecord, RecordMemory, RecordWriter, header_room, text_header},
};

/// One partition of one topic.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TopicPartition {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
}

impl TopicPartition {
    pub(crate) fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.topic, self.partition)
    }
}

impl fmt::Debug for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// When a record was written, in Unix milliseconds, and who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Timestamp {
    /// The record carries none.
    #[default]
    None,
    /// Set by the producer.
    Create(i64),
    /// Set by the broker.
    Append(i64),
}

/// One header as it was on the wire: the name need not be UTF-8, the value may be null.
pub(crate) type Header<'a> = (&'a [u8], Option<&'a [u8]>);

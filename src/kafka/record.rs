//! Records as they travel inside carom: bytes, copied once out of the client.

use std::{fmt, ops::Range, sync::Arc};

use bytes::Bytes;

use super::{
    buffers::BufferPool,
    held::{ByteLease, HeldBytes},
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

/// Records of one partition, in one compact buffer; goes from the poll thread to the mailboxes in one message.
pub(crate) struct Batch {
    pub(crate) from: TopicPartition,
    buffers: Buffers,
    /// Where the buffers came from and go back to.
    pool: Option<Arc<BufferPool>>,
    _lease: Option<ByteLease>,
}

/// The memory of a batch.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    bytes: Vec<u8>,
    headers: Vec<HeaderSpan>,
    records: Vec<RecordSpan>,
}

impl Buffers {
    /// What they take, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
            + self.headers.capacity() * size_of::<HeaderSpan>()
            + self.records.capacity() * size_of::<RecordSpan>()
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.headers.clear();
        self.records.clear();
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(pool) = &self.pool {
            pool.give(std::mem::take(&mut self.buffers));
        }
    }
}

type Span = Range<u32>;

#[derive(Debug)]
struct HeaderSpan {
    name: Span,
    value: Option<Span>,
}

#[derive(Debug)]
struct RecordSpan {
    offset: i64,
    timestamp: Timestamp,
    key: Option<Span>,
    value: Option<Span>,
    headers: Span,
}

impl Batch {
    pub(crate) fn new(from: TopicPartition) -> Self {
        Self { from, buffers: Buffers::default(), pool: None, _lease: None }
    }

    /// A batch in memory of `pool`.
    pub(crate) fn pooled(from: TopicPartition, pool: &Arc<BufferPool>) -> Self {
        Self { from, buffers: pool.take(), pool: Some(Arc::clone(pool)), _lease: None }
    }

    /// Starts a record; its headers follow with [`Batch::push_header`].
    pub(crate) fn push(&mut self, offset: i64, timestamp: Timestamp, key: Option<&[u8]>, value: Option<&[u8]>) {
        let key = key.map(|key| self.copy(key));
        let value = value.map(|value| self.copy(value));
        let start = self.buffers.headers.len() as u32;
        self.buffers.records.push(RecordSpan { offset, timestamp, key, value, headers: start..start });
    }

    /// Adds a header to the record pushed last.
    pub(crate) fn push_header(&mut self, name: &[u8], value: Option<&[u8]>) {
        let name = self.copy(name);
        let value = value.map(|value| self.copy(value));
        self.buffers.headers.push(HeaderSpan { name, value });
        if let Some(record) = self.buffers.records.last_mut() {
            record.headers.end = self.buffers.headers.len() as u32;
        }
    }

    fn copy(&mut self, bytes: &[u8]) -> Span {
        let start = self.buffers.bytes.len();
        self.buffers.bytes.extend_from_slice(bytes);
        start as u32..self.buffers.bytes.len() as u32
    }

    /// Memory that the batch holds, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.buffers.bytes.len()
            + self.buffers.headers.len() * size_of::<HeaderSpan>()
            + self.buffers.records.len() * size_of::<RecordSpan>()
    }

    pub(crate) fn len(&self) -> usize {
        self.buffers.records.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffers.records.is_empty()
    }

    /// Offsets in the order of the log.
    #[cfg(test)]
    pub(crate) fn offsets(&self) -> impl Iterator<Item = i64> + '_ {
        self.buffers.records.iter().map(|record| record.offset)
    }

    /// The key of one record, by its place in the batch.
    pub(crate) fn key_at(&self, at: usize) -> Option<&[u8]> {
        let span = self.buffers.records.get(at)?.key.as_ref()?;
        Some(&self.buffers.bytes[span.start as usize..span.end as usize])
    }

    /// Drops the records for which `keep` says no; their bytes stay until the batch goes.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(i64) -> bool) {
        self.buffers.records.retain(|record| keep(record.offset));
    }

    /// Ends the filling: from here on the batch is shared and counts against `held`.
    pub(crate) fn seal(mut self, held: &Arc<HeldBytes>) -> Arc<Self> {
        self._lease = Some(ByteLease::take(held, self.size()));
        Arc::new(self)
    }

    /// The records of a sealed batch; each keeps the whole batch alive.
    pub(crate) fn records(self: &Arc<Self>) -> impl Iterator<Item = Record> + '_ {
        (0..self.buffers.records.len()).map(|at| Record { batch: Arc::clone(self), at })
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({}, {} records)", self.from, self.buffers.records.len())
    }
}

/// One record of a batch; cheap to clone.
#[derive(Clone)]
pub(crate) struct Record {
    batch: Arc<Batch>,
    at: usize,
}

/// One header as it was on the wire: the name need not be UTF-8, the value may be null.
pub(crate) type Header<'a> = (&'a [u8], Option<&'a [u8]>);

impl Record {
    fn span(&self) -> &RecordSpan {
        &self.batch.buffers.records[self.at]
    }

    fn slice(&self, span: &Span) -> &[u8] {
        &self.batch.buffers.bytes[span.start as usize..span.end as usize]
    }

    pub(crate) fn from(&self) -> &TopicPartition {
        &self.batch.from
    }

    pub(crate) fn offset(&self) -> i64 {
        self.span().offset
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        self.span().timestamp
    }

    /// The key; null and empty are two things.
    pub(crate) fn key(&self) -> Option<&[u8]> {
        self.span().key.as_ref().map(|span| self.slice(span))
    }

    /// The value; null (a tombstone) and empty are two things.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        self.span().value.as_ref().map(|span| self.slice(span))
    }

    /// The headers in their order, duplicates included.
    pub(crate) fn headers(&self) -> impl Iterator<Item = Header<'_>> + Clone {
        let span = &self.span().headers;
        self.batch.buffers.headers[span.start as usize..span.end as usize]
            .iter()
            .map(|header| (self.slice(&header.name), header.value.as_ref().map(|value| self.slice(value))))
    }

    /// A copy that no longer keeps its batch alive, for a record that has to wait.
    pub(crate) fn detach(&self, held: &Arc<HeldBytes>) -> Self {
        let mut batch = Batch::new(self.batch.from.clone());
        batch.push(self.offset(), self.timestamp(), self.key(), self.value());
        for (name, value) in self.headers() {
            batch.push_header(name, value);
        }
        Self { batch: batch.seal(held), at: 0 }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}@{})", self.batch.from, self.offset())
    }
}

/// A record on its way to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutRecord {
    pub(crate) topic: Arc<str>,
    /// `None` leaves the choice to the partitioner.
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    /// Names and values as bytes, in the order in which they are written.
    pub(crate) headers: Vec<(HeaderName, Option<Bytes>)>,
}

/// A header's name: a constant of ours, or bytes that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeaderName {
    Known(&'static str),
    Bytes(Bytes),
}

impl HeaderName {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Known(name) => name.as_bytes(),
            Self::Bytes(name) => name,
        }
    }
}

impl From<&'static str> for HeaderName {
    fn from(name: &'static str) -> Self {
        Self::Known(name)
    }
}

impl OutRecord {
    /// Key, value and headers together, in bytes.
    pub(crate) fn size(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.as_bytes().len() + value.as_ref().map_or(0, Bytes::len)).sum();
        self.key.as_ref().map_or(0, Bytes::len) + self.value.as_ref().map_or(0, Bytes::len) + headers
    }

    /// What the record takes of the broker's limit at most: [`OutRecord::size`] and the lengths around each part.
    pub(crate) fn wire_size(&self) -> usize {
        const RECORD: usize = 64;
        const HEADER: usize = 10;
        self.size() + RECORD + HEADER * self.headers.len()
    }
}

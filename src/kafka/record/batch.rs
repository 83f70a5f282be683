//! A batch: records of one partition, copied out of the client into compact buffers.

use std::{fmt, sync::Arc};

use super::{
    BufferPool, Header, HeldBytes, Timestamp, TopicPartition,
    buffers::Buffers,
    held::ByteLease,
    same::{same, same_value},
    span::{HeaderSpan, KeySpan, RecordSpan, Span, ValueSpan, copy},
};
use crate::event::{Look, Looks};

/// Records of one partition, in compact buffers; goes from the poll thread to the mailboxes in one message.
pub(crate) struct Batch {
    pub(crate) from: TopicPartition,
    buffers: Buffers,
    /// Where the buffers came from and go back to.
    pool: Option<Arc<BufferPool>>,
    _lease: Option<ByteLease>,
}

/// A sealed batch takes at most so many times what it counts as.
const ROOMY: usize = 4;

impl Drop for Batch {
    fn drop(&mut self) {
        if let Some(pool) = &self.pool {
            pool.give(std::mem::take(&mut self.buffers));
        }
    }
}

impl Batch {
    pub(crate) fn new(from: TopicPartition) -> Self {
        Self { from, buffers: Buffers::default(), pool: None, _lease: None }
    }

    /// A batch in memory of `pool`.
    pub(crate) fn pooled(from: TopicPartition, pool: &Arc<BufferPool>) -> Self {
        Self { from, buffers: pool.take(), pool: Some(Arc::clone(pool)), _lease: None }
    }

    /// Adds a record; its headers, if it has any, follow with [`Batch::push_headers`].
    pub(crate) fn push(&mut self, offset: i64, timestamp: Timestamp, key: Option<&[u8]>, value: Option<&[u8]>) {
        let Self { buffers, .. } = self;
        let key = key.map(|key| KeySpan::copy(&mut buffers.bytes, key));
        let value = value.map(|value| ValueSpan::copy(&mut buffers.bytes, &mut buffers.text, value));
        let start = buffers.headers.len() as u32;
        let headers = start..start;
        let looks = Looks::default();
        buffers.records.push(RecordSpan { offset, timestamp, key, value, headers, looks, event_type: None });
    }

    /// Gives the record pushed last its headers.
    ///
    /// It begins with those of the record before: what is the same at the same place is neither copied nor looked at
    /// again, for of the headers of an event only some differ from record to record.
    pub(crate) fn push_headers<'h>(&mut self, headers: impl Iterator<Item = Header<'h>>) {
        let Buffers { bytes, headers: spans, records, .. } = &mut self.buffers;
        let Some((last, before)) = records.split_last_mut() else { return };
        let (start, mut at) = (spans.len(), spans.len());
        if let Some(twin) = before.last() {
            spans.extend_from_within(twin.headers.start as usize..twin.headers.end as usize);
            (last.looks, last.event_type) = (twin.looks, twin.event_type);
        }
        let twins = spans.len();
        let mut alike = true;
        for (name, value) in headers {
            match spans.get_mut(at) {
                Some(span) if same(span.name.of(bytes), name) => {
                    if !same_value(span.value.map(|value| value.of(bytes)), value) {
                        let look = Look::at(name, value);
                        alike &= look == span.look && look != Look::Type;
                        (span.value, span.look) = (value.map(|value| copy(bytes, value)), look);
                    }
                }
                _ => {
                    alike = false;
                    spans.truncate(at);
                    let (name_at, look) = (copy(bytes, name), Look::at(name, value));
                    spans.push(HeaderSpan { name: name_at, value: value.map(|value| copy(bytes, value)), look });
                }
            }
            at += 1;
        }
        spans.truncate(at);
        last.headers.end = at as u32;
        if !alike || at != twins {
            last.look_at(&spans[start..]);
        }
    }

    /// Memory that the batch holds, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.buffers.size()
    }

    pub(crate) fn len(&self) -> usize {
        self.buffers.records.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.buffers.records.is_empty()
    }

    /// Offsets in the order of the log.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = i64> + '_ {
        self.buffers.records.iter().map(|record| record.offset)
    }

    /// It begins at `offset`, and no offset is missing in it.
    pub(crate) fn follows(&self, offset: i64) -> bool {
        let records = &self.buffers.records;
        let whole = |first: i64, last: i64| first == offset && last.wrapping_sub(first) == records.len() as i64 - 1;
        records.first().zip(records.last()).is_none_or(|(first, last)| whole(first.offset, last.offset))
    }

    /// The key of one record, by its place in the batch.
    pub(crate) fn key_at(&self, at: usize) -> Option<&[u8]> {
        Some(self.buffers.slice(self.buffers.records.get(at)?.key?.at))
    }

    /// Drops the records for which `keep` says no; their bytes stay until the batch goes.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(i64) -> bool) {
        self.buffers.records.retain(|record| keep(record.offset));
    }

    /// Moves the records from `at` on into a batch of their own.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        let mut rest = Self::new(self.from.clone());
        self.buffers.records[at..].iter().for_each(|record| rest.push_copy(&self.buffers, record));
        self.buffers.records.truncate(at);
        rest
    }

    /// Adds a copy of a record of another batch.
    fn push_copy(&mut self, of: &Buffers, record: &RecordSpan) {
        let key = record.key.map(|key| of.slice(key.at));
        self.push(record.offset, record.timestamp, key, of.value(record));
        self.push_headers(of.headers_of(record));
    }

    /// Ends the filling: from here on the batch is shared and counts against `held`.
    ///
    /// A batch that fills little of its memory moves to smaller one: it may have to wait for long, and what it holds
    /// must not be much more than what it counts.
    pub(crate) fn seal(mut self, held: &Arc<HeldBytes>) -> Arc<Self> {
        if self.buffers.capacity() > ROOMY * self.buffers.size()
            && let Some(pool) = self.pool.take()
        {
            let fitted = self.buffers.fitted();
            pool.give(std::mem::replace(&mut self.buffers, fitted));
        }
        self._lease = Some(ByteLease::take(held, self.size()));
        Arc::new(self)
    }

    /// The records of a sealed batch; each keeps the whole batch alive.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn records(self: &Arc<Self>) -> impl Iterator<Item = Record> + '_ {
        (0..self.len()).map(|at| self.record(at, None))
    }

    /// The record at a place of a sealed batch; takes over the reference of `spare`, if that is of the same batch.
    pub(crate) fn record(self: &Arc<Self>, at: usize, spare: Option<Record>) -> Record {
        match spare {
            Some(Record { batch, .. }) if Arc::ptr_eq(&batch, self) => Record { batch, at },
            _ => Record { batch: Arc::clone(self), at },
        }
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

impl Record {
    /// The same record once more, as [`Batch::record`].
    pub(crate) fn again(&self, spare: Option<Self>) -> Self {
        self.batch.record(self.at, spare)
    }

    fn span(&self) -> &RecordSpan {
        &self.batch.buffers.records[self.at]
    }

    fn slice(&self, span: Span) -> &[u8] {
        self.batch.buffers.slice(span)
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
        self.span().key.map(|key| self.slice(key.at))
    }

    /// The hash of the key, the same for the same bytes in each record of this process; none without a key, and for an
    /// empty one.
    pub(crate) fn lane_hash(&self) -> Option<u64> {
        self.span().key.and_then(|key| key.lane_hash)
    }

    /// The value; null (a tombstone) and empty are two things.
    pub(crate) fn value(&self) -> Option<&[u8]> {
        self.batch.buffers.value(self.span())
    }

    /// The value, if it is UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        match self.span().value? {
            ValueSpan::Text(span) => span.of_text(&self.batch.buffers.text),
            ValueSpan::Bytes(_) => None,
        }
    }

    /// The headers in their order, duplicates included.
    pub(crate) fn headers(&self) -> impl Iterator<Item = Header<'_>> + Clone {
        self.batch.buffers.headers_of(self.span())
    }

    /// The CloudEvents `type`, if this is an event as plain as most are (see [`Looks`]): it needs no reading to be
    /// routed, and its value is its data, in JSON.
    pub(crate) fn plain_type(&self) -> Option<&[u8]> {
        let RecordSpan { looks, event_type, value: Some(_), .. } = self.span() else { return None };
        event_type.filter(|_| looks.plain()).map(|span| self.slice(span))
    }

    /// A copy that no longer keeps its batch alive, for a record that has to wait.
    pub(crate) fn detach(&self, held: &Arc<HeldBytes>) -> Self {
        let mut batch = Batch::new(self.batch.from.clone());
        batch.push_copy(&self.batch.buffers, self.span());
        Self { batch: batch.seal(held), at: 0 }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}@{})", self.batch.from, self.offset())
    }
}

#[cfg(test)]
mod tests;

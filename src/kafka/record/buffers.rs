//! The memory of batches, used again and again: filling fresh memory costs more than copying into it.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    Header,
    span::{HeaderSpan, RecordSpan, Span, ValueSpan},
};

/// The memory of a batch.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// Keys, headers, and values that are no text.
    pub(super) bytes: Vec<u8>,
    /// Values that are UTF-8, as JSON is. The poll thread, which has the time, looks at each once; in a `String` they
    /// can be sliced as text without looking again.
    pub(super) text: String,
    pub(super) headers: Vec<HeaderSpan>,
    pub(super) records: Vec<RecordSpan>,
}

impl Buffers {
    /// What they take, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
            + self.text.capacity()
            + self.headers.capacity() * size_of::<HeaderSpan>()
            + self.records.capacity() * size_of::<RecordSpan>()
    }

    /// What they hold, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
            + self.text.len()
            + self.headers.len() * size_of::<HeaderSpan>()
            + self.records.len() * size_of::<RecordSpan>()
    }

    /// A copy without room to spare.
    pub(super) fn fitted(&self) -> Self {
        let Self { bytes, text, headers, records } = self;
        Self { bytes: bytes.clone(), text: text.clone(), headers: headers.clone(), records: records.clone() }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.text.clear();
        self.headers.clear();
        self.records.clear();
    }

    pub(super) fn slice(&self, span: Span) -> &[u8] {
        span.of(&self.bytes)
    }

    pub(super) fn value(&self, record: &RecordSpan) -> Option<&[u8]> {
        Some(match record.value? {
            ValueSpan::Text(span) => span.of(self.text.as_bytes()),
            ValueSpan::Bytes(span) => span.of(&self.bytes),
        })
    }

    pub(super) fn headers_of(&self, record: &RecordSpan) -> impl Iterator<Item = Header<'_>> + Clone {
        let headers = &self.headers[record.headers.start as usize..record.headers.end as usize];
        headers.iter().map(|header| (self.slice(header.name), header.value.map(|value| self.slice(value))))
    }
}

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

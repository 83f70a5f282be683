//! Where the parts of a record are in the buffers of its batch.

use std::{hash::BuildHasher, ops::Range};

use foldhash::quality::FixedState;

use super::Timestamp;
use crate::event::{Look, Looks};

/// Copies to the end of the buffer.
pub(super) fn copy(buffer: &mut Vec<u8>, bytes: &[u8]) -> Span {
    let start = buffer.len();
    buffer.extend_from_slice(bytes);
    Span { start: start as u32, end: buffer.len() as u32 }
}

/// Where bytes are in one of the buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }

    pub(super) fn of_text(self, text: &str) -> Option<&str> {
        text.get(self.start as usize..self.end as usize)
    }
}

/// A key, with what decides of its lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeySpan {
    pub(super) at: Span,
    /// Of its bytes; none for an empty one, which is as good as no key. All bits have to be good: a lane is made of the
    /// highest ones.
    pub(super) lane_hash: Option<u64>,
}

impl KeySpan {
    pub(super) fn copy(buffer: &mut Vec<u8>, key: &[u8]) -> Self {
        let lane_hash = (!key.is_empty()).then(|| FixedState::default().hash_one(key));
        Self { at: copy(buffer, key), lane_hash }
    }
}

/// A value.
#[derive(Debug, Clone, Copy)]
pub(super) enum ValueSpan {
    /// It is UTF-8, and in the buffer for text.
    Text(Span),
    /// It is in the buffer for all else.
    Bytes(Span),
}

impl ValueSpan {
    pub(super) fn copy(bytes: &mut Vec<u8>, text: &mut String, value: &[u8]) -> Self {
        let Ok(value) = std::str::from_utf8(value) else { return Self::Bytes(copy(bytes, value)) };
        let start = text.len();
        text.push_str(value);
        Self::Text(Span { start: start as u32, end: text.len() as u32 })
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct HeaderSpan {
    pub(super) name: Span,
    pub(super) value: Option<Span>,
    pub(super) look: Look,
}

#[derive(Debug, Clone)]
pub(super) struct RecordSpan {
    pub(super) offset: i64,
    pub(super) timestamp: Timestamp,
    pub(super) key: Option<KeySpan>,
    pub(super) value: Option<ValueSpan>,
    pub(super) headers: Range<u32>,
    /// What the headers look like together.
    pub(super) looks: Looks,
    /// Value of the last header that looks like the event's type.
    pub(super) event_type: Option<Span>,
}

impl RecordSpan {
    /// Says what these headers, which are all there are, look like together.
    pub(super) fn look_at(&mut self, headers: &[HeaderSpan]) {
        (self.looks, self.event_type) = (Looks::default(), None);
        for header in headers {
            self.looks.add(header.look);
            if header.look == Look::Type {
                self.event_type = header.value;
            }
        }
    }
}

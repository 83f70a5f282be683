//! Where the parts of a record are in the buffer of its batch.

use std::ops::Range;

use super::Timestamp;
use crate::event::{Look, Looks};

/// Copies to the end of the buffer.
pub(super) fn copy(buffer: &mut Vec<u8>, bytes: &[u8]) -> Span {
    let start = buffer.len();
    buffer.extend_from_slice(bytes);
    Span { start: start as u32, end: buffer.len() as u32 }
}

/// Where bytes are in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
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
    pub(super) key: Option<Span>,
    pub(super) value: Option<Span>,
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

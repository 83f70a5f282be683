//! One record on its way through one actor.
//!
//! A mailbox makes it when it takes the record in. From then on it is in one place at a time: in a queue of its
//! mailbox, beside the attempt that runs, with its outputs, or with the supervisor. Dropped before its end, it leaves its
//! record unfinished: the next owner of the partition handles it.

use chrono::{DateTime, Utc};

use super::queue::{KeyHash, Keyed};
use crate::{event::TraceContext, kafka::record::Record};

/// One record on its way through one actor; the record is finished when the tickets of all actors are.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// What the event is decoded from, for each attempt anew. Keeps its batch in memory, until it is detached from it.
    pub(crate) record: Record,
    /// Its handler's place among those of its actor. `None` for a record that is no event, or of a type that nobody
    /// handles: it can only be dead-lettered.
    pub(crate) handler: Option<usize>,
    /// What is parked while it waits; `None` if it waits for nobody, and nobody for it.
    pub(crate) key: Option<KeyHash>,
    /// `None` if any lane may take it.
    pub(crate) lane: Option<usize>,
    /// Attempts that count so far.
    ///
    /// The lane adds one before each; the supervisor takes one back for a hold.
    pub(crate) attempts: u32,
    /// Waits for a dependency so far; they are not attempts.
    pub(crate) holds: u32,
    /// Set by the supervisor, for the dead letter.
    pub(crate) first_failure: Option<DateTime<Utc>>,
    /// Of the span in which it failed last, for the dead letter; boxed, because most tickets never have one.
    pub(crate) trace: Option<Box<TraceContext>>,
}

impl Ticket {
    pub(crate) fn new(record: Record, handler: Option<usize>) -> Self {
        Self::keyed(record, handler, (None, None))
    }

    /// With the key that it may have to wait for, and the lane that it has to run in.
    pub(crate) fn keyed(record: Record, handler: Option<usize>, (key, lane): (Option<KeyHash>, Option<usize>)) -> Self {
        Self { record, handler, key, lane, attempts: 0, holds: 0, first_failure: None, trace: None }
    }

    /// Where this ticket belongs, for the way back from the supervisor.
    pub(crate) fn stub(&self) -> Stub {
        Stub { key: self.key, lane: self.lane, offset: self.record.offset(), handler: self.handler }
    }
}

impl Keyed for Ticket {
    fn key(&self) -> Option<KeyHash> {
        self.key
    }
}

/// What is needed to finish a ticket whose record nobody needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stub {
    pub(crate) key: Option<KeyHash>,
    pub(crate) lane: Option<usize>,
    pub(crate) offset: i64,
    /// Its handler's place among those of its actor; `None` if it has none.
    pub(crate) handler: Option<usize>,
}

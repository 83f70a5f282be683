//! Tests without a broker: [`TestBus`] runs a bus in memory, [`RecordingPublisher`] stands in for a publisher.
//!
//! A handler alone needs neither: it is a method, and [`Context::detached`](crate::Context::detached) makes what it is
//! called with. `docs/testing.md` says which of them answers which question.

mod bytes;
mod memory;
#[doc(hidden)]
pub mod micro;
mod null_sink;
mod outcome;
mod overdue;
mod record;
mod recording;
mod stage;
mod test_bus;
mod watch;

#[doc(hidden)]
pub use bytes::{read_records, write_records};
pub use outcome::{ActorEnd, ActorOutcome, Outcome};
pub use record::{TestRecord, WrittenRecord};
pub use recording::RecordingPublisher;
pub use test_bus::TestBus;

/// The offsets that commit metadata found at `offset` names as finished; none if it is no offset map of that position.
#[doc(hidden)]
#[must_use]
pub fn finished_beyond(offset: i64, metadata: &[u8]) -> Vec<i64> {
    let map = crate::dispatch::OffsetMap::decode(metadata, offset).unwrap_or_default();
    map.runs().iter().cloned().flatten().collect()
}

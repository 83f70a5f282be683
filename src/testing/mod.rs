//! Tests without a broker: [`TestBus`] runs a bus in memory, [`RecordingPublisher`] stands in for a publisher.

mod bytes;
mod memory;
mod outcome;
mod recording;
mod stage;
mod test_bus;
mod watch;

#[doc(hidden)]
pub use bytes::{read_records, write_records};
pub use memory::WrittenRecord;
pub use outcome::{ActorOutcome, Outcome};
pub use recording::RecordingPublisher;
pub use test_bus::{TestBus, TestRecord};

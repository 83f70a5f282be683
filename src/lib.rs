//! Integration events on Kafka: typed handlers, order per key, retries, dead letters and safe commits.

pub mod actor;
pub mod clock;
mod dispatch;
pub mod event;
pub mod kafka;
pub mod supervisor;

#[doc(hidden)]
pub mod __private;

pub use actor::{Actor, Context, Failure, FromRef, Handler, Outputs};
pub use carom_macros::{Actor, Event, FromRef, handler};
pub use event::Event;
pub use supervisor::{Directive, Ordering, Retry, Strategy, Supervisor};

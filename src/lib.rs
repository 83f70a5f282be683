//! Integration events on Kafka: typed handlers, order per key, retries, dead letters and safe commits.

pub mod actor;
mod bus;
mod clock;
mod dispatch;
mod error;
pub mod event;
mod health;
pub mod kafka;
mod publisher;
mod services;
pub mod supervisor;
#[cfg(feature = "testing")]
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use actor::{Actor, Context, Failure, FromRef, Handler, Outputs};
pub use bus::{Bus, BusHandle};
pub use carom_macros::{Actor, Event, FromRef, KeyPart, handler};
pub use cloudevents;
pub use dispatch::Route;
pub use error::{Error, Problem, PublishError, PublishErrorKind};
pub use event::{Event, KeyPart};
pub use health::Health;
pub use kafka::Kafka;
pub use publisher::Publisher;
pub use supervisor::{Directive, Ordering, Retry, Strategy, Supervisor};

//! Everything that talks to Kafka; the only room that knows rdkafka.

mod config;
mod defaults;
mod embedded;
mod options;
mod partitioner;
mod raw;
pub(crate) mod record;
pub(crate) mod source;
mod topic_state;
mod topics;

pub use config::{GroupProtocol, Kafka};
pub use embedded::{Embedded, EmbeddedError};
pub use partitioner::Partitioner;
pub use topics::Topics;

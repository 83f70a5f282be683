//! Everything that talks to Kafka; the only room that knows rdkafka.

pub(crate) mod producer;
mod raw;
pub(crate) mod record;
pub(crate) mod source;

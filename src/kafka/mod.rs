//! Everything that talks to Kafka; the only room that knows rdkafka.

#[cfg_attr(not(test), expect(dead_code, reason = "nothing publishes yet"))]
pub(crate) mod producer;
mod raw;
pub(crate) mod record;
pub(crate) mod source;

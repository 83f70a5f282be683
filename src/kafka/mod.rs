//! Everything that talks to Kafka; the only room that knows rdkafka.
#![expect(dead_code, reason = "nothing runs the poll loop before the integration")]

pub(crate) mod committer;
pub(crate) mod consumer;
mod errors;
mod group;
mod health;
mod leader_epochs;
mod nudge;
pub(crate) mod poll_thread;
mod raw;
pub(crate) mod rebalance;
pub(crate) mod record;
pub(crate) mod source;
pub(crate) mod source_kafka;
mod split;

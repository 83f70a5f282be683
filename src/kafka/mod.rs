//! Everything that talks to Kafka; the only room that knows rdkafka.

mod config;
mod defaults;
mod embedded;
mod options;
pub(crate) mod producer;
mod raw;
pub(crate) mod record;
pub(crate) mod source;
mod topic_create;
mod topic_state;
mod topics;

pub use config::{GroupProtocol, Kafka};
pub use embedded::{Embedded, EmbeddedError};
pub use topics::Topics;

/// Provisions topics as a bus does at start: (name, partitions, the topic whose dead letters it takes).
#[cfg(feature = "testing")]
#[doc(hidden)]
pub async fn provision(
    kafka: &Kafka,
    plan: &[(&str, Option<u32>, Option<&str>)],
    within: std::time::Duration,
) -> Result<Vec<String>, Vec<String>> {
    let plan = plan.iter().map(|(name, partitions, dead_letter_of)| topics::TopicPlan {
        name: (*name).to_owned(),
        partitions: *partitions,
        dead_letter_of: dead_letter_of.map(str::to_owned),
        ..topics::TopicPlan::default()
    });
    topics::ensure(kafka, &plan.collect::<Vec<_>>(), within).await
}

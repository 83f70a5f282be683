//! Everything that talks to Kafka; the only room that knows rdkafka.
//!
//! [`Kafka`] names the cluster and carries the options of its clients, [`Embedded`] is a broker inside the process,
//! [`Topics`] says what happens to missing topics, [`GroupProtocol`] how groups share partitions. Which options carom
//! forces, and which have other defaults than librdkafka's, is in `docs/kafka-settings.md`.

// A record comes from the client (`consumer`, on top of `raw`) as one of a batch (`record`), through the trait `Source`
// (`source`), to the poll thread (`poll`), which hands it to dispatch. One that goes out comes through the trait
// `Sink`, has its topic seen to (`topics`), and is enqueued and acknowledged (`producer`). How all clients are
// configured is in `client`.

#[cfg(feature = "testing")]
pub(crate) mod bytes;
mod client;
mod consumer;
mod embedded;
mod poll;
mod producer;
mod raw;
pub(crate) mod record;
pub(crate) mod source;
mod topics;

pub(crate) use client::{
    ClientLog, Difference, HIDDEN, Layers, Publishing, Scope, Value, options, servers_shown, without_user_info,
};
pub use client::{GroupProtocol, Kafka};
pub(crate) use consumer::{KafkaSource, look_for_strangers};
pub use embedded::{Embedded, EmbeddedError};
pub(crate) use poll::{Alarm, BATCH, Bounds, Poller, Settings as PollSettings};
#[cfg(feature = "testing")]
pub(crate) use poll::{Command, PollLoop, Wiring};
#[cfg(feature = "testing")]
pub(crate) use producer::oversized;
pub(crate) use producer::{KafkaSink, Tell};
pub use topics::Topics;
pub(crate) use topics::{NotProvisioned, PATIENCE, Provisioned, ProvisioningSink, TopicPlan, ensure};

/// Version of the C library underneath.
pub(crate) fn librdkafka_version() -> String {
    rdkafka::util::get_rdkafka_version().1
}

/// Provisions topics as a bus does at start: (name, partitions, the topic whose dead letters it takes).
#[cfg(feature = "testing")]
#[doc(hidden)]
pub async fn provision(
    kafka: &Kafka,
    plan: &[(&str, Option<u32>, Option<&str>)],
    within: std::time::Duration,
) -> Result<Vec<String>, Vec<String>> {
    let plan = plan.iter().map(|(name, partitions, dead_letter_of)| TopicPlan {
        name: (*name).to_owned(),
        partitions: *partitions,
        dead_letter_of: dead_letter_of.map(str::to_owned),
        ..TopicPlan::default()
    });
    let found = topics::ensure(kafka, &plan.collect::<Vec<_>>(), within).await;
    found.map(|found| found.warnings).map_err(|error| match error {
        NotProvisioned::Problems(problems) => problems,
        NotProvisioned::Unreachable { servers, reason } => {
            vec![format!("no Kafka broker answered at `{servers}` within {within:?}: {reason}")]
        }
    })
}

//! What the cluster says about a topic.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    client::Client,
    error::{KafkaError, RDKafkaErrorCode},
    metadata::{Metadata, MetadataTopic},
};

use crate::kafka::client::log::LogContext;

/// One topic, as the cluster describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Missing,
    Exists {
        partitions: u32,
        replication: u16,
        /// How many partitions nobody can read or write now.
        leaderless: u32,
    },
    /// The cluster does not tell, and why.
    Refused(String),
}

impl State {
    pub(super) fn is_ready(&self) -> bool {
        matches!(self, Self::Exists { leaderless: 0, .. })
    }
}

/// Asks about topics, one after the other; blocks for `within` at most. An error means that nobody answered.
pub(super) fn describe(
    client: &Client<LogContext>,
    names: &[String],
    within: Duration,
) -> Result<BTreeMap<String, State>, String> {
    if names.is_empty() {
        // Nothing to ask, but somebody has to answer.
        return match client.fetch_cluster_id(within) {
            Some(_) => Ok(BTreeMap::new()),
            None => Err("nobody answers there".to_owned()),
        };
    }
    let deadline = crate::clock::monotonic() + within;
    let ask = |name: &String| {
        let left = deadline.saturating_duration_since(crate::clock::monotonic()).max(Duration::from_millis(1));
        let state = match client.fetch_metadata(Some(name), left) {
            Ok(metadata) => read(name, &metadata),
            Err(error) => reachable(&error)?,
        };
        Ok((name.clone(), state))
    };
    names.iter().map(ask).collect()
}

/// Tells a refusal, which is an answer, from silence.
fn reachable(error: &KafkaError) -> Result<State, String> {
    use RDKafkaErrorCode as Code;
    match error.rdkafka_error_code() {
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => Ok(State::Missing),
        Some(Code::TopicAuthorizationFailed | Code::InvalidTopic) => Ok(State::Refused(error.to_string())),
        Some(Code::UnsupportedFeature) => Err(NO_BROKER.to_owned()),
        _ => Err(error.to_string()),
    }
}

/// Something answers, and does not know what clients ask of a broker.
pub(super) const NO_BROKER: &str = "answers, and is not what a broker has for clients; is it the port of a controller?";

fn read(name: &str, metadata: &Metadata) -> State {
    let Some(topic) = metadata.topics().iter().find(|topic| topic.name() == name) else { return State::Missing };
    match topic.error().map(RDKafkaErrorCode::from) {
        None => exists(topic),
        // Just created, the metadata is on its way to the other brokers.
        Some(RDKafkaErrorCode::LeaderNotAvailable) => exists(topic),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => State::Missing,
        Some(code) => State::Refused(code.to_string()),
    }
}

fn exists(topic: &MetadataTopic) -> State {
    let partitions = topic.partitions();
    let leaderless = partitions.iter().filter(|partition| partition.leader() < 0).count();
    State::Exists {
        partitions: count(partitions.len()),
        replication: partitions
            .first()
            .map_or(0, |partition| partition.replicas().len().try_into().unwrap_or(u16::MAX)),
        leaderless: if partitions.is_empty() { 1 } else { count(leaderless) },
    }
}

fn count(len: usize) -> u32 {
    len.try_into().unwrap_or(u32::MAX)
}

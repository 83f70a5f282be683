//! Creates topics, on a real cluster and on the embedded broker.

use std::time::Duration;

use rdkafka::{
    admin::{AdminOptions, NewTopic, TopicReplication},
    error::RDKafkaErrorCode,
};

use super::plan::TopicPlan;
use crate::kafka::{Embedded, client::admin::Admin};

/// How many partitions a topic on the embedded broker gets that asks for none, as in its own auto-creation.
const EMBEDDED_PARTITIONS: u32 = 4;

/// Bounds an admin request.
pub(super) fn within(time: Duration) -> AdminOptions {
    AdminOptions::new().request_timeout(Some(time)).operation_timeout(Some(time))
}

/// Who made a topic that is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    We,
    /// Another instance was faster: that is success too.
    Another,
}

/// Creates topics on a real cluster; one result each.
pub(super) async fn real(admin: &Admin, missing: &[TopicPlan], left: Duration) -> Vec<Result<Maker, String>> {
    if missing.is_empty() {
        return Vec::new();
    }
    let topics: Vec<_> = missing.iter().map(new_topic).collect();
    match admin.create_topics(&topics, &within(left)).await {
        Ok(results) => results.into_iter().map(|result| created(&result.map_err(|(_, code)| code))).collect(),
        Err(error) => missing.iter().map(|_| Err(error.to_string())).collect(),
    }
}

fn created(result: &Result<String, RDKafkaErrorCode>) -> Result<Maker, String> {
    match result {
        Ok(_) => Ok(Maker::We),
        Err(RDKafkaErrorCode::TopicAlreadyExists) => Ok(Maker::Another),
        Err(code) => Err(code.to_string()),
    }
}

fn new_topic(topic: &TopicPlan) -> NewTopic<'_> {
    // −1 stands for the broker's default in both places.
    let partitions = topic.partitions.map_or(-1, |count| count.try_into().unwrap_or(i32::MAX));
    let replication = TopicReplication::Fixed(topic.replication.map_or(-1, i32::from));
    let new = NewTopic::new(&topic.name, partitions, replication);
    topic.config.iter().fold(new, |new, (key, value)| new.set(key, value))
}

/// Creates a topic on the embedded broker, where admin requests only time out.
pub(super) fn embedded(broker: &Embedded, topic: &TopicPlan) -> Result<Maker, String> {
    match broker.create_topic(&topic.name, topic.partitions.unwrap_or(EMBEDDED_PARTITIONS)) {
        Ok(()) => Ok(Maker::We),
        Err(error) if error.already_exists() => Ok(Maker::Another),
        Err(error) => Err(error.to_string()),
    }
}

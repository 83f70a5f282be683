//! How topics that exist are configured, as far as this user may read it.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::admin::{ConfigResource, ResourceSpecifier};

use super::{create::within, plan::TopicPlan};
use crate::kafka::client::admin::Admin;

/// What matters here of a topic's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TopicConfig {
    cleanup_policy: Option<String>,
    /// `max.message.bytes`.
    pub(super) record_limit: Option<u64>,
}

impl TopicConfig {
    fn of(resource: &ConfigResource) -> Self {
        let value = |name: &str| resource.get(name)?.value.clone();
        Self {
            cleanup_policy: value("cleanup.policy"),
            record_limit: value("max.message.bytes").and_then(|value| value.parse().ok()),
        }
    }

    /// Compaction deletes all records of a key but the last, whether somebody has read them or not.
    pub(super) fn warning(&self, topic: &TopicPlan) -> Option<String> {
        let policy = self.cleanup_policy.as_deref().filter(|policy| policy.contains("compact"))?;
        let name = &topic.name;
        let what = match topic.dead_letter_of {
            Some(_) => {
                "of several dead letters of a key only the last is kept, and one without a key cannot be written"
            }
            None => {
                "a group that is behind reads only the last event of each key, and one without a key cannot be written"
            }
        };
        Some(format!("topic `{name}` is compacted (`cleanup.policy={policy}`): {what}; set `cleanup.policy=delete`"))
    }
}

/// Asks for the configuration of `topics`; those about which nothing is said are left out.
pub(super) async fn read(admin: &Admin, topics: &[String], left: Duration) -> BTreeMap<String, TopicConfig> {
    if topics.is_empty() {
        return BTreeMap::new();
    }
    let asked: Vec<_> = topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
    let answers = admin.describe_configs(&asked, &within(left)).await.unwrap_or_default();
    let known =
        |(topic, answer): (&String, Result<ConfigResource, _>)| Some((topic.clone(), TopicConfig::of(&answer.ok()?)));
    topics.iter().zip(answers).filter_map(known).collect()
}

//! Provisioning: the topics of the routes and their dead-letter topics exist before the first record is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Topics,
    config::{self, TopicConfig},
    create::{self, Maker},
    plan::{NotProvisioned, Provisioned, TopicPlan},
    state::{NO_BROKER, State, describe},
};
use crate::{
    kafka::{
        Embedded, Kafka,
        client::{
            admin::{Admin, admin},
            defaults::DEAD_LETTER_HEADROOM,
            unreachable,
        },
    },
    telemetry::logs,
};

/// How long a start waits for the cluster before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Creates or checks the topics of `plan`, and waits until they can be written to; what was found, or what is in the
/// way.
///
/// Also finds out whether a broker answers, even if the plan is empty.
pub(crate) async fn ensure(kafka: &Kafka, plan: &[TopicPlan], within: Duration) -> Result<Provisioned, NotProvisioned> {
    if kafka.topics_mode() == Topics::Ignore {
        return Ok(Provisioned::default());
    }
    let mut run = Provisioning::new(kafka, within).map_err(|problem| NotProvisioned::Problems(vec![problem]))?;
    let answered = run.all(plan).await;
    let Provisioning { admin, warnings, problems, servers, .. } = run;
    // It came with the topics: without a timeout, the client only looks at what it remembers.
    let cluster_id = admin.inner().fetch_cluster_id(Duration::ZERO);
    // Joins the client's threads.
    blocking(move || drop(admin)).await;
    match answered {
        Err(silence) if problems.is_empty() => {
            let reason = unreachable::why(kafka).await.unwrap_or(silence);
            Err(NotProvisioned::Unreachable { servers, reason })
        }
        _ if problems.is_empty() => Ok(Provisioned { warnings, cluster_id }),
        _ => Err(NotProvisioned::Problems(problems)),
    }
}

struct Provisioning {
    /// Shared with the blocking threads on which it is asked: its calls wait, and the last owner joins its threads.
    admin: Arc<Admin>,
    embedded: Option<Embedded>,
    servers: String,
    mode: Topics,
    /// One for all rounds: a start takes as long as it says, however many topics there are.
    deadline: Instant,
    /// How far away that was, for the sentence that says so.
    within: Duration,
    /// What the cluster said last of each topic.
    known: BTreeMap<String, State>,
    configs: BTreeMap<String, TopicConfig>,
    warnings: Vec<String>,
    problems: Vec<String>,
}

impl Provisioning {
    fn new(kafka: &Kafka, within: Duration) -> Result<Self, String> {
        Ok(Self {
            admin: Arc::new(admin(kafka)?),
            embedded: kafka.broker().cloned(),
            servers: kafka.servers_shown(),
            mode: kafka.topics_mode(),
            deadline: crate::clock::monotonic() + within,
            within,
            known: BTreeMap::new(),
            configs: BTreeMap::new(),
            warnings: Vec::new(),
            problems: Vec::new(),
        })
    }

    /// Sources first: what their dead-letter topics need follows from them.
    async fn all(&mut self, plan: &[TopicPlan]) -> Result<(), String> {
        let (letters, sources) = plan.iter().cloned().partition::<Vec<_>, _>(|topic| topic.dead_letter_of.is_some());
        self.round(sources).await?;
        let letters = self.sized_like_their_sources(letters).await?;
        self.round(letters).await
    }

    /// Looks at the topics, creates what is missing, waits for leaders.
    async fn round(&mut self, plan: Vec<TopicPlan>) -> Result<(), String> {
        self.look(plan.iter().map(|topic| topic.name.clone()).collect()).await?;
        let (present, missing): (Vec<_>, Vec<_>) = plan.into_iter().partition(|topic| !self.is_missing(&topic.name));
        self.look_at_configs(present.iter().map(|topic| topic.name.clone())).await;
        for topic in &present {
            self.compare(topic);
            self.warnings.extend(self.configs.get(&topic.name).and_then(|config| config.warning(topic)));
        }
        if self.mode == Topics::Verify {
            self.problems.extend(missing.iter().map(missing_topic));
            return Ok(());
        }
        let created = self.create(missing).await;
        self.await_leaders(created.iter().map(|(name, _)| name.clone()).collect()).await?;
        for (name, _) in created.iter().filter(|(_, maker)| *maker == Maker::We) {
            if let Some(State::Exists { partitions, .. }) = self.known.get(name) {
                logs::bus::topic_created(name, *partitions);
            }
        }
        Ok(())
    }

    /// Asks the cluster, which also proves that it can be reached.
    async fn look(&mut self, names: Vec<String>) -> Result<(), String> {
        let (admin, left) = (Arc::clone(&self.admin), self.left());
        let found = blocking(move || describe(admin.inner(), &names, left)).await;
        if found.as_ref().is_err_and(|reason| reason == NO_BROKER) {
            self.problems.push(format!("`{}` {NO_BROKER}", self.servers));
        }
        self.known.extend(found?);
        Ok(())
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(crate::clock::monotonic()).max(Duration::from_millis(1))
    }

    fn is_missing(&self, name: &str) -> bool {
        matches!(self.known.get(name), Some(State::Missing))
    }

    fn compare(&mut self, topic: &TopicPlan) {
        let name = &topic.name;
        match self.known.get(name) {
            Some(State::Exists { partitions, replication, leaderless }) => {
                self.warnings.extend(topic.partitions.and_then(|wanted| other_size(topic, *partitions, wanted)));
                if topic.replication.is_some_and(|wanted| wanted != *replication) {
                    let wanted = topic.replication.unwrap_or_default();
                    self.warnings
                        .push(format!("topic `{name}` has {replication} replicas, not {wanted}: it is left as it is"));
                }
                if *leaderless > 0 {
                    self.warnings.push(format!("{leaderless} of {partitions} partitions of topic `{name}` have no leader: they cannot be read or written now"));
                }
            }
            Some(State::Refused(reason)) => {
                self.problems.push(format!("topic `{name}` cannot be looked at: {reason}"));
            }
            Some(State::Missing) | None => {}
        }
    }

    /// Creates topics; returns those to wait for.
    async fn create(&mut self, missing: Vec<TopicPlan>) -> Vec<(String, Maker)> {
        let names: Vec<_> = missing.iter().map(|topic| topic.name.clone()).collect();
        let results = match self.embedded.clone() {
            Some(broker) => {
                blocking(move || missing.iter().map(|topic| create::embedded(&broker, topic)).collect()).await
            }
            None => create::real(&self.admin, &missing, self.left()).await,
        };
        let mut created = Vec::new();
        for (name, result) in names.into_iter().zip(results) {
            match result {
                Ok(maker) => created.push((name, maker)),
                Err(reason) => self.problems.push(format!(
                    "topic `{name}` cannot be created: {reason}; create it yourself and write `.topics(Topics::Verify)` on `Kafka`, or give this user the right"
                )),
            }
        }
        created
    }

    async fn await_leaders(&mut self, mut waiting: Vec<String>) -> Result<(), String> {
        let mut pause = Duration::from_millis(10);
        loop {
            self.look(waiting.clone()).await?;
            waiting.retain(|name| !self.known.get(name).is_some_and(State::is_ready));
            if waiting.is_empty() {
                return Ok(());
            }
            if crate::clock::monotonic() + pause > self.deadline {
                let within = self.within;
                self.problems.extend(
                    waiting
                        .iter()
                        .map(|name| format!("topic `{name}` was created, but has no leader after {within:?}")),
                );
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    /// Gives each dead-letter topic what follows from its source, which is a problem if it is missing. Then there is
    /// nothing to create after it, but still something to look for.
    async fn sized_like_their_sources(&mut self, letters: Vec<TopicPlan>) -> Result<Vec<TopicPlan>, String> {
        let unknown = letters.iter().filter_map(|letter| letter.dead_letter_of.clone());
        let unknown: Vec<_> = unknown.filter(|source| !self.known.contains_key(source)).collect();
        if !unknown.is_empty() {
            self.look(unknown).await?;
        }
        let missing = letters.iter().filter_map(|letter| letter.dead_letter_of.as_ref());
        let missing: BTreeSet<_> = missing.filter(|source| self.is_missing(source)).collect();
        let named = |source: &str| self.problems.iter().any(|problem| problem.contains(&format!("`{source}`")));
        let unnamed: Vec<_> = missing.into_iter().filter(|source| !named(source)).collect();
        let unnamed = unnamed
            .into_iter()
            .map(|source| format!("topic `{source}`, whose dead letters have a topic, does not exist"));
        self.problems.extend(unnamed.collect::<Vec<_>>());
        if self.mode == Topics::Create {
            self.look_at_configs(letters.iter().filter_map(|letter| letter.dead_letter_of.clone())).await;
        }
        let verify = self.mode == Topics::Verify;
        let sized = letters.into_iter().filter_map(|mut letter| {
            let source = letter.dead_letter_of.as_ref()?;
            let State::Exists { partitions, .. } = self.known.get(source)? else { return verify.then_some(letter) };
            letter.partitions.get_or_insert(*partitions);
            let mut default = |key: &str, value: String| {
                if !letter.config.iter().any(|(set, _)| set == key) {
                    letter.config.push((key.to_owned(), value));
                }
            };
            default("cleanup.policy", "delete".to_owned());
            if let Some(limit) = self.configs.get(source).and_then(|config| config.record_limit) {
                default("max.message.bytes", (limit + DEAD_LETTER_HEADROOM).to_string());
            }
            Some(letter)
        });
        Ok(sized.collect())
    }

    /// Looks how these topics are configured, unless that is known.
    async fn look_at_configs(&mut self, topics: impl Iterator<Item = String>) {
        // Admin requests only time out there.
        if self.embedded.is_none() {
            let unknown: Vec<_> = topics.filter(|topic| !self.configs.contains_key(topic)).collect();
            let found = config::read(&self.admin, &unknown, self.left()).await;
            self.configs.extend(found);
        }
    }
}

/// What is said of a topic that has another number of partitions than the `wanted` one.
fn other_size(topic: &TopicPlan, partitions: u32, wanted: u32) -> Option<String> {
    let TopicPlan { name, dead_letter_of, .. } = topic;
    let has = if partitions == 1 { "1 partition".to_owned() } else { format!("{partitions} partitions") };
    match dead_letter_of {
        // A dead-letter topic may have more than its source: a record keeps its number.
        Some(_) if wanted <= partitions => None,
        Some(source) => Some(format!(
            "dead-letter topic `{name}` has {has}, and `{source}` {wanted}: dead letters of the others do not keep their \
             partition; add partitions to it until it has as many"
        )),
        None if wanted == partitions => None,
        None => Some(format!(
            "topic `{name}` has {has}, not {wanted}: it is left as it is, because keys would move; write `partitions = \
             {partitions}` on the event, or see to the topic yourself"
        )),
    }
}

fn missing_topic(topic: &TopicPlan) -> String {
    let name = &topic.name;
    let size = topic.partitions.map_or_else(String::new, |partitions| format!(" with {partitions} partitions"));
    format!("topic `{name}` does not exist: create it{size}, or write `.topics(Topics::Create)` on `Kafka`")
}

/// Runs a call of librdkafka that blocks beside the async threads.
async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(call).await {
        Ok(value) => value,
        Err(failed) => std::panic::resume_unwind(failed.into_panic()),
    }
}

#[cfg(test)]
mod tests;

//! The consumer client as a [`Source`].

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code},
};

use super::{
    close::close,
    commits::Commits,
    group::{self, GroupContext, Rebalance},
    health::Health,
    nudge::Nudge,
    split::Split,
};
use crate::{
    dispatch::Waker,
    kafka::{
        client::{
            bootstrap::{Bootstrap, FORGOTTEN},
            log::ClientLog,
        },
        raw::{self, RecordError},
        record::{
            Batch, TopicPartition,
            leader_epochs::{LeaderEpochs, UNKNOWN},
        },
        source::{CommitPoint, Figures, Source, SourceEvent},
    },
    telemetry::logs,
};

/// Polls in a row. Log lines can come faster than they are served.
const POLLS: u32 = 256;

/// A consumer group member.
pub(crate) struct KafkaSource {
    /// `None` once closed.
    client: Option<Arc<BaseConsumer<GroupContext>>>,
    bootstrap: Bootstrap,
    commits: Option<Commits>,
    queues: HashMap<TopicPartition, Split>,
    /// Leader epochs of committed offsets, between an assign and its start.
    committed: HashMap<TopicPartition, LeaderEpochs>,
    events: VecDeque<SourceEvent>,
    /// Rebalances of which the client awaits the end.
    owed: usize,
    leaving: bool,
    health: Health,
    nudge: Nudge,
    waker: Waker,
}

impl KafkaSource {
    /// Joins the group of `config`; `waker` is called from the client's threads when there is something to do.
    pub(crate) fn connect(config: &ClientConfig, log: ClientLog, topics: &[String], waker: Waker) -> KafkaResult<Self> {
        let mut client: BaseConsumer<GroupContext> = config.create_with_context(GroupContext::new(log))?;
        let wake = Arc::clone(&waker);
        client.set_nonempty_callback(move || wake());
        let client = Arc::new(client);
        let commits = Commits::new(&client, &waker)?;
        client.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(Self {
            client: Some(client),
            bootstrap: Bootstrap::of(config),
            commits: Some(commits),
            queues: HashMap::new(),
            committed: HashMap::new(),
            events: VecDeque::new(),
            owed: 0,
            leaving: false,
            health: Health::default(),
            nudge: Nudge::default(),
            waker,
        })
    }

    /// Serves the client until it has something to tell or seems to have nothing left.
    fn poll(&mut self, client: &BaseConsumer<GroupContext>) {
        for _ in 0..POLLS {
            let calls = client.context().calls();
            let polled = client.poll(Duration::ZERO);
            let empty = polled.is_none() && client.context().calls() == calls;
            match polled {
                Some(Err(error)) => self.on_error(client, &error),
                // Records come from split queues only. This one overtook, or was overtaken by, what was split.
                Some(Ok(_)) => {
                    let reason = "a record came through the main queue: its partition was not split before the assign";
                    self.events.push_back(SourceEvent::Fatal(reason.to_owned()));
                }
                None => {}
            }
            if let Some(rebalance) = client.context().next_rebalance() {
                self.on_rebalance(client, rebalance);
            }
            if empty || !self.events.is_empty() {
                return;
            }
        }
        // Its callback comes when the queue is no longer empty, and it has not been empty.
        (self.waker)();
    }

    fn on_error(&mut self, client: &BaseConsumer<GroupContext>, error: &KafkaError) {
        let code = match error {
            KafkaError::MessageConsumptionFatal(_) => Code::Fatal,
            _ => error.rdkafka_error_code().unwrap_or(Code::Unknown),
        };
        let reason = client.context().take_reason().unwrap_or_else(|| error.to_string());
        self.events.extend(self.health.error(crate::clock::monotonic(), code, &reason.clone(), reason));
    }

    fn on_forgotten(&mut self, client: &BaseConsumer<GroupContext>) {
        self.bootstrap.introduce(client.client(), logs::client::CONSUMER);
        let code = Code::AllBrokersDown;
        self.events.extend(self.health.error(crate::clock::monotonic(), code, FORGOTTEN, FORGOTTEN.to_owned()));
    }

    fn alive(&mut self) {
        self.events.extend(self.health.alive(crate::clock::monotonic()));
    }

    fn on_rebalance(&mut self, client: &BaseConsumer<GroupContext>, rebalance: Rebalance) {
        self.owed += 1;
        let event = match rebalance {
            // No sign of life: the client also gives partitions up when it has not heard from the group.
            Rebalance::Revoke { partitions, lost } => SourceEvent::Revoked { partitions, lost },
            Rebalance::Assign(partitions) => {
                self.alive();
                let committed =
                    if self.leaving { vec![None; partitions.len()] } else { group::committed(client, &partitions) };
                let assigned = partitions.into_iter().zip(committed).map(|(partition, committed)| {
                    let committed = committed.map(|(committed, epoch)| {
                        let epochs = LeaderEpochs::from_committed(committed.offset, epoch);
                        self.committed.insert(partition.clone(), epochs);
                        committed
                    });
                    (partition, committed)
                });
                SourceEvent::Assigned(assigned.collect())
            }
        };
        self.events.push_back(event);
    }

    fn on_record_errors(&mut self, partition: &TopicPartition, failed: Vec<RecordError>) {
        for RecordError { code, offset, reason } in failed {
            let key = format!("{partition}: {code}");
            let text = format!("{partition}@{offset}: {reason} ({code})");
            self.events.extend(self.health.error(crate::clock::monotonic(), code, &key, text));
        }
    }
}

impl Source for KafkaSource {
    fn next_event(&mut self) -> Option<SourceEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let client = Arc::clone(self.client.as_ref()?);
        if let Some(answers) = self.commits.as_mut().and_then(Commits::poll) {
            if answers.iter().any(|(_, result)| result.is_ok()) {
                self.alive();
            }
            self.events.push_back(SourceEvent::Committed(answers));
        }
        if self.events.is_empty() {
            self.poll(&client);
            if client.context().take_connected() {
                self.alive();
            }
            if client.context().take_forgotten() {
                self.on_forgotten(&client);
            }
        }
        self.nudge.step(&*client, crate::clock::monotonic());
        self.events.pop_front()
    }

    fn start(&mut self, partitions: &[(TopicPartition, Option<i64>)]) {
        let Some(client) = self.client.clone() else { return };
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for (partition, offset) in partitions {
            // The old handle goes first: its drop switches off the callback of both.
            self.queues.remove(partition);
            let epochs = self.committed.remove(partition).unwrap_or_default();
            let Some(mut split) = Split::new(&client, partition, epochs, &self.waker) else {
                self.events.push_back(SourceEvent::Fatal(format!("cannot split the queue of {partition}")));
                continue;
            };
            let mut element = list.add_partition(&partition.topic, partition.partition);
            if let Some(offset) = offset.filter(|&offset| offset >= 0) {
                // Refused for negative offsets only.
                let _ = element.set_offset(Offset::Offset(offset));
                let at = list.count() - 1;
                raw::set_leader_epoch(&mut list, at, split.epochs.before(offset));
            }
            self.queues.insert(partition.clone(), split);
        }
        self.owed = self.owed.saturating_sub(1);
        if let Err(error) = group::accept(&client, &list) {
            self.events.push_back(SourceEvent::Alarm(format!("the client refused an assignment: {error}")));
        }
    }

    fn take(&mut self, partition: &TopicPartition, records: usize, bytes: usize, batch: &mut Batch) -> bool {
        let Some(split) = self.queues.get_mut(partition) else { return false };
        let failed = split.take(records, bytes, batch);
        let more = split.is_ready();
        self.on_record_errors(partition, failed);
        if !batch.is_empty() {
            self.nudge.awake(partition);
            self.alive();
        }
        more || !self.events.is_empty()
    }

    fn after_jump(&mut self, partition: &TopicPartition, is_settled: &mut dyn FnMut(Option<i64>) -> bool) {
        let Some(client) = self.client.clone() else { return };
        // The line about it stands in the client's queue since before these records were asked for.
        self.poll(&client);
        client.context().jumps().after(partition, || is_settled(raw::low(&client, partition)));
    }

    fn commit(&mut self, points: &[CommitPoint]) {
        let Some(commits) = &mut self.commits else { return };
        let queues = &mut self.queues;
        let epoch = |point: &CommitPoint| {
            queues.get_mut(&point.partition).map_or(UNKNOWN, |split| split.epochs.before(point.offset))
        };
        self.events.extend(commits.send(points, epoch).map(SourceEvent::Committed));
    }

    fn figures(&mut self) -> Figures {
        self.client.as_ref().map(|client| client.context().figures()).unwrap_or_default()
    }

    fn rest(&self) -> Option<Duration> {
        self.nudge.due().map(|due| due.saturating_duration_since(crate::clock::monotonic()))
    }

    fn release(&mut self, partitions: &[TopicPartition]) {
        let Some(client) = self.client.clone() else { return };
        self.owed = self.owed.saturating_sub(1);
        group::give_back(&client, &group::list_of(partitions));
        for partition in partitions {
            self.queues.remove(partition);
            self.committed.remove(partition);
        }
        self.nudge.start(self.queues.keys().cloned(), crate::clock::monotonic());
    }

    fn leave(&mut self) {
        self.leaving = true;
    }

    fn close(&mut self, within: Duration) {
        let Some(client) = self.client.take() else { return };
        client.context().start_closing();
        if self.owed > 0 {
            // The client awaits an answer before it does anything else.
            group::give_back(&client, &group::list_of(&self.queues.keys().cloned().collect::<Vec<_>>()));
        }
        self.queues.clear();
        self.commits = None;
        close(client, within);
    }
}

impl Drop for KafkaSource {
    fn drop(&mut self) {
        self.close(Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests;

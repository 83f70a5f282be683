//! The commit that is on its way.

use std::{collections::HashMap, mem, sync::Arc};

use rdkafka::{
    consumer::BaseConsumer,
    error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code},
};

use super::group::GroupContext;
use crate::{
    dispatch::Waker,
    kafka::{
        client::errors,
        raw::{CommitAnswer, CommitQueue},
        record::TopicPartition,
        source::{CommitError, CommitPoint},
    },
};

/// How the commit of each partition ended.
pub(super) type Answers = Vec<(TopicPartition, Result<(), CommitError>)>;

/// Sends commits, and knows what of the newest is not answered.
pub(super) struct Commits {
    queue: CommitQueue<GroupContext>,
    /// The newest request; answers to older ones are dropped.
    serial: usize,
    /// The partitions in that request.
    asked: Vec<TopicPartition>,
}

impl Commits {
    /// `waker` is called when an answer is there.
    pub(super) fn new(client: &Arc<BaseConsumer<GroupContext>>, waker: &Waker) -> KafkaResult<Self> {
        let wake = Arc::clone(waker);
        let queue = CommitQueue::new(client, move || wake())
            .ok_or_else(|| KafkaError::ClientCreation("no queue for commits".to_owned()))?;
        Ok(Self { queue, serial: 0, asked: Vec::new() })
    }

    /// Sends one request; returns the answers if there is nothing to wait for.
    pub(super) fn send(&mut self, points: &[CommitPoint], epoch: impl FnMut(&CommitPoint) -> i32) -> Option<Answers> {
        self.serial += 1;
        self.asked = points.iter().map(|point| point.partition.clone()).collect();
        let code = self.queue.send(points, epoch, self.serial).err()?;
        let error = errors::of_commit(code).unwrap_or_else(|| CommitError::Retry(code.to_string()));
        Some(mem::take(&mut self.asked).into_iter().map(|one| (one, Err(error.clone()))).collect())
    }

    /// The answers to the newest request, if they have come.
    pub(super) fn poll(&mut self) -> Option<Answers> {
        let CommitAnswer { code, results, .. } = self.newest()?;
        let partial = results.iter().any(|(_, own)| *own != Code::NoError);
        let results: HashMap<_, _> = results.into_iter().collect();
        let whole = |own: Option<&Code>| if partial { own.copied().unwrap_or(code) } else { code };
        let answer = |partition| {
            let error = errors::of_commit(whole(results.get(&partition)));
            (partition, error.map_or(Ok(()), Err))
        };
        Some(mem::take(&mut self.asked).into_iter().map(answer).collect())
    }

    /// Its answer. The waker is not called for it if a late one stood before it.
    fn newest(&mut self) -> Option<CommitAnswer> {
        loop {
            let answer = self.queue.poll()?;
            if answer.serial == self.serial {
                return Some(answer);
            }
            tracing::debug!("dropped the late answer to a commit in doubt");
        }
    }
}

//! When to commit, and what: a state machine without clock, client or randomness.
//!
//! One request is in flight at most, because two may land in reverse order and rewind the group. It carries every
//! partition that changed. After an error all of them go again, with the values of that moment: the broker reports
//! errors for partitions that it did commit, and success for requests in which one failed.

mod policy;

use std::{collections::BTreeMap, time::Duration};

pub(crate) use self::policy::Policy;
use crate::{
    kafka::{
        record::TopicPartition,
        source::{CommitError, CommitPoint},
    },
    telemetry::logs,
};

/// Why a request may be due.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    /// Records finished since the last request.
    pub(crate) finished: u64,
    /// Nothing received is unfinished.
    pub(crate) idle: bool,
    /// A partition waits for this commit before it goes.
    pub(crate) urgent: bool,
}

/// What a partition would commit now.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) epoch: u64,
    /// Grows whenever `point` changes.
    pub(crate) version: u64,
    pub(crate) point: CommitPoint,
}

/// What an answer means for others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Partitions that another member may own.
    pub(crate) lost: Vec<TopicPartition>,
    /// For an operator.
    pub(crate) alarms: Vec<String>,
    /// There were alarms, and commits of all partitions succeed again.
    pub(crate) mended: bool,
    /// The client is dead.
    pub(crate) fatal: Option<String>,
}

#[derive(Debug)]
struct Tracked {
    epoch: u64,
    /// The newest version that the broker has acknowledged.
    acked: Option<u64>,
    suspended: Option<Suspended>,
    /// A refusal of a request sent before this says nothing any more.
    confirmed: Duration,
}

/// Why, and for how long, a partition is left out of requests.
#[derive(Debug, Clone, Copy)]
struct Suspended {
    until: Duration,
    /// The group has another generation: it joins again, or has thrown this member out.
    joining: bool,
}

#[derive(Debug)]
struct Request {
    sent: Duration,
    /// Partition, epoch and version.
    parts: Vec<(TopicPartition, u64, u64)>,
}

/// Decides about commits; times count from a start of the caller's choice.
#[derive(Debug, Default)]
pub(crate) struct Committer {
    policy: Policy,
    tracked: BTreeMap<TopicPartition, Tracked>,
    in_flight: Option<Request>,
    /// When a request was last sent, or looked for in vain; `None` makes the next one due.
    looked: Option<Duration>,
    /// Requests that failed since the last good one.
    failures: u32,
    not_before: Duration,
    /// The same where a partition waits for its last commit, which has no time for a long backoff.
    not_before_urgent: Duration,
    plain_until: Duration,
    /// An operator was told, and it is not over yet.
    alarmed: bool,
    /// What is tracked leaves of its own accord.
    leaving: bool,
    dead: bool,
}

impl Committer {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// Starts an epoch of a partition; `acked` is the version that equals what the group has committed already.
    pub(crate) fn track(&mut self, partition: TopicPartition, epoch: u64, acked: Option<u64>) {
        self.tracked.insert(partition, Tracked { epoch, acked, suspended: None, confirmed: Duration::ZERO });
    }

    /// Ends an epoch: nothing of it is sent again, and an answer that still comes is ignored.
    pub(crate) fn forget(&mut self, partition: &TopicPartition, epoch: u64) {
        if self.tracked.get(partition).is_some_and(|tracked| tracked.epoch == epoch) {
            self.tracked.remove(partition);
        }
    }

    /// A rebalance ended, and what is tracked is still ours.
    ///
    /// While one runs, the broker refuses commits with the words it also has for a member that it has thrown out.
    pub(crate) fn confirm(&mut self, now: Duration) {
        for tracked in self.tracked.values_mut() {
            tracked.suspended = None;
            tracked.confirmed = now;
        }
        self.looked = None;
    }

    /// The bus stops, perhaps while the group joins again: a refusal because of that is no last word.
    ///
    /// This is safe as long as the partitions are ours, that is, as long as the client does not say that they are lost:
    /// a broker that has thrown the member out refuses what it sends until it has joined under another name, and it
    /// says *lost* before it does that. A member with a `group.instance.id` may not say so, see `docs/semantics.md`.
    pub(crate) fn leave(&mut self) {
        self.leaving = true;
    }

    /// The client is dead: nothing is sent any more.
    pub(crate) fn kill(&mut self) {
        self.dead = true;
    }

    /// Whether to call [`Committer::request`]; cheap, so that it can be asked at every turn.
    pub(crate) fn due(&mut self, now: Duration, load: Load) -> bool {
        self.expire(now);
        let not_before = if load.urgent { self.not_before_urgent } else { self.not_before };
        if self.dead || self.in_flight.is_some() || now < not_before {
            return false;
        }
        let since = self.looked.map_or(self.policy.interval, |looked| now.saturating_sub(looked));
        let early = load.idle || load.finished >= self.policy.count;
        load.urgent || since >= self.policy.interval || (early && since >= self.policy.soonest)
    }

    /// Puts a request in doubt that was not answered in time.
    fn expire(&mut self, now: Duration) {
        let deadline = self.policy.deadline;
        if let Some(request) = self.in_flight.take_if(|request| now.saturating_sub(request.sent) >= deadline) {
            logs::group::unanswered(request.parts.len(), deadline);
            self.looked = None;
        }
    }

    /// Makes one request of all that changed; `None` when nothing did.
    pub(crate) fn request(
        &mut self,
        now: Duration,
        standings: impl IntoIterator<Item = Standing>,
    ) -> Option<Vec<CommitPoint>> {
        if self.dead || self.in_flight.is_some() {
            return None;
        }
        self.looked = Some(now);
        let plain = now < self.plain_until;
        let (mut parts, mut points) = (Vec::new(), Vec::new());
        for Standing { epoch, version, mut point } in standings {
            if !self.is_dirty(now, &point.partition, epoch, version) {
                continue;
            }
            if plain {
                point.metadata = None;
            }
            parts.push((point.partition.clone(), epoch, version));
            points.push(point);
        }
        if points.is_empty() {
            return None;
        }
        self.in_flight = Some(Request { sent: now, parts });
        Some(points)
    }

    fn is_dirty(&self, now: Duration, partition: &TopicPartition, epoch: u64, version: u64) -> bool {
        self.tracked.get(partition).is_some_and(|tracked| {
            tracked.epoch == epoch
                && tracked.acked.is_none_or(|acked| acked < version)
                && !self.is_suspended(now, tracked)
        })
    }

    fn is_suspended(&self, now: Duration, tracked: &Tracked) -> bool {
        tracked.suspended.is_some_and(|why| now < why.until && !(why.joining && self.leaving))
    }

    /// Takes the answer of the request in flight; `jitter` is random in `[0, 1)`.
    pub(crate) fn answered(
        &mut self,
        now: Duration,
        results: Vec<(TopicPartition, Result<(), CommitError>)>,
        jitter: f64,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        let Some(request) = self.in_flight.take() else { return verdict };
        let mut results: BTreeMap<_, _> = results.into_iter().collect();
        let mut retry = false;
        let mut failed = false;
        for (partition, epoch, _) in &request.parts {
            let missing = || Err(CommitError::Retry("the broker did not answer for it".to_owned()));
            if let Err(error) = results.remove(partition).unwrap_or_else(missing) {
                failed = true;
                retry |= self.fail(now, &request, (partition, *epoch), error, &mut verdict);
            }
        }
        if failed {
            self.looked = None;
            self.alarmed |= !verdict.alarms.is_empty();
        } else {
            self.failures = 0;
            self.accept(&request);
            verdict.mended = self.alarmed && self.tracked.values().all(|tracked| tracked.suspended.is_none());
            self.alarmed &= !verdict.mended;
        }
        if retry {
            self.failures = self.failures.saturating_add(1);
            self.not_before = now + self.policy.wait(self.failures, jitter);
            self.not_before_urgent = self.not_before.min(now + self.policy.backoff.0);
        }
        verdict
    }

    /// Notes what a partition's error asks for; true when the whole request has to wait before it goes again.
    fn fail(
        &mut self,
        now: Duration,
        request: &Request,
        (partition, epoch): (&TopicPartition, u64),
        error: CommitError,
        verdict: &mut Verdict,
    ) -> bool {
        let (lost, alarm) = self.policy.suspend;
        let tracked = self.tracked.get_mut(partition).filter(|tracked| tracked.epoch == epoch);
        match error {
            CommitError::Retry(reason) => {
                tracing::debug!(%partition, reason, "a commit failed and is sent again");
                return true;
            }
            CommitError::MetadataTooLarge => self.plain_until = now + self.policy.plain,
            CommitError::Fatal(reason) => {
                self.dead = true;
                verdict.fatal.get_or_insert(reason);
            }
            CommitError::Lost(ref reason) | CommitError::OldGeneration(ref reason) => {
                let Some(tracked) = tracked else { return false };
                if request.sent < tracked.confirmed {
                    return true;
                }
                let joining = matches!(error, CommitError::OldGeneration(_));
                // Who leaves asks ten times a second.
                if tracked.suspended.is_none() || !self.leaving {
                    logs::group::refused(partition, reason);
                }
                tracked.suspended = Some(Suspended { until: now + lost, joining });
                verdict.lost.push(partition.clone());
                return joining && self.leaving;
            }
            CommitError::Alarm(reason) => {
                let Some(tracked) = tracked else { return false };
                tracked.suspended = Some(Suspended { until: now + alarm, joining: false });
                verdict.alarms.push(format!("cannot commit {partition}: {reason}"));
            }
        }
        false
    }

    fn accept(&mut self, request: &Request) {
        for (partition, epoch, version) in &request.parts {
            if let Some(tracked) = self.tracked.get_mut(partition).filter(|tracked| tracked.epoch == *epoch) {
                tracked.acked = tracked.acked.max(Some(*version));
                tracked.suspended = None;
            }
        }
    }

    /// Nothing is left to wait for: this version is committed, or it never will be.
    pub(crate) fn is_settled(&self, now: Duration, partition: &TopicPartition, epoch: u64, version: u64) -> bool {
        let Some(tracked) = self.tracked.get(partition).filter(|tracked| tracked.epoch == epoch) else { return true };
        self.dead || tracked.acked.is_some_and(|acked| acked >= version) || self.is_suspended(now, tracked)
    }
}

#[cfg(test)]
mod tests;

//! The poll loop: events in, batches out, commits when due. It never blocks and runs no user code.

mod commits;
mod observe;
mod stop;

use std::{
    sync::{Arc, mpsc::TryRecvError},
    time::Duration,
};

use self::{observe::Outside, stop::Phase};
use super::{
    committer::Committer,
    rebalance::{Departed, Partitions},
    thread::{Command, Settings, Wiring},
};
use crate::{
    dispatch::{Assignment, Intake},
    kafka::{
        record::{Batch, BufferPool, TopicPartition},
        source::{Committed, Source, SourceEvent},
    },
    telemetry::logs,
};

/// Events served before the partitions get their turn.
const EVENTS: usize = 64;

/// One consumer client, from its events to the intake and back to its commits.
pub(crate) struct PollLoop<S, I> {
    source: S,
    intake: I,
    settings: Settings,
    wiring: Wiring,
    partitions: Partitions,
    buffers: Arc<BufferPool>,
    committer: Committer,
    phase: Phase,
    /// The client is dead: nothing is taken or committed.
    dead: bool,
    /// As far as the client knows.
    reachable: bool,
    /// Where the round over the partitions begins.
    first: usize,
    /// When the figures are looked at again.
    look: Duration,
    outside: Outside,
}

impl<S: Source, I: Intake> PollLoop<S, I> {
    pub(crate) fn new(source: S, intake: I, settings: Settings, wiring: Wiring) -> Self {
        Self {
            source,
            intake,
            settings,
            wiring,
            partitions: Partitions::default(),
            buffers: BufferPool::new(),
            committer: Committer::new(settings.commits),
            phase: Phase::Running,
            dead: false,
            reachable: true,
            first: 0,
            look: Duration::ZERO,
            outside: Outside::default(),
        }
    }

    /// One round; true when another one is worth it at once. Otherwise the waker says when it is, or time does.
    ///
    /// `now` counts from any fixed start.
    pub(crate) fn turn(&mut self, now: Duration) -> bool {
        if self.is_closed() {
            return false;
        }
        self.observe(now);
        let mut busy = self.obey(now);
        busy |= self.listen(now);
        busy |= self.take(now);
        busy |= self.depart(now);
        busy |= self.commit(now);
        busy | self.close_if_done()
    }

    /// How long the caller may sleep after an idle round, `longest` at most.
    pub(crate) fn rest(&self, longest: Duration) -> Duration {
        self.source.rest().map_or(longest, |rest| rest.min(longest))
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    // Commands.

    fn obey(&mut self, now: Duration) -> bool {
        match self.wiring.commands.try_recv() {
            Ok(Command::Stop { by, done }) => {
                // The thread may have been held up since it was asked.
                self.stop(now + by.saturating_duration_since(crate::clock::monotonic()), Some(done));
            }
            #[cfg(feature = "testing")]
            Ok(Command::Release) => self.settings.held = false,
            // Nobody is left who could stop it.
            Err(TryRecvError::Disconnected) if matches!(self.phase, Phase::Running) => {
                self.stop(now + self.settings.bounds.drain, None);
            }
            Err(_) => return false,
        }
        true
    }

    /// Tells handlers and mailboxes of a partition to end.
    fn give_up(&self, assignment: &Arc<Assignment>) {
        assignment.cancel();
        self.intake.revoke(assignment);
    }

    // Events.

    fn listen(&mut self, now: Duration) -> bool {
        for served in 0..EVENTS {
            let Some(event) = self.source.next_event() else { return served > 0 };
            self.on_event(now, event);
        }
        true
    }

    fn on_event(&mut self, now: Duration, event: SourceEvent) {
        match event {
            SourceEvent::Assigned(partitions) => self.on_assigned(now, &partitions),
            SourceEvent::Revoked { partitions, lost } => self.on_revoked(now, partitions, lost),
            SourceEvent::Committed(results) => self.on_committed(now, results),
            SourceEvent::Broker { up, detail } => {
                self.reachable = up;
                self.intake.broker(up, &detail);
            }
            SourceEvent::Alarm(reason) => {
                self.outside.is_known();
                self.intake.alarm(&reason);
            }
            SourceEvent::Fatal(reason) => self.on_fatal(&reason),
        }
    }

    fn on_assigned(&mut self, now: Duration, partitions: &[(TopicPartition, Option<Committed>)]) {
        self.confirm(now);
        logs::group::assigned(&partitions.iter().map(|(partition, _)| partition.clone()).collect::<Vec<_>>());
        let starts: Vec<_> = partitions
            .iter()
            .map(|(partition, committed)| (partition.clone(), committed.as_ref().map(|committed| committed.offset)))
            .collect();
        // While stopping, the client still wants its answer; without a slot nothing is taken.
        if matches!(self.phase, Phase::Running) {
            for (partition, committed) in partitions {
                self.assign(partition, committed.as_ref());
            }
        }
        self.source.start(&starts);
        self.intake.joined(true);
    }

    fn assign(&mut self, partition: &TopicPartition, committed: Option<&Committed>) {
        let epoch = self.partitions.next_epoch();
        let (limits, waker) = (self.settings.limits, Arc::clone(&self.wiring.waker));
        let assignment = Arc::new(Assignment::new(partition.clone(), epoch, committed, limits, waker));
        let acked = committed.map(|_| assignment.version());
        if let Some(old) = self.partitions.insert(Arc::clone(&assignment)) {
            old.close();
            self.intake.close(&old);
        }
        self.committer.track(partition.clone(), epoch, acked);
        tracing::debug!(%partition, epoch, offset = committed.map(|committed| committed.offset), "partition assigned");
        self.intake.assign(&assignment);
    }

    fn on_revoked(&mut self, now: Duration, partitions: Vec<TopicPartition>, lost: bool) {
        if lost {
            logs::group::lost(&partitions);
        } else {
            logs::group::revoked(&partitions);
        }
        if lost || self.dead {
            self.intake.joined(false);
            let departed = self.partitions.lose(partitions);
            return self.let_go(departed);
        }
        self.confirm(now);
        let mut until = now + self.settings.bounds.drain;
        if let Phase::Stopping { until: own, .. } = self.phase {
            until = until.min(own);
        }
        for assignment in self.partitions.revoke(partitions, until) {
            self.give_up(&assignment);
        }
    }

    /// The client takes part in the group again: what looked lost was only between two generations.
    fn confirm(&mut self, now: Duration) {
        self.committer.confirm(now);
        self.partitions.lift_holds();
    }

    /// Gives partitions back: first to the client, so that the group goes on, then to their actors.
    fn let_go(&mut self, Departed { release, gone }: Departed) {
        for assignment in &gone {
            assignment.close();
            self.committer.forget(&assignment.partition, assignment.epoch);
        }
        if let Some(partitions) = release {
            self.source.release(&partitions);
        }
        for assignment in &gone {
            self.intake.close(assignment);
        }
    }

    fn on_fatal(&mut self, reason: &str) {
        logs::client::consumer_dead(reason);
        self.committer.kill();
        if !std::mem::replace(&mut self.dead, true) {
            self.intake.fatal(reason);
        }
    }

    // Records.

    /// One batch from each partition that may give one, every round from another first partition; whether there may be
    /// more.
    ///
    /// A round just to see that there is nothing would keep the core from the handler's thread, which wakes there.
    fn take(&mut self, now: Duration) -> bool {
        if self.dead || self.settings.held || !matches!(self.phase, Phase::Running) {
            return false;
        }
        let Self { source, intake, partitions, buffers, settings, .. } = self;
        let mut more = false;
        self.first = (self.first + 1) % partitions.len().max(1);
        for slot in partitions.slots().skip(self.first).chain(partitions.slots().take(self.first)) {
            let assignment = &slot.assignment;
            let Some(credit) = assignment.credit().filter(|_| now >= slot.held_until) else { continue };
            let batch = assignment.begin_again().inspect(|_| more = true).unwrap_or_else(|| {
                let mut batch = Batch::pooled(assignment.partition.clone(), buffers);
                let records = credit.records.min(settings.batch);
                more |= source.take(&assignment.partition, records, credit.bytes, &mut batch);
                batch
            });
            if batch.is_empty() {
                continue;
            }
            if !assignment.is_followed_by(&batch) {
                more = true;
                source.after_jump(&assignment.partition, &mut |low| assignment.notice_what_was_deleted(&batch, low));
            }
            match assignment.receive(batch) {
                Some(batch) => intake.deliver(assignment, batch),
                // It may wait for a former log that has ended already.
                None => more = true,
            }
        }
        more
    }
}

#[cfg(test)]
mod tests;

//! Commits: sent when they are due, and what their answers mean.

use std::time::Duration;

use super::PollLoop;
use crate::{
    dispatch::Intake,
    kafka::{
        poll::committer::Verdict,
        record::TopicPartition,
        source::{CommitError, Source},
    },
};

impl<S: Source, I: Intake> PollLoop<S, I> {
    pub(super) fn commit(&mut self, now: Duration) -> bool {
        if !self.committer.due(now, self.partitions.load()) {
            return false;
        }
        let Some(points) = self.committer.request(now, self.partitions.standings()) else { return false };
        self.partitions.note_sent(&points);
        self.source.commit(&points);
        true
    }

    pub(super) fn on_committed(&mut self, now: Duration, results: Vec<(TopicPartition, Result<(), CommitError>)>) {
        self.partitions.note_answer(&results);
        let jitter = (self.wiring.jitter)();
        let Verdict { lost, alarms, mended, fatal } = self.committer.answered(now, results, jitter);
        for partition in lost {
            // Not the end yet: in a cooperative rebalance the same error also comes for partitions that stay.
            self.partitions.hold(&partition, now + self.settings.commits.suspend.0);
        }
        for alarm in alarms {
            self.intake.cannot_commit(&alarm);
        }
        if mended {
            self.intake.commits_again();
        }
        if let Some(reason) = fatal {
            self.on_fatal(&reason);
        }
    }
}

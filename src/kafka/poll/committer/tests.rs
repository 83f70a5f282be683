//! The state machine by itself: a clock that is a number, answers that a test makes up.

mod due;
mod errors;
mod model;
mod rebalance;

use super::*;
use crate::telemetry::heard::heard;

const SECOND: Duration = Duration::from_secs(1);

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new("orders", number)
}

/// Stands at `offset`; the version follows it.
fn standing(number: i32, epoch: u64, offset: i64) -> Standing {
    let point = CommitPoint { partition: partition(number), offset, metadata: Some(format!("map@{offset}")) };
    Standing { epoch, version: offset as u64, point }
}

fn tracking(partitions: i32) -> Committer {
    let mut committer = Committer::new(Policy::default());
    for number in 0..partitions {
        committer.track(partition(number), 1, Some(0));
    }
    committer
}

type Answers = Vec<(TopicPartition, Result<(), CommitError>)>;

fn all(points: &[CommitPoint], result: &Result<(), CommitError>) -> Answers {
    points.iter().map(|point| (point.partition.clone(), result.clone())).collect()
}

fn offsets(points: &[CommitPoint]) -> Vec<(i32, i64)> {
    points.iter().map(|point| (point.partition.partition, point.offset)).collect()
}

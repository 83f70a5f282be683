//! What an assignment says of commits and of what was committed before.

use super::*;
use crate::{kafka::record::Timestamp, telemetry::heard::heard};

fn assignment(committed: Option<&Committed>) -> Assignment {
    let assignment =
        Assignment::new(TopicPartition::new("orders", 0), 1, committed, Limits::default(), Arc::new(|| {}));
    assignment.open(1);
    assignment
}

// Fails when the metadata of another program is taken for nothing, or dropped without a word.
#[test]
fn metadata_that_is_not_ours_is_ignored_and_said() {
    let committed = |metadata: &str| Committed { offset: 7, metadata: metadata.into() };
    let text = heard(|| assignment(Some(&committed("somebody else's"))));
    let line = " WARN carom::bus: ignored the metadata of the committed offset: some records may be repeated \
                topic=\"orders\" partition=0 offset=7 error=";
    assert!(text.starts_with(line), "{text}");
    assert_eq!(heard(|| assignment(Some(&committed("")))), "");
}

// Fails when a commit that leaves the map out looks like any other, and when each of them has a line.
#[test]
fn a_commit_without_its_map_is_said_once_until_the_map_fits_again() {
    let assignment = assignment(None);
    let mut batch = Batch::new(TopicPartition::new("orders", 0));
    (0..40_000).for_each(|offset| batch.push(offset, Timestamp::None, None, None));
    assignment.receive(batch);
    // As many runs as there can be: no map of them is short.
    let odd: Vec<_> = (0..40_000).filter(|offset| offset % 2 == 1).collect();
    assignment.finish(&odd, |_| {});
    let text = heard(|| [assignment.commit_point(), assignment.commit_point()]);
    let line = " WARN carom::bus: committed without the offset map, which is too large: ";
    assert!(text.starts_with(line) && text.ends_with(" topic=\"orders\" partition=0 offset=0\n"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

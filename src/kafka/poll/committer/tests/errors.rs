//! What the broker's errors mean for the next request, for alarms and for the end.

use super::*;

#[test]
fn after_one_partition_failed_all_of_the_request_go_again_with_their_newest_offsets() {
    let mut committer = tracking(2);
    let first = committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap();
    let mut answers = all(&first, &Ok(()));
    answers[1].1 = Err(CommitError::Retry("no coordinator".to_owned()));
    committer.answered(SECOND, answers, 1.0);
    assert!(!committer.due(SECOND + Duration::from_millis(99), Load::default()), "before the backoff is over");
    let later = SECOND + Duration::from_millis(100);
    assert!(committer.due(later, Load::default()));
    // Fails when `answered` accepts the partitions that have no error of their own.
    assert_eq!(offsets(&committer.request(later, [standing(0, 1, 5), standing(1, 1, 8)]).unwrap()), [(0, 5), (1, 8)]);
}

#[test]
fn refused_metadata_is_left_out_for_all() {
    let mut committer = tracking(2);
    let first = committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap();
    assert!(first.iter().all(|point| point.metadata.is_some()));
    let mut answers = all(&first, &Ok(()));
    answers[0].1 = Err(CommitError::MetadataTooLarge);
    committer.answered(SECOND, answers, 0.0);
    assert!(committer.due(SECOND, Load::default()), "at once");
    let second = committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap();
    assert_eq!(offsets(&second), [(0, 5), (1, 5)]);
    assert!(second.iter().all(|point| point.metadata.is_none()));
}

// Fails when one partition's success is taken for all, and when the end is told twice or never.
#[test]
fn an_alarm_is_over_when_all_partitions_are_committed_again() {
    let mut committer = tracking(2);
    let both = |offset| [standing(0, 1, offset), standing(1, 1, offset)];
    let mended = |committer: &mut Committer, now, offset, errors: &[usize]| {
        let points = committer.request(now, both(offset)).unwrap();
        let mut answers = all(&points, &Ok(()));
        errors.iter().for_each(|&at| answers[at].1 = Err(CommitError::Alarm("rights".to_owned())));
        committer.answered(now, answers, 0.0).mended
    };
    assert!(!mended(&mut committer, SECOND, 5, &[0, 1]));
    // The first partition is tried again, the second still rests.
    committer.tracked.get_mut(&partition(0)).unwrap().suspended = None;
    assert!(!mended(&mut committer, SECOND * 2, 6, &[]));
    assert!(mended(&mut committer, SECOND * 40, 7, &[]));
    assert!(!mended(&mut committer, SECOND * 41, 8, &[]), "told once");
}

#[test]
fn a_fatal_error_ends_all_commits() {
    let mut committer = tracking(1);
    let points = committer.request(SECOND, [standing(0, 1, 5)]).unwrap();
    let verdict = committer.answered(SECOND, all(&points, &Err(CommitError::Fatal("fenced".to_owned()))), 0.0);
    assert_eq!(verdict.fatal.as_deref(), Some("fenced"));
    assert!(!committer.due(SECOND * 99, Load { urgent: true, ..Load::default() }));
    assert!(committer.is_settled(SECOND * 99, &partition(0), 1, 9), "nobody waits for it");
}

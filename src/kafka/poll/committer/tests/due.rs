//! When a commit is sent: what makes it due, one at a time, and how long an answer or a backoff takes.

use super::*;

#[test]
fn a_commit_is_due_on_time_on_count_when_idle_and_when_a_partition_leaves() {
    let mut committer = tracking(1);
    assert!(committer.due(Duration::ZERO, Load::default()), "nothing was looked for yet");
    assert_eq!(committer.request(Duration::ZERO, [standing(0, 1, 0)]), None, "nothing is new");
    let idle = Load { idle: true, ..Load::default() };
    let many = Load { finished: 5_000, ..Load::default() };
    let urgent = Load { urgent: true, ..Load::default() };
    // Fails when a count alone is enough: a fast consumer would commit a hundred times a second.
    let soon = Duration::from_millis(99);
    assert!(!committer.due(soon, many) && !committer.due(soon, idle) && committer.due(soon, urgent));
    let now = Duration::from_millis(100);
    assert!(!committer.due(now, Load { finished: 4_999, ..Load::default() }));
    assert!(committer.due(now, many) && committer.due(now, idle) && committer.due(now, urgent));
    assert!(committer.due(SECOND, Load::default()));
}

#[test]
fn one_request_is_in_flight_at_a_time_and_what_finished_meanwhile_follows() {
    let mut committer = tracking(2);
    let first = committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 0)]).unwrap();
    assert_eq!(offsets(&first), [(0, 5)]);
    // Fails without the check of `in_flight` in `due` and `request`.
    assert!(!committer.due(SECOND * 3, Load { urgent: true, ..Load::default() }));
    assert_eq!(committer.request(SECOND * 3, [standing(0, 1, 9)]), None);
    assert_eq!(committer.answered(SECOND * 3, all(&first, &Ok(())), 0.0), Verdict::default());
    assert_eq!(
        offsets(&committer.request(SECOND * 3, [standing(0, 1, 9), standing(1, 1, 2)]).unwrap()),
        [(0, 9), (1, 2)]
    );
}

#[test]
fn backoff_doubles_up_to_its_bound() {
    let mut committer = tracking(1);
    let mut waits = Vec::new();
    let mut now = Duration::ZERO;
    for _ in 0..8 {
        let points = committer.request(now, [standing(0, 1, 1)]).unwrap();
        committer.answered(now, all(&points, &Err(CommitError::Retry(String::new()))), 1.0);
        waits.push((committer.not_before - now).as_millis());
        now = committer.not_before;
    }
    assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    // Fails when a partition that leaves waits as long as the others: its last commit would not be tried at all.
    let urgent = Load { urgent: true, ..Load::default() };
    let answered = now - Duration::from_secs(5);
    assert!(!committer.due(answered + Duration::from_millis(99), urgent));
    assert!(committer.due(answered + Duration::from_millis(100), urgent));
    assert!(!committer.due(answered + Duration::from_millis(100), Load::default()));
}

#[test]
fn without_an_answer_in_ten_seconds_the_newest_goes_again() {
    let mut committer = tracking(1);
    committer.request(SECOND, [standing(0, 1, 5)]).unwrap();
    assert!(!committer.due(SECOND * 10, Load::default()));
    // Fails without `expire`, and when it says nothing.
    let text = heard(|| assert!(committer.due(SECOND * 11, Load::default())));
    let line = " WARN carom::bus: a commit was not answered in time: the newest is sent count=1 after_ms=10000\n";
    assert_eq!(text, line);
    assert_eq!(offsets(&committer.request(SECOND * 11, [standing(0, 1, 6)]).unwrap()), [(0, 6)]);
}

use proptest::prelude::*;

use super::*;

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
    // Fails without `expire`.
    assert!(committer.due(SECOND * 11, Load::default()));
    assert_eq!(offsets(&committer.request(SECOND * 11, [standing(0, 1, 6)]).unwrap()), [(0, 6)]);
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

#[test]
fn a_partition_that_seems_lost_is_left_alone_until_a_rebalance_confirms_it() {
    let mut committer = tracking(2);
    let first = committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap();
    let mut answers = all(&first, &Ok(()));
    answers[0].1 = Err(CommitError::Lost("generation".to_owned()));
    assert_eq!(committer.answered(SECOND, answers, 0.0).lost, [partition(0)]);
    assert!(committer.is_settled(SECOND, &partition(0), 1, 5), "nobody waits for it");
    assert_eq!(offsets(&committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap()), [(1, 5)]);
    committer.answered(SECOND, all(&first[1..], &Ok(())), 0.0);
    committer.confirm(SECOND);
    // Fails when `confirm` leaves `suspended`: a revoke right after it would go without its last commit.
    assert!(!committer.is_settled(SECOND, &partition(0), 1, 5));
    assert_eq!(offsets(&committer.request(SECOND, [standing(0, 1, 5), standing(1, 1, 5)]).unwrap()), [(0, 5)]);
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
fn a_refusal_of_what_was_sent_before_the_rebalance_does_not_count() {
    let mut committer = tracking(1);
    let points = committer.request(SECOND, [standing(0, 1, 5)]).unwrap();
    committer.confirm(SECOND * 2);
    let verdict = committer.answered(SECOND * 2, all(&points, &Err(CommitError::Lost(String::new()))), 0.0);
    // Fails without the comparison with `confirmed`.
    assert_eq!(verdict, Verdict::default());
    assert!(!committer.is_settled(SECOND * 2, &partition(0), 1, 5));
}

#[test]
fn what_belongs_to_another_epoch_is_neither_sent_nor_acknowledged() {
    let mut committer = tracking(1);
    let points = committer.request(SECOND, [standing(0, 1, 50)]).unwrap();
    committer.track(partition(0), 2, Some(0));
    committer.answered(SECOND, all(&points, &Ok(())), 0.0);
    // Fails when `accept` or `is_dirty` does not compare epochs.
    assert!(!committer.is_settled(SECOND, &partition(0), 2, 10));
    assert_eq!(committer.request(SECOND, [standing(0, 1, 60)]), None);
    committer.forget(&partition(0), 1);
    assert_eq!(offsets(&committer.request(SECOND, [standing(0, 2, 10)]).unwrap()), [(0, 10)]);
    committer.answered(SECOND, Vec::new(), 0.0);
    committer.forget(&partition(0), 2);
    // Fails when `forget` does nothing.
    assert_eq!(committer.request(SECOND * 2, [standing(0, 2, 20)]), None);
    assert!(committer.is_settled(SECOND * 2, &partition(0), 2, 20), "nobody waits for it");
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

#[derive(Debug, Clone)]
enum Step {
    /// Records of a partition finish.
    Finish(i32, i64),
    Wait(u64),
    /// The broker answers: each partition with its own result; applied or not, whatever it says.
    Answer(Vec<(u8, bool)>),
    /// The partition goes to another member.
    Lose(i32),
    /// It comes back, where the group stands.
    Assign(i32),
    Confirm,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..3, 1..50i64).prop_map(|(number, records)| Step::Finish(number, records)),
        3 => (0..4_000u64).prop_map(Step::Wait),
        4 => prop::collection::vec((0..8u8, any::<bool>()), 3).prop_map(Step::Answer),
        1 => (0..3).prop_map(Step::Lose),
        1 => (0..3).prop_map(Step::Assign),
        1 => Just(Step::Confirm),
    ];
    prop::collection::vec(step, 0..120)
}

fn result(kind: u8) -> Result<(), CommitError> {
    match kind {
        0 => Err(CommitError::Retry("later".to_owned())),
        1 => Err(CommitError::MetadataTooLarge),
        2 => Err(CommitError::Lost("generation".to_owned())),
        3 => Err(CommitError::Alarm("rights".to_owned())),
        _ => Ok(()),
    }
}

/// Three partitions, a broker that may do anything, and what has to hold at every step.
#[derive(Default)]
struct Model {
    now: Duration,
    committer: Committer,
    /// Epoch and finished offset, while the partition is ours.
    ours: BTreeMap<i32, (u64, i64)>,
    finished: [i64; 3],
    committed: [i64; 3],
    epoch: u64,
    /// On the wire, with the time it was sent.
    wire: Option<(Duration, Vec<(u64, CommitPoint)>)>,
    /// What failed has to be in the next request, unless the partition is left alone.
    owed: Vec<i32>,
}

impl Model {
    fn standings(&self) -> Vec<Standing> {
        self.ours.iter().map(|(&number, &(epoch, offset))| standing(number, epoch, offset)).collect()
    }

    fn assign(&mut self, number: i32) {
        self.epoch += 1;
        let base = self.committed[number as usize];
        self.ours.insert(number, (self.epoch, base));
        self.committer.track(partition(number), self.epoch, Some(base as u64));
        self.owed.retain(|owed| *owed != number);
    }

    fn pump(&mut self) {
        if !self.committer.due(self.now, Load::default()) {
            return;
        }
        if let Some((sent, _)) = &self.wire {
            assert!(self.now - *sent >= Policy::default().deadline, "a second request is in flight");
        }
        let Some(points) = self.committer.request(self.now, self.standings()) else { return };
        for point in &points {
            let number = point.partition.partition;
            let (_, offset) = self.ours.get(&number).expect("a partition that is not ours");
            assert_eq!(point.offset, *offset, "not the newest value");
        }
        for owed in self.owed.drain(..) {
            assert!(
                points.iter().any(|point| point.partition.partition == owed),
                "{owed} failed and was not sent again"
            );
        }
        let epoch = |point: &CommitPoint| self.ours[&point.partition.partition].0;
        self.wire = Some((self.now, points.into_iter().map(|point| (epoch(&point), point)).collect()));
    }

    fn answer(&mut self, kinds: &[(u8, bool)]) {
        let Some((_, points)) = self.wire.take() else { return };
        let (mut answers, mut again, mut failed) = (Vec::new(), Vec::new(), false);
        for ((epoch, point), (kind, applied)) in points.into_iter().zip(kinds) {
            let number = point.partition.partition;
            let result = result(*kind);
            failed |= result.is_err();
            // Another epoch's answer must change nothing.
            if self.ours.get(&number).is_some_and(|(own, _)| *own == epoch) {
                if result.is_ok() || *applied {
                    self.committed[number as usize] = point.offset;
                }
                if !matches!(result, Err(CommitError::Lost(_) | CommitError::Alarm(_))) {
                    again.push(number);
                }
            }
            answers.push((point.partition, result));
        }
        if failed {
            self.owed = again;
        }
        self.committer.answered(self.now, answers, 0.5);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Finish(number, records) => {
                if let Some((_, offset)) = self.ours.get_mut(&number) {
                    *offset += records;
                    self.finished[number as usize] = self.finished[number as usize].max(*offset);
                }
            }
            Step::Wait(millis) => self.now += Duration::from_millis(millis),
            Step::Answer(kinds) => self.answer(&kinds),
            Step::Lose(number) => {
                if let Some((epoch, _)) = self.ours.remove(&number) {
                    self.committer.forget(&partition(number), epoch);
                    self.owed.retain(|owed| *owed != number);
                }
            }
            Step::Assign(number) => self.assign(number),
            Step::Confirm => self.committer.confirm(self.now),
        }
        self.pump();
        for number in 0..3 {
            assert!(self.committed[number] <= self.finished[number], "committed more than was finished");
        }
    }
}

proptest! {
    // Fails when `accept` runs after an error, or `due` ignores what is in flight.
    #[test]
    fn whatever_the_broker_answers_only_finished_records_of_ours_are_committed_and_in_the_end_all_are(steps in steps()) {
        let mut model = Model::default();
        (0..3).for_each(|number| model.assign(number));
        steps.into_iter().for_each(|step| model.step(step));
        for _ in 0..4 {
            model.step(Step::Wait(60_000));
            model.step(Step::Answer(vec![(9, true); 3]));
        }
        for (number, (_, offset)) in &model.ours {
            prop_assert_eq!(model.committed[*number as usize], *offset);
        }
    }
}

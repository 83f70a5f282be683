//! Whatever happens in whatever order: a broker that may do anything, and what holds at every step.

use proptest::prelude::*;

use super::*;

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

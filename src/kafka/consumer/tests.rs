//! The poll loop between a scripted client and an intake that writes down what it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, mpsc},
};

use super::*;
use crate::kafka::source::CommitError;
use crate::{
    dispatch::Limits,
    kafka::{
        committer::Policy,
        record::{Timestamp, TopicPartition},
        source::CommitPoint,
    },
};

const SECOND: Duration = Duration::from_secs(1);

/// What both sides of the loop write down, in one order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Note {
    Start(Vec<(i32, Option<i64>)>),
    Take(i32),
    Commit(Vec<(i32, i64)>),
    Release(Vec<i32>),
    ClientClosed,
    Assign(i32, u64),
    Revoke(i32),
    Close(i32),
    Deliver(i32, usize),
    Fatal,
}

#[derive(Default)]
struct World {
    notes: Vec<Note>,
    events: VecDeque<SourceEvent>,
    /// Next offset and how many records are left, by partition.
    logs: BTreeMap<i32, (i64, usize)>,
    assignments: BTreeMap<i32, Arc<Assignment>>,
    batches: BTreeMap<i32, VecDeque<Arc<Batch>>>,
}

type Shared = Arc<Mutex<World>>;

fn numbers(partitions: &[TopicPartition]) -> Vec<i32> {
    partitions.iter().map(|partition| partition.partition).collect()
}

struct FakeSource(Shared);

impl Source for FakeSource {
    fn next_event(&mut self) -> Option<SourceEvent> {
        self.0.lock().unwrap().events.pop_front()
    }
    fn start(&mut self, partitions: &[(TopicPartition, Option<i64>)]) {
        let starts = partitions.iter().map(|(partition, offset)| (partition.partition, *offset)).collect();
        self.0.lock().unwrap().notes.push(Note::Start(starts));
    }
    fn take(&mut self, partition: &TopicPartition, records: usize, _: usize, batch: &mut Batch) {
        let mut world = self.0.lock().unwrap();
        world.notes.push(Note::Take(partition.partition));
        let Some((next, left)) = world.logs.get_mut(&partition.partition) else { return };
        for _ in 0..records.min(*left) {
            batch.push(*next, Timestamp::None, None, Some(b"value"));
            *next += 1;
            *left -= 1;
        }
    }
    fn commit(&mut self, points: &[CommitPoint]) {
        let points = points.iter().map(|point| (point.partition.partition, point.offset)).collect();
        self.0.lock().unwrap().notes.push(Note::Commit(points));
    }
    fn release(&mut self, partitions: &[TopicPartition]) {
        self.0.lock().unwrap().notes.push(Note::Release(numbers(partitions)));
    }
    fn close(&mut self, _: Duration) {
        self.0.lock().unwrap().notes.push(Note::ClientClosed);
    }
}

struct FakeIntake(Shared);

impl Intake for FakeIntake {
    fn assign(&self, assignment: &Arc<Assignment>) {
        let number = assignment.partition.partition;
        let mut world = self.0.lock().unwrap();
        world.notes.push(Note::Assign(number, assignment.epoch));
        world.assignments.insert(number, Arc::clone(assignment));
    }
    fn revoke(&self, assignment: &Arc<Assignment>) {
        self.0.lock().unwrap().notes.push(Note::Revoke(assignment.partition.partition));
    }
    fn close(&self, assignment: &Arc<Assignment>) {
        self.0.lock().unwrap().notes.push(Note::Close(assignment.partition.partition));
    }
    fn deliver(&self, assignment: &Assignment, batch: Arc<Batch>) {
        let number = assignment.partition.partition;
        let mut world = self.0.lock().unwrap();
        world.notes.push(Note::Deliver(number, batch.len()));
        world.batches.entry(number).or_default().push_back(batch);
    }
    fn broker(&self, _: bool, _: &str) {}
    fn alarm(&self, _reason: &str) {}

    fn fatal(&self, _: &str) {
        self.0.lock().unwrap().notes.push(Note::Fatal);
    }
}

/// The loop, and the hands of everybody around it.
struct Bench {
    poll: PollLoop<FakeSource, FakeIntake>,
    world: Shared,
    commands: mpsc::Sender<Command>,
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new("orders", number)
}

fn bench(limits: Limits) -> Bench {
    let world = Shared::default();
    let (commands, receiver) = mpsc::channel();
    let settings = Settings { limits, ..Settings::default() };
    let wiring = Wiring { commands: receiver, waker: Arc::new(|| ()), jitter: Box::new(|| 0.5) };
    let poll = PollLoop::new(FakeSource(Arc::clone(&world)), FakeIntake(Arc::clone(&world)), settings, wiring);
    Bench { poll, world, commands }
}

impl Bench {
    fn event(&self, event: SourceEvent) {
        self.world.lock().unwrap().events.push_back(event);
    }

    /// Assigns partitions that stand at offset 0, with `records` each, and opens them.
    fn running(limits: Limits, partitions: i32, records: usize) -> Self {
        let mut bench = bench(limits);
        for number in 0..partitions {
            bench.world.lock().unwrap().logs.insert(number, (0, records));
        }
        bench.assign(0..partitions);
        bench.turn(Duration::ZERO);
        (0..partitions).for_each(|number| bench.assignment(number).open(1));
        bench.notes();
        bench
    }

    fn assign(&self, partitions: impl Iterator<Item = i32>) {
        let committed = Committed { offset: 0, metadata: Vec::new() };
        self.event(SourceEvent::Assigned(partitions.map(|one| (partition(one), Some(committed.clone()))).collect()));
    }

    fn revoke(&self, partitions: &[i32], lost: bool) {
        let partitions = partitions.iter().map(|&number| partition(number)).collect();
        self.event(SourceEvent::Revoked { partitions, lost });
    }

    fn committed(&self, partitions: &[i32], result: &Result<(), CommitError>) {
        let results = partitions.iter().map(|&number| (partition(number), result.clone())).collect();
        self.event(SourceEvent::Committed(results));
    }

    fn turn(&mut self, now: Duration) -> bool {
        self.poll.turn(now)
    }

    fn assignment(&self, number: i32) -> Arc<Assignment> {
        Arc::clone(&self.world.lock().unwrap().assignments[&number])
    }

    /// The mailbox sees a batch, and ends all of it.
    fn finish_batch(&self, number: i32) {
        let batch = self.world.lock().unwrap().batches.get_mut(&number).unwrap().pop_front().unwrap();
        let assignment = self.assignment(number);
        assignment.arrived();
        assignment.finish(&batch.offsets().collect::<Vec<_>>(), |_| {});
    }

    /// What was written down since the last call; looking into a queue is left out.
    fn notes(&self) -> Vec<Note> {
        let notes = std::mem::take(&mut self.world.lock().unwrap().notes);
        notes.into_iter().filter(|note| !matches!(note, Note::Take(_))).collect()
    }

    fn stop(&self, within: Duration) -> oneshot::Receiver<()> {
        let (done, closed) = oneshot::channel();
        self.commands.send(Command::Stop { within, done }).unwrap();
        closed
    }
}

#[test]
fn nothing_is_taken_before_the_mailboxes_are_there_and_no_more_than_credit_allows() {
    let mut bench = bench(Limits { records: 300, ..Limits::default() });
    bench.world.lock().unwrap().logs.insert(0, (0, 1_000));
    bench.assign(0..1);
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes(), [Note::Assign(0, 1), Note::Start(vec![(0, Some(0))])]);
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes(), []);
    bench.assignment(0).open(1);
    bench.turn(Duration::ZERO);
    bench.turn(Duration::ZERO);
    // Fails when `take` asks for `BATCH` records whatever the credit says.
    assert_eq!(bench.notes(), [Note::Deliver(0, 256), Note::Deliver(0, 44)]);
    bench.assignment(0).arrived();
    bench.turn(Duration::ZERO);
    assert!(!bench.world.lock().unwrap().notes.contains(&Note::Take(0)), "no credit is left");
}

#[test]
fn at_most_two_batches_wait_in_front_of_a_mailbox() {
    let mut bench = Bench::running(Limits::default(), 1, 10_000);
    for _ in 0..5 {
        bench.turn(Duration::ZERO);
    }
    assert_eq!(bench.notes(), [Note::Deliver(0, 256), Note::Deliver(0, 256)]);
    bench.assignment(0).arrived();
    for _ in 0..5 {
        bench.turn(Duration::ZERO);
    }
    assert_eq!(bench.notes(), [Note::Deliver(0, 256)]);
}

#[test]
fn each_partition_gets_its_turn_and_none_is_always_first() {
    let mut bench = Bench::running(Limits::default(), 3, 100_000);
    let mut first = Vec::new();
    for _ in 0..6 {
        bench.turn(Duration::ZERO);
        let notes = bench.notes();
        let mut turn: Vec<_> = notes
            .iter()
            .filter_map(|note| match note {
                Note::Deliver(number, 256) => Some(*number),
                _ => None,
            })
            .collect();
        first.push(turn[0]);
        turn.sort_unstable();
        assert_eq!(turn, [0, 1, 2]);
        (0..3).for_each(|number| bench.finish_batch(number));
    }
    // Fails when the round begins at the same partition each time.
    assert_eq!(first, [2, 0, 1, 2, 0, 1]);
}

#[test]
fn a_revoked_partition_drains_then_commits_then_goes() {
    let mut bench = Bench::running(Limits::default(), 2, 100);
    bench.turn(Duration::ZERO);
    bench.notes();
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes(), [Note::Revoke(0)]);
    assert!(bench.assignment(0).cancel.is_cancelled());
    bench.finish_batch(0);
    bench.turn(SECOND / 10);
    assert_eq!(bench.notes(), [], "its handlers still run");
    bench.assignment(0).drained();
    bench.turn(SECOND / 5);
    // Fails when `Departure::is_over` ignores what is not settled: the release then overtakes the commit.
    assert_eq!(bench.notes(), [Note::Commit(vec![(0, 100)])]);
    bench.turn(SECOND / 4);
    assert_eq!(bench.notes(), [], "its commit is not answered");
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND / 4);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
}

#[test]
fn the_last_commit_waits_for_the_one_in_flight_and_takes_what_came_after() {
    let mut bench = Bench::running(Limits::default(), 1, 400);
    bench.turn(Duration::ZERO);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.turn(SECOND);
    assert_eq!(bench.notes().last(), Some(&Note::Commit(vec![(0, 256)])));
    bench.finish_batch(0);
    bench.revoke(&[0], false);
    bench.assignment(0).drained();
    bench.turn(SECOND);
    assert_eq!(bench.notes(), [Note::Revoke(0)]);
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND);
    assert_eq!(bench.notes(), [Note::Commit(vec![(0, 400)])]);
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
}

#[test]
fn a_handler_that_does_not_end_is_left_behind_at_the_bound_and_never_committed() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    bench.assignment(0).finish(&[0, 1], |_| {});
    bench.turn(SECOND * 4);
    bench.notes();
    bench.committed(&[0], &Ok(()));
    bench.turn(SECOND * 5);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
    // Fails when neither `drained` nor `let_go` closes the assignment.
    bench.assignment(0).finish(&[2, 3], |_| {});
    assert_eq!(bench.assignment(0).committable(), Some(2));
    bench.turn(SECOND * 50);
    assert_eq!(bench.notes(), []);
}

#[test]
fn what_finishes_after_the_last_commit_was_sent_moves_nothing() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.assignment(0).finish(&[0], |_| {});
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    bench.committed(&[0], &Ok(()));
    bench.assignment(0).finish(&[1], |_| {});
    bench.turn(SECOND * 5);
    assert_eq!(bench.notes().last(), Some(&Note::Commit(vec![(0, 2)])));
    // Fails when `Departure::drained` does not close: the commit that is awaited would have to chase it.
    bench.assignment(0).finish(&[2], |_| {});
    assert_eq!(bench.assignment(0).committable(), Some(2));
}

#[test]
fn a_partition_goes_even_if_its_last_commit_is_never_answered() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.revoke(&[0], false);
    bench.assignment(0).drained();
    bench.turn(SECOND);
    assert_eq!(bench.notes().last(), Some(&Note::Commit(vec![(0, 100)])));
    bench.turn(SECOND * 4 - SECOND / 10);
    assert_eq!(bench.notes(), []);
    // Fails when `is_over` looks at nothing but what is settled: the group would stand.
    bench.turn(SECOND * 4);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
}

#[test]
fn a_lost_partition_goes_at_once_and_is_never_committed() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.notes();
    bench.revoke(&[0], true);
    bench.turn(Duration::ZERO);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
    assert!(bench.assignment(0).cancel.is_cancelled());
    bench.turn(SECOND * 2);
    // Fails when `on_revoked` ignores `lost`.
    assert_eq!(bench.notes(), []);
}

#[test]
fn a_partition_lost_while_it_drains_is_not_committed_any_more() {
    let mut bench = Bench::running(Limits::default(), 2, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.revoke(&[0], false);
    bench.turn(Duration::ZERO);
    bench.notes();
    bench.revoke(&[0, 1], true);
    bench.turn(SECOND / 10);
    let notes = bench.notes();
    assert_eq!(notes[..3], [Note::Release(vec![0, 1]), Note::Close(0), Note::Close(1)]);
    assert!(!notes.iter().any(|note| matches!(note, Note::Commit(_))));
    bench.turn(SECOND * 9);
    assert!(!bench.notes().iter().any(|note| matches!(note, Note::Commit(_))));
}

#[test]
fn an_offset_counts_as_committed_when_the_broker_has_said_so() {
    let mut bench = Bench::running(Limits::default(), 2, 100);
    bench.turn(Duration::ZERO);
    (0..2).for_each(|number| bench.finish_batch(number));
    bench.turn(SECOND);
    let committed = |bench: &Bench| [0, 1].map(|number| bench.assignment(number).meter().last_committed());
    assert_eq!(committed(&bench), [Some(0), Some(0)], "it has been asked for, and that is all");
    // Fails when `note_answer` looks at each partition by itself: the broker errs for some that it did commit, and the
    // other way round.
    bench.event(SourceEvent::Committed(vec![
        (partition(0), Ok(())),
        (partition(1), Err(CommitError::Retry("moved".to_owned()))),
    ]));
    bench.turn(SECOND);
    assert_eq!(committed(&bench), [Some(0), Some(0)]);
    bench.turn(SECOND * 9);
    bench.committed(&[0, 1], &Ok(()));
    bench.turn(SECOND * 9);
    assert_eq!(committed(&bench), [Some(100), Some(100)]);
}

#[test]
fn a_refusal_right_before_a_revoke_does_not_cost_the_last_commit() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.turn(SECOND);
    bench.notes();
    bench.committed(&[0], &Err(CommitError::Lost("generation".to_owned())));
    bench.revoke(&[0], false);
    bench.assignment(0).drained();
    bench.turn(SECOND);
    // Fails without `confirm`: released without a commit, and 100 records twice.
    assert_eq!(bench.notes(), [Note::Revoke(0), Note::Commit(vec![(0, 100)])]);
}

#[test]
fn a_partition_whose_last_commit_is_refused_goes_at_once() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.revoke(&[0], false);
    bench.assignment(0).drained();
    bench.turn(SECOND);
    bench.notes();
    bench.committed(&[0], &Err(CommitError::Lost("member".to_owned())));
    bench.turn(SECOND + SECOND / 100);
    assert_eq!(bench.notes(), [Note::Release(vec![0]), Note::Close(0)]);
}

#[test]
fn every_rebalance_is_answered_empty_and_unknown_ones_too() {
    let mut bench = bench(Limits::default());
    bench.event(SourceEvent::Assigned(Vec::new()));
    bench.revoke(&[], false);
    bench.revoke(&[7], false);
    bench.revoke(&[], true);
    bench.turn(Duration::ZERO);
    let notes = bench.notes();
    // Fails when `lose` or `revoke` answer for known partitions only.
    for (answer, times) in [(Note::Start(vec![]), 1), (Note::Release(vec![]), 2), (Note::Release(vec![7]), 1)] {
        assert_eq!(notes.iter().filter(|note| **note == answer).count(), times, "{answer:?} in {notes:?}");
    }
}

#[test]
fn a_partition_that_comes_back_is_another_epoch_and_old_finishes_change_nothing() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    let old = bench.assignment(0);
    bench.turn(SECOND);
    bench.revoke(&[0], false);
    bench.assign(0..1);
    bench.turn(SECOND);
    let notes = bench.notes();
    assert!(notes.contains(&Note::Close(0)) && notes.contains(&Note::Assign(0, 2)), "{notes:?}");
    // The client still gets its answer to the revoke, but not for the partition that is back.
    assert!(notes.contains(&Note::Release(Vec::new())), "{notes:?}");
    old.finish(&(0..100).collect::<Vec<_>>(), |_| {});
    bench.turn(SECOND * 3);
    // Fails when `insert` does not take the old one out of its departure, and nobody closes it.
    assert!(!bench.notes().iter().any(|note| matches!(note, Note::Commit(_))));
    assert_eq!(bench.poll.partitions.len(), 1);
}

#[test]
fn stop_takes_nothing_more_drains_commits_and_closes() {
    let mut bench = Bench::running(Limits::default(), 2, 1_000);
    bench.turn(Duration::ZERO);
    (0..2).for_each(|number| bench.finish_batch(number));
    bench.notes();
    let mut closed = bench.stop(SECOND * 10);
    bench.turn(SECOND / 10);
    let notes = bench.notes();
    assert_eq!(notes[..2], [Note::Revoke(0), Note::Revoke(1)]);
    assert!(!notes.iter().any(|note| matches!(note, Note::Deliver(..))));
    bench.assignment(0).drained();
    bench.assignment(1).drained();
    bench.turn(SECOND / 5);
    bench.committed(&[0, 1], &Ok(()));
    bench.turn(SECOND / 5);
    let all: Vec<_> = notes.into_iter().chain(bench.notes()).skip(2).collect();
    // Fails when `close_if_done` does not wait for departures.
    assert_eq!(all, [Note::Commit(vec![(0, 256), (1, 256)]), Note::Close(0), Note::Close(1), Note::ClientClosed]);
    assert_eq!(closed.try_recv(), Ok(()));
    assert!(bench.poll.is_closed());
    assert!(!bench.turn(SECOND));
}

#[test]
fn stop_ends_at_its_bounds_whatever_happens() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    bench.assignment(0).finish(&[0], |_| {});
    let mut closed = bench.stop(SECOND * 2);
    bench.turn(Duration::ZERO);
    bench.turn(SECOND * 2);
    assert!(closed.try_recv().is_err());
    bench.turn(SECOND * 5);
    assert_eq!(closed.try_recv(), Ok(()));
}

#[test]
fn partitions_that_come_or_go_during_a_stop_are_answered_and_not_taken_from() {
    let mut bench = Bench::running(Limits::default(), 1, 100);
    bench.turn(Duration::ZERO);
    let mut closed = bench.stop(SECOND * 10);
    bench.turn(Duration::ZERO);
    bench.notes();
    bench.assign(5..6);
    bench.revoke(&[0], false);
    bench.turn(SECOND / 10);
    let notes = bench.notes();
    assert!(notes.contains(&Note::Start(vec![(5, Some(0))])) && !notes.contains(&Note::Assign(5, 2)), "{notes:?}");
    bench.assignment(0).drained();
    bench.turn(SECOND / 5);
    let notes = bench.notes();
    assert_eq!(notes, [Note::Release(vec![0]), Note::Close(0), Note::ClientClosed]);
    assert_eq!(closed.try_recv(), Ok(()));
}

#[test]
fn a_dead_client_is_told_once_and_neither_taken_from_nor_committed() {
    let mut bench = Bench::running(Limits::default(), 1, 1_000);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.notes();
    bench.event(SourceEvent::Fatal("fenced".to_owned()));
    bench.event(SourceEvent::Fatal("fenced".to_owned()));
    bench.turn(SECOND);
    bench.turn(SECOND * 3);
    assert_eq!(bench.notes(), [Note::Fatal]);
    let mut closed = bench.stop(SECOND);
    bench.assignment(0).drained();
    bench.turn(SECOND * 3);
    bench.turn(SECOND * 3);
    assert_eq!(closed.try_recv(), Ok(()));
}

#[test]
fn commits_wait_for_time_or_count_while_records_are_in_work() {
    let mut bench = Bench::running(Limits::default(), 1, 100_000);
    let policy = Policy::default();
    bench.turn(Duration::ZERO);
    bench.turn(Duration::ZERO);
    bench.finish_batch(0);
    bench.turn(policy.interval / 2);
    assert!(!bench.notes().iter().any(|note| matches!(note, Note::Commit(_))));
    for _ in 0..19 {
        bench.turn(policy.interval / 2);
        bench.finish_batch(0);
    }
    bench.turn(policy.interval / 2);
    assert!(bench.notes().contains(&Note::Commit(vec![(0, 5_120)])));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn each_rebalance_is_one_line() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || writer.clone());
    tracing::subscriber::with_default(subscriber.finish(), || {
        let mut bench = bench(Limits::default());
        bench.assign(0..3);
        bench.revoke(&[2], false);
        bench.revoke(&[1, 0], true);
        bench.turn(Duration::ZERO);
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    // Fails when `assign` says it for each partition, and when what is lost is only revoked.
    let expected = [
        " INFO carom::bus: partitions assigned count=3 partitions=\"orders[0,1,2]\"",
        " INFO carom::bus: partitions revoked count=1 partitions=\"orders[2]\"",
        " WARN carom::bus: partitions lost: another member may own them already, and handles again what was not \
         committed count=2 partitions=\"orders[0,1]\"",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

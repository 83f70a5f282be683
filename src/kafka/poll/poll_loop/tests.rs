//! The poll loop between a scripted client and an intake that writes down what it is told.

mod begins_again;
mod commits;
mod fatal;
mod lost;
mod rebalance;
mod revoke;
mod stop;
mod taking;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
};

use tokio::sync::oneshot;

use super::*;
use crate::{
    dispatch::Limits,
    kafka::{
        record::{Timestamp, TopicPartition},
        source::{CommitError, CommitPoint, Figures},
    },
    telemetry::heard::heard,
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
    /// How often the poll thread was woken.
    woken: Arc<AtomicUsize>,
    /// Whether the client says that it has joined its group.
    joined: Option<bool>,
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
    fn take(&mut self, partition: &TopicPartition, records: usize, _: usize, batch: &mut Batch) -> bool {
        let mut world = self.0.lock().unwrap();
        world.notes.push(Note::Take(partition.partition));
        let Some((next, left)) = world.logs.get_mut(&partition.partition) else { return false };
        for _ in 0..records.min(*left) {
            batch.push(*next, Timestamp::None, None, Some(b"value"));
            *next += 1;
            *left -= 1;
        }
        *left > 0
    }
    fn commit(&mut self, points: &[CommitPoint]) {
        let points = points.iter().map(|point| (point.partition.partition, point.offset)).collect();
        self.0.lock().unwrap().notes.push(Note::Commit(points));
    }
    fn figures(&mut self) -> Figures {
        Figures { joined: self.0.lock().unwrap().joined, ..Figures::default() }
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
    let woken = Arc::clone(&world.lock().unwrap().woken);
    let waker = Arc::new(move || {
        woken.fetch_add(1, Relaxed);
    });
    let wiring = Wiring { commands: receiver, waker, jitter: Box::new(|| 0.5) };
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
        self.commands.send(Command::Stop { by: std::time::Instant::now() + within, done }).unwrap();
        closed
    }
}

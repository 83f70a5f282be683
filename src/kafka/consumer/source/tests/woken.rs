//! Whoever asks when he is told to, and only then, misses nothing.

use super::{delivery::committed, *};
use crate::kafka::source::Committed;

/// A client by itself, and when it wakes.
struct Alone {
    source: KafkaSource,
    wakes: mpsc::Receiver<()>,
}

impl Alone {
    /// It has joined, and the one partition is started.
    fn joined(cluster: &Cluster) -> Self {
        let (waker, wakes) = waker();
        let source = KafkaSource::connect(&consumer_config(cluster), ClientLog::default(), &[TOPIC.to_owned()], waker);
        let mut alone = Self { source: source.unwrap(), wakes };
        loop {
            match alone.source.next_event() {
                Some(SourceEvent::Assigned(_)) => break,
                Some(_) => {}
                None => sleep(&alone.wakes, "the group"),
            }
        }
        alone.source.start(&[(partition(), None)]);
        alone
    }

    /// Takes one by one until nothing more is said to be there.
    fn take(&mut self) -> usize {
        let mut records = 0;
        for _ in 0..1_000 {
            let mut batch = Batch::new(partition());
            let more = self.source.take(&partition(), 1, usize::MAX, &mut batch);
            records += batch.len();
            // Somebody else serves them.
            self.source.events.clear();
            if !more {
                return records;
            }
        }
        panic!("after {records} records, there is always more")
    }

    fn takes(&mut self, all: usize) {
        let mut taken = self.take();
        while taken < all {
            sleep(&self.wakes, "a record");
            taken += self.take();
        }
        assert_eq!(taken, all);
    }
}

fn waker() -> (Waker, mpsc::Receiver<()>) {
    let (wake, wakes) = mpsc::channel();
    let waker = move || {
        let _ = wake.send(());
    };
    (Arc::new(waker), wakes)
}

fn sleep(wakes: &mpsc::Receiver<()>, what: &str) {
    assert!(wakes.recv_timeout(Duration::from_secs(20)).is_ok(), "nobody woke who waits for {what}");
}

fn partition() -> TopicPartition {
    TopicPartition::new(TOPIC, 0)
}

// Fails when `KafkaSource::take` says that nothing is left where something is, and, by going round for ever, when it
// says that there is more where there is nothing.
#[test]
fn records_are_taken_to_the_last_and_then_their_queue_wakes() {
    let cluster = cluster(1);
    let records = |numbers: std::ops::Range<usize>| numbers.map(|number| (0, written(number)));
    cluster.write(records(0..300));
    let mut alone = Alone::joined(&cluster);
    alone.takes(300);
    cluster.write(records(300..301));
    alone.takes(1);
}

// Fails when a late answer ends the look into the queue: it has not been empty, so that nobody wakes for the next one.
#[test]
fn the_answer_to_a_commit_is_found_behind_a_late_one() {
    let cluster = cluster(1);
    let alone = Alone::joined(&cluster);
    let (waker, wakes) = waker();
    let mut commits = Commits::new(alone.source.client.as_ref().unwrap(), &waker).unwrap();
    for offset in [1, 2] {
        assert!(commits.send(&[CommitPoint { partition: partition(), offset, metadata: None }], |_| UNKNOWN).is_none());
    }
    let is_there = |committed: &Option<Committed>| committed.as_ref().is_some_and(|committed| committed.offset == 2);
    eventually("both commits", || is_there(&committed(&cluster, 1)[0]));
    wakes.try_iter().for_each(drop);
    let answers = loop {
        match commits.poll() {
            Some(answers) => break answers,
            None => sleep(&wakes, "the answer"),
        }
    };
    assert!(matches!(answers[..], [(_, Ok(()))]), "{answers:?}");
}

//! Jobs that are published all the time while something goes wrong, and what must hold in the end.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use carom::Event;
use serde::Deserialize;
use tokio::task::JoinHandle;

use crate::{
    check,
    job::{Done, Job, Shared, Step},
    probe,
    world::{Running, World},
};

/// Jobs in a round, each of its own key.
pub const KEYS: u32 = 40;

/// Rounds that wait at most.
const AHEAD: u32 = 5;

/// Rounds of jobs, one after another, until it is told to end.
#[derive(Debug)]
pub struct Load {
    over: Arc<AtomicBool>,
    rounds: JoinHandle<u32>,
}

impl Load {
    /// Publishes with `bus`, no faster than `shared` says that jobs are handled. Each job publishes one [`Done`].
    pub fn start(bus: &Running, shared: &Shared) -> Self {
        let (publisher, ledger, over) = (bus.publisher(), shared.ledger.clone(), Arc::new(AtomicBool::new(false)));
        let is_over = Arc::clone(&over);
        let rounds = tokio::spawn(async move {
            let mut seq = 0;
            while !is_over.load(Relaxed) {
                let jobs = (0..KEYS).map(|key| Job::new(format!("key-{key}"), seq, [Step::Publish(1)]));
                publisher.publish_all(jobs).await.expect("the jobs get through in the end");
                seq += 1;
                ledger.until_handled((KEYS * seq.saturating_sub(AHEAD)) as usize).await;
            }
            seq
        });
        Self { over, rounds }
    }

    /// Ends with a whole round; how many jobs there were.
    ///
    /// # Panics
    ///
    /// If jobs could not be published.
    pub async fn end(self) -> usize {
        self.over.store(true, Relaxed);
        (KEYS * self.rounds.await.expect("the load goes on to its end")) as usize
    }
}

/// Judges the load that `bus` handled, and stops it: nothing is lost, the order of keys is kept, all is committed.
///
/// `world` is on a way to the cluster that is well.
///
/// # Panics
///
/// If something is wrong.
pub async fn costs_nothing(world: &World, bus: Running, shared: &Shared, jobs: usize) {
    shared.ledger.until_handled(jobs).await;
    probe::until("health", || bus.health(), |health| health.is_well() && health.is_ready()).await;
    assert_eq!(bus.stats().dead_lettered, 0);
    assert_eq!(check::keys_out_of_order(&shared.ledger.entries()), [""; 0]);
    let topic = bus.topic::<Job>();
    let ends = probe::ends(world.kafka(), &topic);
    assert_eq!(ends.values().sum::<i64>(), jobs as i64, "each job is in its topic, once");
    let committed = || probe::committed(world.kafka(), world.group(), &topic);
    probe::until("the last commit", committed, |at| *at == ends).await;
    let done: BTreeSet<_> = events::<Done>(world, &bus).into_iter().map(|done| (done.key, done.seq)).collect();
    assert_eq!(done.len(), jobs, "each job has its output");
    assert_eq!(bus.stop::<Job>(world).await, ends);
}

/// What is in the topic of an event.
///
/// # Panics
///
/// If something else is there.
pub fn events<E: Event + for<'de> Deserialize<'de>>(world: &World, bus: &Running) -> Vec<E> {
    let event = |value: Option<Vec<u8>>| serde_json::from_slice(&value.expect("a value")).expect("an event");
    tokio::task::block_in_place(|| bus.records::<E>(world)).into_iter().map(|record| event(record.value)).collect()
}

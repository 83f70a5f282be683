//! What a group commits, looked at all the time.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::{check, ledger::Ledger, probe, world::World};

/// Looks at the commits of a group on a thread of its own.
#[derive(Debug)]
pub struct Commits {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<String>>>,
}

impl Commits {
    /// Watches the group of `world`, on a way to the cluster that is well, while `ledger`, where there is one, says what has
    /// finished.
    ///
    /// # Panics
    ///
    /// If there is no thread for it.
    pub fn watch(world: &World, topic: &str, ledger: Option<&Ledger>) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (is_over, world, topic, ledger) = (Arc::clone(&over), world.clone(), topic.to_owned(), ledger.cloned());
        let look = move || {
            let (mut seen, mut wrong) = (BTreeMap::new(), Vec::new());
            while !is_over.load(Relaxed) {
                // In this order: what had not ended afterwards had not ended when this was committed.
                let now = probe::committed(world.kafka(), world.group(), &topic);
                let finished = ledger.as_ref().map(|ledger| check::finished(&ledger.entries()));
                for (partition, at) in now {
                    let lowest = finished.as_ref().map(|of| check::lowest_unfinished(of.get(&partition)));
                    if let Some(lowest) = lowest.filter(|lowest| at > *lowest) {
                        wrong.push(format!("partition {partition} is committed to {at}, but {lowest} is unfinished"));
                    }
                    let before = seen.insert(partition, at).unwrap_or(0);
                    if at < before {
                        wrong.push(format!("partition {partition} went back from {before} to {at}"));
                    }
                }
                thread::sleep(Duration::from_millis(20));
            }
            wrong
        };
        let thread = thread::Builder::new().name("commits".to_owned()).spawn(look).expect("there is a thread");
        Self { over, thread: Some(thread) }
    }

    /// Everything that was wrong with them.
    ///
    /// # Panics
    ///
    /// If looking at them failed.
    pub fn wrong(mut self) -> Vec<String> {
        self.over.store(true, Relaxed);
        let thread = self.thread.take().map(JoinHandle::join);
        thread.map(|wrong| wrong.expect("the commits can be looked at")).unwrap_or_default()
    }
}

impl Drop for Commits {
    fn drop(&mut self) {
        self.over.store(true, Relaxed);
    }
}

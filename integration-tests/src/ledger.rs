//! What handlers really did: the truth that tests, not carom's counters, are judged by.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

use crate::{check, journal::Journal};

/// What handlers did, shared by all instances of all actors of a test.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: Arc<Mutex<Vec<Entry>>>,
    index: Arc<Mutex<Index>>,
    ticks: Arc<AtomicUsize>,
    born: Arc<Mutex<Vec<&'static str>>>,
    changed: Arc<Notify>,
    /// Written to as well, for a process that does not live to tell.
    journal: Option<Arc<Journal>>,
    /// Which bus or process writes.
    member: u32,
}

/// What would take too long to look up among many runs.
#[derive(Debug, Default)]
struct Index {
    begun: HashMap<(&'static str, String, u32), usize>,
    succeeded: HashSet<(String, u32)>,
}

/// One run of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which bus or process; the ledger fills it in.
    pub member: u32,
    /// Which actor.
    pub actor: &'static str,
    /// Key of the job.
    pub key: String,
    /// Its number within the key, from 0.
    pub seq: u32,
    /// Where the record is.
    pub partition: i32,
    /// Where the record is.
    pub offset: i64,
    /// `cx.attempt()`.
    pub attempt: u32,
    /// How it ended; `None` while it runs.
    pub end: Option<End>,
    /// Place of start and end in the order of all starts and ends.
    pub started: usize,
    /// See `started`; 0 while it runs.
    pub ended: usize,
}

/// How a handler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With `Ok`.
    Succeeded,
    /// With `Err`, by a panic, or its future was dropped.
    Failed,
}

/// A run that is under way; it has failed unless [`Run::succeeded`] was called before it is dropped.
#[derive(Debug)]
pub struct Run {
    ledger: Ledger,
    at: usize,
}

impl Run {
    /// The handler is about to return `Ok`.
    pub fn succeeded(self) {
        self.ledger.end(self.at, End::Succeeded);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.ledger.end(self.at, End::Failed);
    }
}

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This ledger, as another member writes it.
    #[must_use]
    pub fn of_member(&self, member: u32) -> Self {
        Self { member, ..self.clone() }
    }

    /// An empty ledger that a process keeps in a file too.
    #[must_use]
    pub fn in_file(journal: Journal, member: u32) -> Self {
        Self { journal: Some(Arc::new(journal)), member, ..Self::default() }
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next place in the order of starts and ends.
    fn tick(&self) -> usize {
        self.ticks.fetch_add(1, SeqCst) + 1
    }

    /// A handler starts.
    pub fn start(&self, mut entry: Entry) -> Run {
        let mut entries = self.lock();
        entry.started = self.tick();
        entry.member = self.member;
        let at = entries.len();
        if let Some(journal) = &self.journal {
            journal.started(at, &entry);
        }
        *self.index().begun.entry((entry.actor, entry.key.clone(), entry.seq)).or_default() += 1;
        entries.push(entry);
        drop(entries);
        self.changed.notify_waiters();
        Run { ledger: self.clone(), at }
    }

    fn end(&self, at: usize, end: End) {
        let mut entries = self.lock();
        if entries[at].end.is_some() {
            return;
        }
        entries[at].ended = self.tick();
        entries[at].end = Some(end);
        if end == End::Succeeded {
            self.index().succeeded.insert((entries[at].key.clone(), entries[at].seq));
        }
        if let Some(journal) = &self.journal {
            journal.ended(self.member, at, end);
        }
        drop(entries);
        self.changed.notify_waiters();
    }

    /// An instance of an actor handles its first event.
    pub fn born(&self, actor: &'static str) {
        self.born.lock().unwrap_or_else(PoisonError::into_inner).push(actor);
    }

    /// How many instances of an actor have handled anything.
    pub fn instances(&self, actor: &str) -> usize {
        self.born.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|born| **born == actor).count()
    }

    /// All runs so far, in the order of their starts.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// How many runs of a job by an actor have begun.
    pub fn begun(&self, actor: &'static str, key: &str, seq: u32) -> usize {
        self.index().begun.get(&(actor, key.to_owned(), seq)).copied().unwrap_or(0)
    }

    /// The runs of one job by one actor, in order.
    pub fn runs(&self, actor: &str, key: &str, seq: u32) -> Vec<Entry> {
        let mut runs = self.entries();
        runs.retain(|entry| entry.actor == actor && entry.key == key && entry.seq == seq);
        runs
    }

    /// Jobs that an actor handled successfully, at least once each.
    pub fn succeeded(&self, actor: &str) -> Vec<(String, u32)> {
        let mut jobs: Vec<_> = self
            .entries()
            .into_iter()
            .filter(|entry| entry.actor == actor && entry.end == Some(End::Succeeded))
            .map(|entry| (entry.key, entry.seq))
            .collect();
        jobs.sort();
        jobs.dedup();
        jobs
    }

    /// Waits until the runs so far satisfy `is_enough`.
    ///
    /// # Panics
    ///
    /// After [`PATIENCE`], with what there was.
    pub async fn until(&self, what: &str, is_enough: impl Fn(&[Entry]) -> bool) {
        self.wait(what, || is_enough(&self.entries())).await;
    }

    async fn wait(&self, what: &str, is_enough: impl Fn() -> bool) {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if is_enough() {
                    return;
                }
                changed.await;
            }
        };
        if timeout(PATIENCE, wait).await.is_err() {
            let entries = self.entries();
            let last = &entries[entries.len().saturating_sub(10)..];
            panic!("waited {PATIENCE:?} for {what}; the ledger has {} runs, the last: {last:#?}", entries.len());
        }
    }

    /// Waits until so many different jobs have succeeded.
    ///
    /// # Panics
    ///
    /// After [`PATIENCE`], with what there was.
    pub async fn until_handled(&self, count: usize) {
        self.wait(&format!("{count} jobs"), || self.index().succeeded.len() >= count).await;
    }

    /// Everything that contradicts "events of one key are handled by one actor one after another in log order": a start
    /// before the end of the run before it, or a first success out of order.
    pub fn order_violations(&self) -> Vec<String> {
        check::order_violations(&self.entries())
    }

    /// How many runs were under way at once, at most.
    pub fn most_at_once(&self) -> usize {
        let mut marks: Vec<(usize, isize)> = Vec::new();
        for entry in self.entries() {
            marks.push((entry.started, 1));
            if entry.ended > 0 {
                marks.push((entry.ended, -1));
            }
        }
        marks.sort_unstable();
        let mut now = 0;
        marks
            .into_iter()
            .map(|(_, change)| {
                now += change;
                now
            })
            .max()
            .unwrap_or(0)
            .unsigned_abs()
    }
}

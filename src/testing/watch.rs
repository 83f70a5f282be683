//! What a test bus sees of the pipeline: how records end, and whether anything can still go on.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use tokio::sync::{Notify, oneshot};

use super::{ActorEnd, ActorOutcome, Outcome};
use crate::{
    clock::{monotonic, since},
    services::{Observer, RecordEnd, Settled},
    telemetry::logs::record::Failure,
};

/// Sees every record end, and whether anything can still go on.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Records that somebody waits for, by topic, partition and offset.
    pending: Mutex<HashMap<(String, i32, i64), Pending>>,
    /// What waits for time to pass: only then is there any point in moving it.
    pub(super) waiting: AtomicI64,
    /// Rises with everything that goes on: a round of all tasks that leaves it as it was changed nothing.
    pub(super) activity: AtomicU64,
    /// Attempts that run. While there is one, time stands: a handler may do real I/O, which no clock speeds up.
    pub(super) running: AtomicI64,
    /// Wakes the task that moves time.
    pub(super) moved: Notify,
    /// Set while `pending` is locked: a record that is expected later gets a sender that is dropped at once, instead of
    /// one that nobody will ever use.
    given_up: AtomicBool,
}

#[derive(Debug)]
struct Pending {
    /// Actors end one by one, and only the last end of a record sends them.
    ends: Vec<ActorOutcome>,
    done: oneshot::Sender<Outcome>,
    /// Those that handle it and are not done.
    actors: Vec<Undone>,
    since: Instant,
    /// It was said that this takes long.
    told: bool,
}

/// An actor that is not done with a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Undone {
    pub(super) actor: &'static str,
    /// Why its last attempt failed, if one did and that may be shown.
    pub(super) failure: Option<String>,
}

/// A record that somebody has waited for long.
#[derive(Debug)]
pub(super) struct Overdue {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) waited: Duration,
    /// Those that are not done with it.
    pub(super) actors: Vec<Undone>,
}

impl Watch {
    /// Something went on.
    pub(super) fn touch(&self) {
        self.activity.fetch_add(1, SeqCst);
        self.moved.notify_one();
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<(String, i32, i64), Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until these `actors` are done with the record that `append` is about to write.
    pub(super) fn expect(
        &self,
        topic: &str,
        actors: Vec<&'static str>,
        append: impl FnOnce() -> (i32, i64),
    ) -> oneshot::Receiver<Outcome> {
        // Held while writing, so that the end cannot come before somebody waits for it.
        let mut pending = self.pending();
        let (partition, offset) = append();
        let (done, outcome) = oneshot::channel();
        if !self.given_up.load(SeqCst) {
            let actors = actors.into_iter().map(|actor| Undone { actor, failure: None }).collect();
            let expected = Pending { ends: Vec::new(), done, actors, since: monotonic(), told: false };
            pending.insert((topic.to_owned(), partition, offset), expected);
        }
        outcome
    }

    /// What somebody has waited for longer than `patience`; each once.
    pub(super) fn overdue(&self, patience: Duration) -> Vec<Overdue> {
        let mut pending = self.pending();
        let late = pending.iter_mut().filter_map(|((topic, partition, offset), one)| {
            let waited = since(one.since);
            // Whoever has dropped the receiver waits no longer.
            let is_late = waited >= patience && !one.done.is_closed() && !std::mem::replace(&mut one.told, true);
            let actors = one.actors.clone();
            is_late.then(|| Overdue { topic: topic.clone(), partition: *partition, offset: *offset, waited, actors })
        });
        late.collect()
    }

    /// Nothing will end any more.
    pub(super) fn give_up(&self) {
        let mut pending = self.pending();
        self.given_up.store(true, SeqCst);
        pending.clear();
    }
}

impl Observer for Watch {
    fn settled(&self, settled: &Settled<'_>) {
        let mut waiting = self.pending();
        let position = (settled.topic.to_owned(), settled.partition, settled.offset);
        let Some(pending) = waiting.get_mut(&position) else { return };
        let attempts = settled.attempts;
        let end = match settled.end {
            RecordEnd::Acked => ActorEnd::Acked { attempts },
            RecordEnd::Discarded => ActorEnd::Discarded { attempts },
            RecordEnd::DeadLettered { reason } => ActorEnd::DeadLettered { attempts, reason: reason.to_owned() },
            RecordEnd::Expired => ActorEnd::Expired,
            RecordEnd::Unknown => return,
        };
        pending.actors.retain(|undone| undone.actor != settled.member.actor.name);
        let handler = settled.handler.map(|at| &settled.member.handlers[at]);
        pending.ends.push(ActorOutcome { handler: handler.map(|handler| handler.name.to_string()), end });
    }

    fn failed(&self, actor: &str, failure: &Failure<'_>) {
        let from = failure.record.from();
        let position = (from.topic.to_string(), from.partition, failure.record.offset());
        let mut waiting = self.pending();
        let undone = waiting.get_mut(&position).and_then(|one| one.actors.iter_mut().find(|one| one.actor == actor));
        if let Some(undone) = undone {
            undone.failure.clone_from(&failure.error);
        }
    }

    fn finished(&self, topic: &str, partition: i32, offset: i64) {
        let mut waiting = self.pending();
        if let Some(pending) = waiting.remove(&(topic.to_owned(), partition, offset)) {
            // The test may have stopped waiting.
            let _ = pending.done.send(Outcome { actors: pending.ends });
        }
    }

    fn waiting(&self, change: i64) {
        self.waiting.fetch_add(change, SeqCst);
        self.touch();
    }

    fn running(&self, change: i64) {
        self.running.fetch_add(change, SeqCst);
        self.touch();
    }

    fn active(&self) {
        self.touch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when a line comes again each second, or for what nobody waits for any more.
    #[test]
    fn what_takes_long_is_told_once_and_only_to_whom_still_waits() {
        let watch = Watch::default();
        let expect = |offset| watch.expect("orders", vec!["shop::Billing"], || (2, offset));
        let (waited_for, given_up) = (expect(5), expect(6));
        drop(given_up);
        assert!(watch.overdue(Duration::from_secs(60)).is_empty(), "it is not late yet");
        let overdue = watch.overdue(Duration::ZERO);
        let [Overdue { topic, partition: 2, offset: 5, actors, .. }] = &overdue[..] else { panic!("{overdue:?}") };
        assert_eq!((topic.as_str(), actors[0].actor), ("orders", "shop::Billing"));
        assert!(watch.overdue(Duration::ZERO).is_empty(), "it was told");
        drop(waited_for);
    }
}

//! Whatever happens in whatever order: a partition and its owners, against plain sets.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, sample::Index};

use super::*;

/// The same with plain sets: slow, and hard to get wrong.
#[derive(Default)]
struct Model {
    open: BTreeMap<i64, u16>,
    received: BTreeSet<i64>,
    former: BTreeSet<i64>,
}

impl Model {
    fn restored(committed: i64, former: &OffsetMap) -> Self {
        let former = former.runs().iter().cloned().flatten().filter(|&offset| offset >= committed).collect();
        Self { former, ..Self::default() }
    }

    fn receive(&mut self, offset: i64, tickets: u16) -> Received {
        self.received.insert(offset);
        if self.former.contains(&offset) {
            return Received::AlreadyDone;
        }
        self.open.insert(offset, tickets);
        Received::Dispatch
    }

    fn finish(&mut self, offset: i64) -> bool {
        let Some(tickets) = self.open.get_mut(&offset) else { return false };
        *tickets -= 1;
        let finished = *tickets == 0;
        if finished {
            self.open.remove(&offset);
        }
        finished
    }

    fn committable(&self) -> Option<i64> {
        let first_open = self.open.keys().next().copied();
        first_open.or(self.received.last().map(|highest| highest + 1))
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Receives the record this far behind the last.
    Receive {
        step: i64,
        tickets: u16,
    },
    /// Receives what was received before.
    Rewind(Index),
    /// A mailbox finishes one of the received records, finished or not.
    Finish(Index),
    /// The partition goes to a new owner, with what was committed last: the crash of this one.
    Crash,
    Commit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (prop_oneof![9 => Just(1), 1 => 2..40i64], 1..4u16).prop_map(|(step, tickets)| Step::Receive { step, tickets }),
        1 => any::<Index>().prop_map(Step::Rewind),
        9 => any::<Index>().prop_map(Step::Finish),
        1 => Just(Step::Commit),
        1 => Just(Step::Crash),
    ]
}

/// One partition's life: a log, its owners one after another, and what each record went through.
struct Life {
    log: BTreeMap<i64, u16>,
    /// Finished in the epoch that is running, or in a former one.
    ever_finished: BTreeSet<i64>,
    committed: Option<(i64, Option<String>)>,
    next: i64,
    progress: Progress,
    model: Model,
    seen: (Option<i64>, OffsetMap, u64),
}

impl Life {
    fn new(first: i64) -> Self {
        Self {
            log: BTreeMap::new(),
            ever_finished: BTreeSet::new(),
            committed: None,
            next: first,
            progress: fresh(),
            model: Model::default(),
            seen: (None, OffsetMap::default(), 0),
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Receive { step, tickets } => self.receive(step, tickets),
            Step::Rewind(ref index) if !self.model.received.is_empty() => {
                let all: Vec<_> = self.model.received.iter().copied().collect();
                assert_eq!(self.progress.receive(*index.get(&all), 1), Received::Stale);
            }
            Step::Finish(ref index) if !self.model.received.is_empty() => {
                let all: Vec<_> = self.model.received.iter().copied().collect();
                let offset = *index.get(&all);
                let finished = self.progress.finish(offset);
                assert_eq!(finished, self.model.finish(offset));
                self.ever_finished.extend(finished.then_some(offset));
            }
            Step::Commit => {
                let map = self.progress.offset_map();
                self.committed =
                    self.progress.committable().map(|base| (base, map.encode(base))).or(self.committed.take());
            }
            Step::Crash => self.crash(),
            _ => {}
        }
        self.check();
    }

    /// A record of the log that exists already (a former owner got it), or a new one.
    fn receive(&mut self, step: i64, tickets: u16) {
        let offset = self.log.range(self.next..).next().map_or(self.next + step - 1, |(&offset, _)| offset);
        let tickets = *self.log.entry(offset).or_insert(tickets);
        assert_eq!(self.progress.receive(offset, tickets), self.model.receive(offset, tickets));
        self.next = offset + 1;
    }

    fn crash(&mut self) {
        let Some((base, metadata)) = &self.committed else { return };
        let done = OffsetMap::decode(metadata.as_deref().unwrap_or_default().as_bytes(), *base).unwrap();
        self.model = match self.log.range(base..).next() {
            Some((&first, _)) if done.covers(&(*base..first)) => Model::restored(*base, &done),
            Some(_) => Model::default(),
            None => Model::restored(*base, &done),
        };
        (self.next, self.progress) = (*base, Progress::new(Some(*base), done));
        self.seen = (None, self.progress.offset_map(), 0);
    }

    fn check(&mut self) {
        let (progress, model) = (&self.progress, &self.model);
        let (base, map) = (progress.committable(), progress.offset_map());
        assert_eq!(base, model.committable(), "equals the model");
        assert!(base >= self.seen.0, "never goes back");
        assert_eq!(progress.unfinished(), model.open.len());
        let Some(base) = base else { return };
        let highest = *model.received.last().unwrap();
        assert_eq!(progress.span(), (highest + 1 - base) as u64);
        let beyond = model.received.range(base..).filter(|offset| !model.open.contains_key(offset));
        assert_eq!(progress.finished_beyond(), beyond.clone().count());
        for offset in beyond {
            assert!(map.covers(&(*offset..offset + 1)), "{offset} is in the map");
        }
        for (offset, _) in self.log.iter().filter(|(offset, _)| !self.ever_finished.contains(offset)) {
            assert!(*offset >= base, "{offset} is not finished and below the base");
            assert!(!map.covers(&(*offset..offset + 1)), "{offset} is not finished and in the map");
        }
        let news = (Some(base), &map) != (self.seen.0, &self.seen.1);
        let first = self.seen.0.is_none();
        assert!(!news || first || progress.version() > self.seen.2, "news without a new version");
        self.seen = (Some(base), map, progress.version());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    // Each of these one-line changes fails it: `advance` without its condition on `tickets`; `committable` from
    // `highest`; `find` without the binary search; `tickets > 2` for `tickets != 1`; no `version += 1` in `finish`; no
    // `gap ||` in `receive`; `offset < highest` for stale; `run.end < offset` in `was_done`; no `ahead` in
    // `offset_map`.
    #[test]
    fn progress_equals_the_set_model(first in 0..3i64, steps in prop::collection::vec(step(), 1..150)) {
        let mut life = Life::new(first);
        for step in &steps {
            life.step(step);
        }
    }
}

//! The partitions that are ours, and the ones that are on their way out.
//!
//! A revoked partition drains, its last offsets are committed, then it is given back, in this order; each step has a
//! bound, and giving back happens always: a failed commit means duplicates, a missing answer a stuck group.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    bounds::Patience,
    committer::{Load, Standing},
};
use crate::{
    dispatch::Assignment,
    kafka::{
        record::TopicPartition,
        source::{CommitError, CommitPoint},
    },
    telemetry::logs,
};

/// One of our partitions.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) assignment: Arc<Assignment>,
    /// The offset of the last commit request.
    pub(crate) sent: i64,
    /// That of a request without an answer yet.
    asked: Option<i64>,
    /// Nothing is taken until then: another member may own it.
    pub(crate) held_until: Duration,
}

/// Partitions that leave together.
#[derive(Debug)]
struct Departure {
    /// What the client has to be told to give back; `None` when the whole client closes.
    release: Option<Vec<TopicPartition>>,
    leaving: Vec<Leaving>,
    stage: Stage,
}

#[derive(Debug)]
struct Leaving {
    assignment: Arc<Assignment>,
    /// What the last commit has to cover.
    version: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Draining { until: Duration },
    Committing { since: Duration },
}

/// What is over, in the order in which to act on it: give back, then close.
#[derive(Debug, Default)]
pub(crate) struct Departed {
    pub(crate) release: Option<Vec<TopicPartition>>,
    pub(crate) gone: Vec<Arc<Assignment>>,
}

/// All partitions of one client.
#[derive(Debug, Default)]
pub(crate) struct Partitions {
    epoch: u64,
    slots: BTreeMap<TopicPartition, Slot>,
    departures: Vec<Departure>,
}

impl Partitions {
    /// The number of the next assignment.
    pub(crate) fn next_epoch(&mut self) -> u64 {
        self.epoch += 1;
        self.epoch
    }

    /// A partition came; returns what still stood in its place.
    pub(crate) fn insert(&mut self, assignment: Arc<Assignment>) -> Option<Arc<Assignment>> {
        let sent = assignment.committable().unwrap_or(0);
        let slot = Slot { sent, asked: None, assignment, held_until: Duration::ZERO };
        let partition = slot.assignment.partition.clone();
        for release in self.departures.iter_mut().filter_map(|departure| departure.release.as_mut()) {
            release.retain(|one| *one != partition);
        }
        let old = self.slots.insert(partition, slot)?.assignment;
        self.abandon(&old);
        Some(old)
    }

    /// Takes an assignment out of the departure it is in; what the client waits for stays owed.
    fn abandon(&mut self, assignment: &Arc<Assignment>) {
        for departure in &mut self.departures {
            departure.leaving.retain(|leaving| !Arc::ptr_eq(&leaving.assignment, assignment));
        }
    }

    /// Partitions have to go by `until`; returns those of them that are ours.
    ///
    /// The client always waits for an answer, also for an empty list and for partitions that we never had.
    pub(crate) fn revoke(&mut self, partitions: Vec<TopicPartition>, until: Duration) -> Vec<Arc<Assignment>> {
        let ours: Vec<_> =
            partitions.iter().filter_map(|partition| self.slots.get(partition)).map(|slot| &slot.assignment).collect();
        let ours: Vec<_> = ours.into_iter().cloned().collect();
        for assignment in &ours {
            self.abandon(assignment);
        }
        self.depart(Some(partitions), &ours, until);
        ours
    }

    /// Partitions are gone already: nothing is drained or committed.
    pub(crate) fn lose(&mut self, partitions: Vec<TopicPartition>) -> Departed {
        let gone: Vec<_> = partitions.iter().filter_map(|partition| self.slots.remove(partition)).collect();
        let gone: Vec<_> = gone.into_iter().map(|slot| slot.assignment).collect();
        for assignment in &gone {
            self.abandon(assignment);
        }
        Departed { release: Some(partitions), gone }
    }

    /// Everything that stays has to be drained by `until`, because the client closes; what leaves already, too.
    pub(crate) fn leave(&mut self, until: Duration) -> Vec<Arc<Assignment>> {
        for departure in &mut self.departures {
            if let Stage::Draining { until: own } = &mut departure.stage {
                *own = until.min(*own);
            }
        }
        let staying: Vec<_> =
            self.slots.values().map(|slot| &slot.assignment).filter(|one| !self.is_leaving(one)).cloned().collect();
        self.depart(None, &staying, until);
        staying
    }

    fn depart(&mut self, release: Option<Vec<TopicPartition>>, leaving: &[Arc<Assignment>], until: Duration) {
        let leaving = leaving.iter().map(|one| Leaving { assignment: Arc::clone(one), version: None }).collect();
        self.departures.push(Departure { release, leaving, stage: Stage::Draining { until } });
    }

    fn is_leaving(&self, assignment: &Arc<Assignment>) -> bool {
        self.departures
            .iter()
            .flat_map(|departure| &departure.leaving)
            .any(|one| Arc::ptr_eq(&one.assignment, assignment))
    }

    /// Moves each departure as far as it gets: drained, or its time is up; then committed, or its time is up.
    ///
    /// `settled` says whether a version of an assignment needs no further commit.
    pub(crate) fn advance(
        &mut self,
        now: Duration,
        patience: Patience,
        settled: impl Fn(&Assignment, u64) -> bool,
    ) -> Vec<Departed> {
        let mut done = Vec::new();
        let mut at = 0;
        while let Some(departure) = self.departures.get_mut(at) {
            departure.drained(now);
            if departure.is_over(now, patience, &settled) {
                done.push(self.remove(at));
            } else {
                at += 1;
            }
        }
        done
    }

    fn remove(&mut self, at: usize) -> Departed {
        let Departure { release, leaving, .. } = self.departures.remove(at);
        let gone: Vec<_> = leaving.into_iter().map(|leaving| leaving.assignment).collect();
        for assignment in &gone {
            self.slots.remove(&assignment.partition);
        }
        Departed { release, gone }
    }

    /// What the committer has to know to decide whether a commit is due.
    pub(crate) fn load(&self) -> Load {
        let urgent = self.departures.iter().any(|departure| matches!(departure.stage, Stage::Committing { .. }));
        let mut load = Load { urgent, idle: true, finished: 0 };
        for slot in self.slots() {
            // Backwards, where the log began again.
            load.finished += slot.assignment.committable().map_or(0, |offset| offset.abs_diff(slot.sent));
            load.idle &= slot.assignment.unfinished() == 0;
        }
        load.idle &= load.finished > 0;
        load
    }

    /// What could be committed now; locks each progress once.
    pub(crate) fn standings(&self) -> impl Iterator<Item = Standing> {
        self.slots().filter_map(|slot| {
            let (version, point) = slot.assignment.commit_point()?;
            Some(Standing { epoch: slot.assignment.epoch, version, point })
        })
    }

    /// A commit request went out.
    pub(crate) fn note_sent(&mut self, points: &[CommitPoint]) {
        for point in points {
            if let Some(slot) = self.slots.get_mut(&point.partition) {
                slot.sent = point.offset;
                slot.asked = Some(point.offset);
            }
        }
    }

    /// The answer to the last commit request. Only a request without any error is believed, as the committer does.
    pub(crate) fn note_answer(&mut self, results: &[(TopicPartition, Result<(), CommitError>)]) {
        let good = results.iter().all(|(_, result)| result.is_ok());
        for (partition, _) in results {
            let Some(slot) = self.slots.get_mut(partition) else { continue };
            if let Some(offset) = slot.asked.take().filter(|_| good) {
                slot.assignment.meter().committed(offset);
            }
        }
    }

    /// Something is on its way out.
    pub(crate) fn is_departing(&self) -> bool {
        !self.departures.is_empty()
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.values()
    }

    /// Takes nothing from a partition for a while.
    pub(crate) fn hold(&mut self, partition: &TopicPartition, until: Duration) {
        if let Some(slot) = self.slots.get_mut(partition) {
            slot.held_until = until;
        }
    }

    pub(crate) fn lift_holds(&mut self) {
        for slot in self.slots.values_mut() {
            slot.held_until = Duration::ZERO;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}

impl Departure {
    /// Ends the draining. From there on nothing finishes any more, so that the last commit has a fixed goal.
    fn drained(&mut self, now: Duration) {
        let Stage::Draining { until } = self.stage else { return };
        let draining = || self.leaving.iter().filter(|leaving| !leaving.assignment.is_drained());
        if draining().next().is_some() && now < until {
            return;
        }
        // One with nothing left shares its thread with a handler that blocks it.
        let late = draining().map(|leaving| &leaving.assignment).filter(|one| one.unfinished() > 0);
        let late: Vec<_> = late.map(|assignment| assignment.partition.clone()).collect();
        if !late.is_empty() {
            logs::group::abandoned(&late);
        }
        for leaving in &mut self.leaving {
            leaving.assignment.close();
            leaving.version = leaving.assignment.commit_point().map(|(version, _)| version);
        }
        self.stage = Stage::Committing { since: now };
    }

    fn is_over(&self, now: Duration, patience: Patience, settled: impl Fn(&Assignment, u64) -> bool) -> bool {
        let Stage::Committing { since } = self.stage else { return false };
        let until = patience.until(since, self.release.is_some());
        let pending =
            |leaving: &&Leaving| leaving.version.is_some_and(|version| !settled(&leaving.assignment, version));
        let open = self.leaving.iter().filter(pending).count();
        if open > 0 && now >= until {
            logs::group::uncommitted(open);
        }
        open == 0 || now >= until
    }
}

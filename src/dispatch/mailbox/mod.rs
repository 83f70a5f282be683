//! The mailbox of (partition, actor): an actix actor that routes records to its lanes and reports what is finished.

mod admit;
mod end;
mod message;
mod tally;
mod turn;

use std::{collections::VecDeque, sync::Arc};

use actix::{Actor, Addr, AsyncContext, Context};
use futures_util::{future::BoxFuture, stream::FuturesUnordered};

pub(crate) use self::message::{Deliver, Drain, Rebuild, SettledAs, Stop, Verdict};
use self::{tally::Tallies, turn::Turns};
use super::{
    assignment::Assignment,
    lane::{Alarm, Lane},
    lanes::Choice,
    outputs::Published,
    route::{HandlerSpec, Member, TopicRoutes},
    ticket::Ticket,
    wake::WakeSet,
};
use crate::{
    actor::Site,
    kafka::record::Batch,
    services::{Counters, RecordEnd, Services, Settled},
    supervisor::SupervisorActor,
};

/// Records waiting in a mailbox whose lanes are all busy, beyond which the partition is held: two batches.
const ENOUGH: usize = 512;

/// What a mailbox is made of.
pub(crate) struct MailboxSpec {
    pub(crate) assignment: Arc<Assignment>,
    pub(crate) routes: Arc<TopicRoutes>,
    pub(crate) member: Arc<Member>,
    /// Whether this mailbox answers for the records that no actor handles.
    pub(crate) lead: bool,
    pub(crate) supervisor: Addr<SupervisorActor>,
    pub(crate) services: Arc<Services>,
}

/// The mailbox of (partition, actor).
pub(crate) struct Mailbox {
    spec: MailboxSpec,
    site: Arc<Site>,
    choice: Choice,
    lanes: Vec<Lane>,
    wakes: Arc<WakeSet>,
    /// Batches that were not looked at yet.
    delivered: VecDeque<Arc<Batch>>,
    /// Records that any lane may take.
    shared: VecDeque<Ticket>,
    /// Lanes that found nothing to do, for `shared`; each at most once.
    idle: Vec<usize>,
    /// Outputs on their way to the broker; the keys of their records stay parked.
    publishing: FuturesUnordered<BoxFuture<'static, Published>>,
    /// Tickets in the hands of the supervisor.
    away: usize,
    alarm: Alarm,
    finished: Vec<i64>,
    /// The handler of the last event: mostly that of the next one too.
    latest: Option<Arc<HandlerSpec>>,
    handled: u64,
    tallies: Tallies,
    /// Keys that are parked, and how many of them the assignment knows of.
    parked: i64,
    parked_reported: i64,
    /// Lanes that run an attempt, and how many of them the observer knows of.
    busy: usize,
    reported: usize,
    saturated: bool,
    /// `Some` after the partition was revoked: whether its end was reported.
    draining: Option<bool>,
    stopping: bool,
}

impl Mailbox {
    pub(crate) fn new(spec: MailboxSpec) -> Self {
        let policy = &spec.member.actor.policy;
        let choice = Choice::new(policy);
        let wakes = WakeSet::new(choice.lanes());
        let lanes: Vec<_> = (0..choice.lanes()).map(|lane| Lane::new(wakes.waker(lane))).collect();
        let idle = (0..lanes.len()).rev().collect();
        let tallies = Tallies::new(spec.member.count);
        let site = Site { services: Arc::clone(&spec.services), cancel: spec.assignment.cancel.clone() };
        Self {
            spec,
            site: Arc::new(site),
            choice,
            lanes,
            wakes,
            delivered: VecDeque::new(),
            shared: VecDeque::new(),
            idle,
            publishing: FuturesUnordered::new(),
            away: 0,
            alarm: Alarm::default(),
            finished: Vec::new(),
            latest: None,
            handled: 0,
            tallies,
            parked: 0,
            parked_reported: 0,
            busy: 0,
            reported: 0,
            saturated: false,
            draining: None,
            stopping: false,
        }
    }

    /// A lane that has nothing to do, for the records that any lane may take.
    fn idle_lane(&mut self) -> Option<usize> {
        while let Some(lane) = self.idle.pop() {
            self.lanes[lane].idle = false;
            if !self.lanes[lane].is_running() {
                return Some(lane);
            }
        }
        None
    }

    /// Remembers that a lane found nothing to do.
    fn note_idle(&mut self, lane: usize) {
        if !std::mem::replace(&mut self.lanes[lane].idle, true) {
            self.idle.push(lane);
        }
    }

    /// Tells the partition what this turn brought.
    fn flush(&mut self) {
        let MailboxSpec { assignment, services, .. } = &self.spec;
        let partition = &assignment.partition;
        assignment.finish(&self.finished, |offset| {
            services.observer.finished(&partition.topic, partition.partition, offset);
        });
        self.finished.clear();
        Counters::add(&services.counters.handled, std::mem::take(&mut self.handled));
        assignment.meter().parked(self.parked - self.parked_reported);
        self.parked_reported = self.parked;
        self.tallies.flush(&self.spec.member);
        services.observer.running(self.busy as i64 - self.reported as i64);
        self.reported = self.busy;
        let saturated = self.busy == self.lanes.len() && self.waiting() >= ENOUGH;
        if saturated != self.saturated {
            self.saturated = saturated;
            self.spec.assignment.saturated(saturated);
        }
        if self.draining == Some(false) && self.has_ended() {
            self.draining = Some(true);
            self.spec.assignment.drained();
        }
    }

    fn has_ended(&self) -> bool {
        self.away == 0 && self.publishing.is_empty() && self.busy == 0
    }

    fn waiting(&self) -> usize {
        self.shared.len() + self.lanes.iter().map(|lane| lane.queue.waiting()).sum::<usize>()
    }

    /// Inside the runtime of the user's program, where instances and attempts live and are dropped.
    fn inside(&mut self, act: impl FnOnce(&mut Self)) {
        let runtime = self.spec.services.runtime.clone();
        let _inside = runtime.enter();
        act(self);
    }

    fn settled(&self, offset: i64, attempts: u32, end: RecordEnd<'_>) {
        let partition = &self.spec.assignment.partition;
        let settled = Settled { topic: &partition.topic, partition: partition.partition, offset, attempts, end };
        self.spec.services.observer.settled(&settled);
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.inside(|mailbox| mailbox.lanes.clear());
        if std::thread::panicking() && !self.stopping {
            let reason =
                format!("the mailbox of {} for {}", self.spec.member.actor.name, self.spec.assignment.partition);
            self.spec.services.end.with(crate::Error::internal(reason));
        }
    }
}

impl Actor for Mailbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(Turns);
    }
}

//! The mailbox of (partition, actor): an actix actor that routes records to its lanes and reports what is finished.
//!
//! One future on the arbiter of its partition; nobody else touches its fields, so there is no lock. Whatever wakes it,
//! a message or a waker, a turn follows (`turn`): records are taken in (`admit`), lanes go on, ended attempts are seen
//! to (`end`), and at the end of the turn the assignment is told once what is finished. What others tell it is in
//! `message`.

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
    assignment::{Assignment, TurnClock},
    lane::{Alarm, Lane},
    lanes::Choice,
    outputs::Published,
    route::{Member, TopicRoutes},
    spare::Spare,
    ticket::Ticket,
    wake::WakeSet,
};
use crate::{
    actor::Site,
    kafka::record::{Batch, TopicPartition},
    services::{Counters, RecordEnd, Services, Settled},
    supervisor::SupervisorActor,
};

/// Records waiting in a mailbox whose lanes are all busy, beyond which the partition is held: two batches.
const ENOUGH: usize = 512;

/// What a mailbox is made of.
pub(crate) struct MailboxSpec {
    /// To whom it reports; its end is this mailbox's end.
    pub(crate) assignment: Arc<Assignment>,
    /// What the bus does with the topic: for the lead, to know that nobody handles a type and what follows, and for
    /// each failure, to find the dead-letter topic.
    pub(crate) routes: Arc<TopicRoutes>,
    /// The actor, with its handlers of this topic.
    pub(crate) member: Arc<Member>,
    /// Whether this mailbox answers for the records that no actor handles, and for those that are no event. One in each
    /// partition: two would write two dead letters.
    pub(crate) lead: bool,
    /// Where failures go.
    pub(crate) supervisor: Addr<SupervisorActor>,
    pub(crate) services: Arc<Services>,
}

/// The mailbox of (partition, actor).
///
/// A record of it is in `delivered`, in the queue of a lane or in `shared`, in the attempt of a lane, in `publishing`,
/// or `away`. The last three keep the partition from being given back, until a bound passes.
pub(crate) struct Mailbox {
    spec: MailboxSpec,
    /// Shared with each attempt: the services, and the token that says that the partition goes.
    site: Arc<Site>,
    /// Which lane takes a record.
    choice: Choice,
    /// As many as `Supervisor::lanes` says. Empty lanes cost little: an instance is built for the first event.
    lanes: Vec<Lane>,
    /// Which of the lanes have something to do.
    wakes: Arc<WakeSet>,
    /// Batches that were not looked at yet.
    delivered: VecDeque<Arc<Batch>>,
    /// Records that any lane may take.
    shared: VecDeque<Ticket>,
    /// Lanes that found nothing to do, for `shared`; each at most once.
    idle: Vec<usize>,
    /// What the last attempt left for the next one of this turn.
    spare: Spare,
    /// Outputs on their way to the broker; the keys of their records stay parked.
    publishing: FuturesUnordered<BoxFuture<'static, Published>>,
    /// Tickets in the hands of the supervisor. Each comes back in one [`Verdict`], whatever it says.
    away: usize,
    /// Rings when an attempt may be out of time. One timer for all lanes.
    alarm: Alarm,
    /// Offsets that this turn finished, for one call of [`Assignment::finish`].
    finished: Vec<i64>,
    /// The handler of the last event: mostly that of the next one too.
    latest: Option<usize>,
    /// An attempt panicked since the clock was read: its message and backtrace take their time to write.
    panicked: bool,
    /// Records that were handled since `Counters` were told.
    handled: u64,
    tallies: Tallies,
    /// Keys that are parked, and how many of them the assignment knows of.
    parked: i64,
    parked_reported: i64,
    /// Lanes that run an attempt, and how many of them the observer knows of.
    busy: usize,
    reported: usize,
    /// What the assignment was told last: all lanes are busy and [`ENOUGH`] wait. It is told changes only.
    saturated: bool,
    /// `Some` after the partition was revoked: whether its end was reported.
    draining: Option<bool>,
    /// For who looks at it from another thread.
    turn_clock: Arc<TurnClock>,
    /// It was told to stop. Dropped without that by a panic, it ends the bus: its partition would stand still.
    stopping: bool,
}

impl Mailbox {
    pub(crate) fn new(spec: MailboxSpec) -> Self {
        let policy = &spec.member.actor.policy;
        let choice = Choice::new(policy);
        let wakes = WakeSet::new(choice.lanes());
        let lanes: Vec<_> = (0..choice.lanes()).map(|lane| Lane::new(lane, wakes.waker(lane))).collect();
        let idle = (0..lanes.len()).rev().collect();
        let tallies = Tallies::new(spec.member.handlers.len());
        let handlers = spec.member.names();
        let turn_clock = Arc::new(TurnClock::new(handlers.clone()));
        spec.assignment.watch(Arc::clone(&turn_clock));
        let site = Site { services: Arc::clone(&spec.services), handlers, cancel: spec.assignment.cancel.clone() };
        Self {
            spec,
            site: Arc::new(site),
            choice,
            lanes,
            wakes,
            delivered: VecDeque::new(),
            shared: VecDeque::new(),
            idle,
            spare: Spare::default(),
            publishing: FuturesUnordered::new(),
            away: 0,
            alarm: Alarm::default(),
            finished: Vec::new(),
            latest: None,
            panicked: false,
            handled: 0,
            tallies,
            parked: 0,
            parked_reported: 0,
            busy: 0,
            reported: 0,
            saturated: false,
            draining: None,
            turn_clock,
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
    ///
    /// Once for a turn, because each of these takes a lock or touches memory of other threads.
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

    /// Nothing of it runs, is on its way to the broker, or is with the supervisor.
    fn has_ended(&self) -> bool {
        self.away == 0 && self.publishing.is_empty() && self.busy == 0
    }

    /// Records that could start if there were more lanes, roughly: as
    /// [`LaneQueue::waiting`](super::queue::LaneQueue::waiting).
    fn waiting(&self) -> usize {
        self.shared.len() + self.lanes.iter().map(|lane| lane.queue.waiting()).sum::<usize>()
    }

    /// Inside the runtime of the user's program, where instances and attempts live and are dropped.
    fn inside(&mut self, act: impl FnOnce(&mut Self)) {
        let home = self.spec.services.home.clone();
        let _context = home.context();
        act(self);
    }

    /// The runtime where handlers live has ended: what runs is dropped, nothing else starts, and all of it stays
    /// unfinished.
    fn abandon(&mut self) {
        self.inside(|mailbox| mailbox.lanes.iter_mut().for_each(Lane::give_up));
        self.busy = 0;
        self.publishing.clear();
        self.delivered.clear();
        self.flush();
    }

    /// Tells a test bus how a record ended; nobody listens elsewhere.
    fn settled(&self, offset: i64, handler: Option<usize>, attempts: u32, end: RecordEnd<'_>) {
        let TopicPartition { topic, partition } = &self.spec.assignment.partition;
        let settled =
            Settled { topic, partition: *partition, offset, member: &self.spec.member, handler, attempts, end };
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

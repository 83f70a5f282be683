//! The mailbox of (partition, actor): an actix actor that routes records to its lanes and reports what is finished.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::{Duration, Instant},
};

use actix::{Actor, ActorFuture, Addr, AsyncContext, Context, Handler, Message};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};

use super::{
    assignment::Assignment,
    lane::{Alarm, Ended, Lane},
    lanes::Choice,
    outputs::{Published, publish},
    route::{Member, TopicRoutes},
    ticket::{Stub, Ticket},
    wake::WakeSet,
};
use crate::{
    actor::Call,
    event::read,
    kafka::record::{Batch, Record},
    services::{Counters, RecordEnd, Services, Settled},
    supervisor::{Failed, SupervisorActor},
};

/// Records waiting in a mailbox whose lanes are all busy, beyond which the partition is held: two batches.
const ENOUGH: usize = 512;

/// Attempts that one lane may end in one turn before the others get theirs.
const TURN: usize = 64;

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
    choice: Choice,
    lanes: Vec<Lane>,
    wakes: Arc<WakeSet>,
    /// Records that any lane may take.
    shared: VecDeque<Ticket>,
    /// Lanes that found nothing to do, for `shared`.
    idle: Vec<usize>,
    /// Outputs on their way to the broker; the keys of their records stay parked.
    publishing: FuturesUnordered<BoxFuture<'static, Published>>,
    /// Tickets in the hands of the supervisor.
    away: usize,
    alarm: Alarm,
    finished: Vec<i64>,
    handled: u64,
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
        let lanes = (0..choice.lanes()).map(|lane| Lane::new(wakes.waker(lane))).collect();
        let idle = (0..choice.lanes()).rev().collect();
        Self {
            spec,
            choice,
            lanes,
            wakes,
            shared: VecDeque::new(),
            idle,
            publishing: FuturesUnordered::new(),
            away: 0,
            alarm: Alarm::default(),
            finished: Vec::new(),
            handled: 0,
            busy: 0,
            reported: 0,
            saturated: false,
            draining: None,
            stopping: false,
        }
    }

    /// Finds out whose a record is, and puts it into its lane.
    fn admit(&mut self, record: Record, addr: &Addr<Self>) {
        let offset = record.offset();
        let handler = match read(record.headers(), record.value()) {
            Ok(incoming) => match self.spec.member.handlers.get(&*incoming.event_type) {
                Some(handler) => Arc::clone(handler),
                None => {
                    if self.spec.lead && !self.spec.routes.handles(&incoming.event_type) {
                        Counters::add(&self.spec.services.counters.unknown, 1);
                        self.settled(offset, 0, RecordEnd::Unknown);
                    }
                    return self.finished.push(offset);
                }
            },
            Err(error) if self.spec.lead => {
                let fault = crate::actor::Fault::Undecodable(error.into());
                return self.fail(Ticket::new(record, None), fault, addr);
            }
            Err(_) => return self.finished.push(offset),
        };
        let mut ticket = Ticket::new(record, Some(handler));
        (ticket.key, ticket.lane) = self.choice.of(&ticket.record);
        self.enqueue(ticket);
    }

    fn enqueue(&mut self, ticket: Ticket) {
        match ticket.lane {
            Some(lane) => {
                self.lanes[lane].queue.push(ticket);
                self.wakes.mark(lane);
            }
            None => {
                self.shared.push_back(ticket);
                self.rouse();
            }
        }
    }

    /// Marks a lane that is idle, for the records that any lane may take.
    fn rouse(&mut self) {
        while let Some(lane) = self.idle.pop() {
            if !self.lanes[lane].is_running() {
                return self.wakes.mark(lane);
            }
        }
    }

    /// One turn: everything that can go on without waiting goes on.
    fn turn(&mut self, cx: &mut TaskContext<'_>, addr: &Addr<Self>) {
        let runtime = self.spec.services.runtime.clone();
        let _inside = runtime.enter();
        self.wakes.register(cx.waker());
        if self.alarm.rang(cx) {
            self.time_out(addr);
        }
        self.poll_publishing(cx, addr);
        for word in 0..self.wakes.words() {
            for lane in self.wakes.take(word) {
                self.run(lane, addr);
            }
        }
        self.flush();
        if self.alarm.is_set() {
            // Registers the waker of a timer that was set in this turn.
            if self.alarm.rang(cx) {
                self.wakes.wake_mailbox();
            }
        }
    }

    /// Goes on with one lane until it has to wait.
    fn run(&mut self, lane: usize, addr: &Addr<Self>) {
        let began = Instant::now();
        let handler = self.advance(lane, addr);
        let took = began.elapsed();
        if took > BLOCKED {
            warn_blocked(handler.as_deref(), took);
        }
    }

    /// As [`Mailbox::run`]; the handler that ran last.
    fn advance(&mut self, lane: usize, addr: &Addr<Self>) -> Option<Arc<str>> {
        let mut handler = None;
        for _ in 0..TURN {
            if !self.lanes[lane].is_running() {
                let Some(ticket) = self.next(lane) else { return handler };
                if let Err(ended) = self.start(lane, ticket) {
                    self.ended(*ended, addr);
                    continue;
                }
            }
            handler = self.lanes[lane].handler_name();
            let clock = &self.spec.services.clock;
            match self.lanes[lane].poll(|| clock.working_now()) {
                Poll::Ready(ended) => {
                    self.busy -= 1;
                    self.ended(ended, addr);
                }
                Poll::Pending => {
                    self.arm();
                    return handler;
                }
            }
        }
        self.wakes.mark(lane);
        self.wakes.wake_mailbox();
        handler
    }

    /// What comes next in a lane.
    fn next(&mut self, lane: usize) -> Option<Ticket> {
        if self.draining.is_some() {
            return None;
        }
        let next = self.lanes[lane].queue.next().or_else(|| self.shared.pop_front());
        if next.is_none() {
            self.idle.push(lane);
        }
        next
    }

    fn start(&mut self, lane: usize, ticket: Ticket) -> Result<(), Box<Ended>> {
        let MailboxSpec { member, assignment, services, .. } = &self.spec;
        self.lanes[lane].start(ticket, &member.actor, |record, attempt, handler| Call {
            record,
            attempt,
            lane,
            handler,
            cancel: assignment.cancel.clone(),
            services: Arc::clone(services),
        })?;
        self.busy += 1;
        Ok(())
    }

    /// Sees to it that a timeout is noticed.
    fn arm(&mut self) {
        if !self.alarm.is_set() && !self.spec.member.actor.policy.blocking {
            self.alarm.set(self.spec.services.clock.deadline(self.spec.member.actor.policy.timeout));
        }
    }

    fn time_out(&mut self, addr: &Addr<Self>) {
        let limit = self.spec.member.actor.policy.timeout;
        let now = self.spec.services.clock.working_now();
        let mut next = None;
        for lane in 0..self.lanes.len() {
            let Some(since) = self.lanes[lane].since() else { continue };
            if since + limit <= now {
                if let Some(ended) = self.lanes[lane].time_out(limit) {
                    self.busy -= 1;
                    self.ended(ended, addr);
                }
                self.wakes.mark(lane);
            } else {
                next = Some(next.map_or(since, |earliest: tokio::time::Instant| earliest.min(since)));
            }
        }
        if let Some(since) = next {
            self.alarm.set(self.spec.services.clock.deadline((since + limit).saturating_duration_since(now)));
        }
    }

    fn ended(&mut self, (ticket, result): Ended, addr: &Addr<Self>) {
        match result {
            Ok(outputs) if outputs.is_empty() => self.succeed(ticket.stub(), ticket.attempts),
            Ok(outputs) => {
                self.park(&ticket);
                let cancel = self.spec.assignment.cancel.clone();
                self.publishing.push(Box::pin(publish(Arc::clone(&self.spec.services), cancel, ticket, outputs)));
                self.wakes.wake_mailbox();
            }
            Err(fault) => {
                self.park(&ticket);
                self.fail(ticket, fault, addr);
            }
        }
    }

    fn succeed(&mut self, stub: Stub, attempts: u32) {
        self.handled += 1;
        self.finished.push(stub.offset);
        self.settled(stub.offset, attempts, RecordEnd::Acked);
        self.release(stub);
    }

    fn park(&mut self, ticket: &Ticket) {
        if let (Some(lane), Some(key)) = (ticket.lane, ticket.key) {
            self.lanes[lane].queue.park(key);
        }
    }

    fn release(&mut self, stub: Stub) {
        if let (Some(lane), Some(key)) = (stub.lane, stub.key)
            && self.lanes[lane].queue.release(key)
        {
            self.wakes.mark(lane);
            self.wakes.wake_mailbox();
        }
    }

    /// Hands a failure to the supervisor. The record no longer keeps its batch alive: it may wait for long.
    fn fail(&mut self, mut ticket: Ticket, fault: crate::actor::Fault, addr: &Addr<Self>) {
        ticket.record = ticket.record.detach(self.spec.assignment.held());
        self.away += 1;
        self.spec.supervisor.do_send(Failed {
            ticket,
            fault,
            member: Arc::clone(&self.spec.member),
            routes: Arc::clone(&self.spec.routes),
            assignment: Arc::clone(&self.spec.assignment),
            mailbox: addr.clone(),
        });
    }

    fn poll_publishing(&mut self, cx: &mut TaskContext<'_>, addr: &Addr<Self>) {
        while let Poll::Ready(Some(published)) = self.publishing.poll_next_unpin(cx) {
            match published {
                Published::Acked { stub, attempts } => {
                    self.succeed(stub, attempts);
                }
                Published::Refused { ticket, fault } => self.fail(ticket, fault, addr),
                Published::GivenUp(stub) => self.release(stub),
            }
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

    fn settled(&self, offset: i64, attempts: u32, end: RecordEnd<'_>) {
        let partition = &self.spec.assignment.partition;
        let settled = Settled { topic: &partition.topic, partition: partition.partition, offset, attempts, end };
        self.spec.services.observer.settled(&settled);
    }
}

/// Longer than this, and the neighbours of a handler notice.
const BLOCKED: Duration = Duration::from_millis(100);

fn warn_blocked(handler: Option<&str>, took: Duration) {
    tracing::warn!(
        handler,
        took_ms = took.as_millis() as u64,
        "a handler kept its thread busy without an `.await`, and other keys waited; use `tokio::task::spawn_blocking`, or \
         `.blocking()` on its supervisor"
    );
}

impl Drop for Mailbox {
    fn drop(&mut self) {
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

/// Gives the mailbox its turn whenever one of its wakers was called, and after each message.
struct Turns;

impl ActorFuture<Mailbox> for Turns {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        mailbox: &mut Mailbox,
        ctx: &mut Context<Mailbox>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<()> {
        mailbox.turn(cx, &ctx.address());
        Poll::Pending
    }
}

/// A batch of records, from the poll thread.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Deliver(pub(crate) Arc<Batch>);

impl Handler<Deliver> for Mailbox {
    type Result = ();

    fn handle(&mut self, Deliver(batch): Deliver, ctx: &mut Self::Context) {
        self.spec.assignment.arrived();
        if self.draining.is_some() {
            return;
        }
        let addr = ctx.address();
        for record in batch.records() {
            self.admit(record, &addr);
        }
    }
}

/// What the supervisor decided about a ticket, from [`SupervisorActor`].
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) enum Verdict {
    /// Run it again.
    Resume(Box<Ticket>),
    /// Its dead letter is written, or a policy discarded it.
    Settled { stub: Stub, attempts: u32, end: SettledAs },
    /// The partition is being given up: it stays unfinished.
    GivenUp,
}

/// How the supervisor settled a ticket.
#[derive(Debug)]
pub(crate) enum SettledAs {
    Discarded,
    DeadLettered { reason: String },
}

impl Handler<Verdict> for Mailbox {
    type Result = ();

    fn handle(&mut self, verdict: Verdict, _ctx: &mut Self::Context) {
        self.away -= 1;
        match verdict {
            Verdict::Resume(_) if self.draining.is_some() => {}
            Verdict::Resume(ticket) => match ticket.lane {
                Some(lane) => {
                    self.lanes[lane].queue.resume(*ticket);
                    self.wakes.mark(lane);
                }
                None => self.enqueue(*ticket),
            },
            Verdict::Settled { stub, attempts, end } => {
                self.finished.push(stub.offset);
                let end = match &end {
                    SettledAs::Discarded => RecordEnd::Discarded,
                    SettledAs::DeadLettered { reason } => RecordEnd::DeadLettered { reason },
                };
                self.settled(stub.offset, attempts, end);
                self.release(stub);
            }
            Verdict::GivenUp => {}
        }
    }
}

/// The supervisor has all instances of this actor in this partition built anew.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Rebuild;

impl Handler<Rebuild> for Mailbox {
    type Result = ();

    fn handle(&mut self, _: Rebuild, _ctx: &mut Self::Context) {
        self.lanes.iter_mut().for_each(Lane::restart);
    }
}

/// The partition is being revoked: give up what has not started, let the rest end.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Drain;

impl Handler<Drain> for Mailbox {
    type Result = ();

    fn handle(&mut self, _: Drain, _ctx: &mut Self::Context) {
        self.draining.get_or_insert(false);
        self.shared.clear();
        self.lanes.iter_mut().for_each(|lane| lane.queue.clear());
    }
}

/// The partition is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Stop;

impl Handler<Stop> for Mailbox {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.stopping = true;
        actix::ActorContext::stop(ctx);
    }
}

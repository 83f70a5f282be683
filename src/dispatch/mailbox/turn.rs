//! A turn of a mailbox: what can go on without waiting goes on, for its share.
//!
//! Attempts are polled here, in the context of the runtime that spawned the bus, so timers and connections of handlers
//! are that runtime's. A turn takes in one batch and runs each marked lane for at most [`TURN`] attempts; what is left
//! brings another turn, for others on this arbiter have turns too. It must not wait for anything.

use std::{
    pin::Pin,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use actix::{ActorFuture, Addr, AsyncContext, Context};
use tokio::time::Instant;

use super::Mailbox;
use crate::{actor::Handling, dispatch::ticket::Ticket, telemetry::logs};

/// Attempts that one run of a lane may end before the others get theirs.
const TURN: usize = 64;

/// Gives the mailbox its turn whenever one of its wakers was called, and after messages.
pub(super) struct Turns;

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

impl Mailbox {
    /// One turn: what can go on without waiting goes on, for its share.
    ///
    /// In this order: what is late ends, what is sent finishes, then records are taken in and lanes go on. One batch
    /// for each turn, so that the lanes get theirs between two.
    fn turn(&mut self, cx: &mut TaskContext<'_>, addr: &Addr<Self>) {
        let home = self.spec.services.home.clone();
        let Some(_inside) = home.enter() else { return self.abandon() };
        let _handling = Handling::begin(&self.spec.services.encoder);
        self.turn_clock.begins();
        self.wakes.register(cx.waker());
        if self.alarm.rang(cx) {
            self.time_out(addr);
        }
        self.poll_publishing(cx, addr);
        self.admit_next(addr);
        // Read once for each lane: where one ends, the next begins.
        let mut now = self.spec.services.clock.working_now();
        for word in 0..self.wakes.words() {
            for lane in self.wakes.take(word) {
                now = self.run(lane, now, addr);
            }
        }
        // After the marked ones, so that no record waits behind a lane that has just become busy.
        while !self.shared.is_empty()
            && let Some(lane) = self.idle_lane()
        {
            now = self.run(lane, now, addr);
        }
        self.turn_clock.ends();
        self.spare.clear();
        self.flush();
        if !self.delivered.is_empty() {
            self.wakes.wake_mailbox();
        }
        // Registers the waker of a timer that was set in this turn. One that rings already is for the next turn.
        if self.alarm.rings(cx) {
            self.wakes.wake_mailbox();
        }
    }

    /// Goes on with one lane until it has to wait, or has had its share; when that was.
    fn run(&mut self, lane: usize, began: Instant, addr: &Addr<Self>) -> Instant {
        let handler = self.advance(lane, addr);
        self.look_at_the_clock(began, handler)
    }

    /// Times what ran since `began`, `handler` last; when it ended.
    pub(super) fn look_at_the_clock(&mut self, began: Instant, handler: Option<usize>) -> Instant {
        let now = self.spec.services.clock.working_now();
        let took = now.saturating_duration_since(began);
        self.tallies.clock(now, took);
        let panicked = std::mem::take(&mut self.panicked);
        if took > BLOCKED && !panicked {
            let handler = handler.map(|at| &self.spec.member.handlers[at]);
            let name = handler.map(|handler| &*handler.name);
            if let Some(calls) = self.spec.services.telemetry.blocked.note(name.unwrap_or_default(), took, now) {
                logs::bus::blocked(name, took, calls);
            }
        }
        now
    }

    /// As [`Mailbox::run`]; the handler that ran last.
    fn advance(&mut self, lane: usize, addr: &Addr<Self>) -> Option<usize> {
        let mut handler = None;
        for _ in 0..TURN {
            if self.lanes[lane].is_running() {
                handler = self.lanes[lane].handler_at();
                self.go_on(lane, addr);
            } else {
                let Some(ticket) = self.next(lane) else { return handler };
                handler = ticket.handler;
                self.start(lane, ticket, addr);
            }
            if self.lanes[lane].is_running() {
                return handler;
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
            self.note_idle(lane);
        }
        next
    }

    /// Starts an attempt in a lane that runs none, and goes on with it until it has to wait.
    pub(super) fn start(&mut self, lane: usize, mut ticket: Ticket, addr: &Addr<Self>) {
        let Self { spec, site, lanes, spare, turn_clock, .. } = self;
        turn_clock.polls(ticket.handler.unwrap_or_default());
        match lanes[lane].start(&mut ticket, &spec.member, site, spare, || spec.services.clock.working_now()) {
            Poll::Ready(ended) => self.over(ticket, ended, addr),
            Poll::Pending => {
                lanes[lane].keep(ticket);
                self.busy += 1;
                self.arm();
            }
        }
    }

    /// Goes on with the attempt that a lane runs.
    fn go_on(&mut self, lane: usize, addr: &Addr<Self>) {
        let clock = &self.spec.services.clock;
        self.turn_clock.polls(self.lanes[lane].handler_at().unwrap_or_default());
        match self.lanes[lane].poll(&mut self.spare, || clock.working_now()) {
            Poll::Ready((ticket, ended)) => {
                self.busy -= 1;
                self.over(ticket, ended, addr);
            }
            Poll::Pending => self.arm(),
        }
    }

    /// Sees to it that a timeout is noticed. The timer is set by the first attempt that waits; later ones run out of
    /// time later. Handlers of a blocking actor have no timeout: a thread cannot be stopped.
    fn arm(&mut self) {
        if !self.alarm.is_set() && !self.spec.member.actor.policy.blocking {
            self.alarm.set(self.spec.services.clock.deadline(self.spec.member.actor.policy.timeout));
        }
    }

    /// Ends all attempts that are out of time, and sets the timer for the next one that may be.
    fn time_out(&mut self, addr: &Addr<Self>) {
        let limit = self.spec.member.actor.policy.timeout;
        let now = self.spec.services.clock.working_now();
        let mut next = None;
        for lane in 0..self.lanes.len() {
            let Some(since) = self.lanes[lane].since() else { continue };
            if since + limit <= now {
                if let Some((ticket, ended)) = self.lanes[lane].time_out(limit) {
                    self.busy -= 1;
                    self.over(ticket, ended, addr);
                }
                self.wakes.mark(lane);
            } else {
                next = Some(next.map_or(since, |earliest: Instant| earliest.min(since)));
            }
        }
        self.tallies.clock(now, Duration::ZERO);
        if let Some(since) = next {
            self.alarm.set(self.spec.services.clock.deadline((since + limit).saturating_duration_since(now)));
        }
    }
}

/// Longer than this, and the neighbours of a handler notice.
const BLOCKED: Duration = Duration::from_millis(100);

//! A turn of a mailbox: everything that can go on without waiting goes on.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use actix::{ActorFuture, Addr, AsyncContext, Context};
use tokio::time::Instant;

use super::{Mailbox, MailboxSpec};
use crate::{
    actor::Call,
    dispatch::{lane::Ended, ticket::Ticket},
    telemetry::logs,
};

/// Attempts that one lane may end in one turn before the others get theirs.
const TURN: usize = 64;

/// Gives the mailbox its turn whenever one of its wakers was called, and after each message.
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
    /// One turn: everything that can go on without waiting goes on.
    fn turn(&mut self, cx: &mut TaskContext<'_>, addr: &Addr<Self>) {
        let runtime = self.spec.services.runtime.clone();
        let _inside = runtime.enter();
        self.wakes.register(cx.waker());
        if self.alarm.rang(cx) {
            self.time_out(addr);
        }
        self.poll_publishing(cx, addr);
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
        self.flush();
        // Registers the waker of a timer that was set in this turn. One that rings already is for the next turn.
        if self.alarm.rings(cx) {
            self.wakes.wake_mailbox();
        }
    }

    /// Goes on with one lane until it has to wait; when that was.
    fn run(&mut self, lane: usize, began: Instant, addr: &Addr<Self>) -> Instant {
        let handler = self.advance(lane, addr);
        let now = self.spec.services.clock.working_now();
        let took = now.saturating_duration_since(began);
        self.tallies.clock(now, took);
        if took > BLOCKED {
            logs::blocked(handler.as_deref(), took);
        }
        now
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
                    self.tallies.ended(ended.ticket.handler_at(), ended.since);
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
            self.note_idle(lane);
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
                    self.tallies.ended(ended.ticket.handler_at(), ended.since);
                    self.ended(ended, addr);
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

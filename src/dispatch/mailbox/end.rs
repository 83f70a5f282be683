//! How attempts end: their records are finished, their outputs sent, or their failures handed to the supervisor.
//!
//! Three ends: nothing to publish, which finishes at once; outputs, which finish when the broker has them; and a
//! failure, of which the supervisor decides. In the latter two the key is parked before the lane can take anything
//! else: promise 2 hangs on this order.

use std::{
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use actix::Addr;
use futures_util::StreamExt;

use super::Mailbox;
use crate::{
    actor::Fault,
    dispatch::{
        lane::Ended,
        outputs::{Published, publish},
        ticket::{Stub, Ticket},
    },
    services::RecordEnd,
    supervisor::Failed,
};

impl Mailbox {
    /// An attempt has ended. One that neither publishes nor fails, as most do, is seen to in place.
    #[inline]
    pub(super) fn over(&mut self, ticket: Ticket, ended: Ended, addr: &Addr<Self>) {
        self.tallies.ended(ticket.handler.unwrap_or_default(), ended.since);
        if ended.answer.is_nothing() {
            self.succeed(ticket.stub(), ticket.attempts);
            self.spare.keep(ticket.record);
        } else {
            self.ended(ticket, ended, addr);
        }
    }

    fn ended(&mut self, mut ticket: Ticket, ended: Ended, addr: &Addr<Self>) {
        let Ended { answer, span, .. } = ended;
        match answer.into_result() {
            Ok(outputs) => {
                self.park(&ticket);
                self.publishing.push(Box::pin(publish(Arc::clone(&self.site), ticket, outputs, span)));
                self.wakes.wake_mailbox();
            }
            Err(fault) => {
                self.panicked |= matches!(fault, Fault::Panic(_));
                let policy = &self.spec.member.actor.policy.policy;
                ticket.trace = span.failed(&self.spec.services.telemetry, &fault, policy).map(Box::new);
                self.park(&ticket);
                self.fail(ticket, fault, addr);
            }
        }
    }

    /// The record is handled, outputs and all. It is reported at the end of the turn, and its key goes on.
    pub(super) fn succeed(&mut self, stub: Stub, attempts: u32) {
        self.handled += 1;
        self.tallies.handled(stub.handler.unwrap_or_default());
        self.finished.push(stub.offset);
        self.settled(stub.offset, stub.handler, attempts, RecordEnd::Acked);
        self.release(stub);
    }

    /// Parks the key of a record, if it has one; counted once, however many wait behind it.
    pub(super) fn park(&mut self, ticket: &Ticket) {
        if let (Some(lane), Some(key)) = (ticket.lane, ticket.key) {
            self.parked += i64::from(self.lanes[lane].queue.park(key));
        }
    }

    /// Lets go on what waited behind a record that has ended, and has its lane polled.
    pub(super) fn release(&mut self, stub: Stub) {
        if let (Some(lane), Some(key)) = (stub.lane, stub.key)
            && self.lanes[lane].queue.release(key)
        {
            self.parked -= 1;
            self.wakes.mark(lane);
            self.wakes.wake_mailbox();
        }
    }

    /// Hands a failure to the supervisor. The record no longer keeps its batch alive: it may wait for long.
    pub(super) fn fail(&mut self, mut ticket: Ticket, fault: Fault, addr: &Addr<Self>) {
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

    /// Sees to the outputs whose fate is known.
    pub(super) fn poll_publishing(&mut self, cx: &mut TaskContext<'_>, addr: &Addr<Self>) {
        while let Poll::Ready(Some(published)) = self.publishing.poll_next_unpin(cx) {
            match published {
                Published::Acked { stub, attempts } => {
                    self.succeed(stub, attempts);
                }
                Published::Refused { ticket, fault } => self.fail(ticket, fault, addr),
                // The record stays unfinished, so its key stays parked: `Drain` may not be here yet.
                Published::GivenUp => {}
            }
        }
    }
}

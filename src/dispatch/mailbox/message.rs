//! What a mailbox is told.
//!
//! One turn follows all that are there together, and none follows `Stop`. So what is told here only changes the state,
//! but that `Rebuild` drops instances; going on is the turn's.

use std::sync::Arc;

use actix::{ActorContext, Handler, Message};

use super::Mailbox;
use crate::{
    dispatch::{
        lane::Lane,
        ticket::{Stub, Ticket},
    },
    kafka::record::Batch,
    services::RecordEnd,
};

/// A batch of records, from the poll thread. All mailboxes of the partition share it.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Deliver(pub(crate) Arc<Batch>);

impl Handler<Deliver> for Mailbox {
    type Result = ();

    fn handle(&mut self, Deliver(batch): Deliver, _ctx: &mut Self::Context) {
        // The turn follows; it takes one batch at a time, so that everything else gets its turn too.
        self.delivered.push_back(batch);
    }
}

/// What the supervisor decided about a ticket, from [`SupervisorActor`](crate::supervisor::SupervisorActor): exactly
/// one for each that it was handed.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) enum Verdict {
    /// Run it again; its key stays parked until it ends. Given up, if the partition goes meanwhile.
    Resume(Box<Ticket>),
    /// Its dead letter is written, or a policy discarded it.
    Settled { stub: Stub, attempts: u32, end: SettledAs },
    /// The partition is being given up: it stays unfinished.
    GivenUp,
}

/// How the supervisor settled a ticket.
#[derive(Debug)]
pub(crate) enum SettledAs {
    /// A rule said so. Nothing is written.
    Discarded,
    /// The broker has acknowledged the dead letter. `reason` is the text of the error, for a test bus.
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
                self.settled(stub.offset, stub.handler, attempts, end);
                self.release(stub);
            }
            Verdict::GivenUp => {}
        }
    }
}

/// The supervisor has all instances of this actor in this partition built anew: those that run finish their attempt
/// first.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Rebuild;

impl Handler<Rebuild> for Mailbox {
    type Result = ();

    fn handle(&mut self, _: Rebuild, _ctx: &mut Self::Context) {
        self.inside(|mailbox| mailbox.lanes.iter_mut().for_each(Lane::restart));
    }
}

/// The partition is being revoked: give up what has not started, let the rest end. Its handlers see it by themselves,
/// by the assignment's token.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Drain;

impl Handler<Drain> for Mailbox {
    type Result = ();

    fn handle(&mut self, _: Drain, _ctx: &mut Self::Context) {
        self.draining.get_or_insert(false);
        self.delivered.clear();
        self.shared.clear();
        self.lanes.iter_mut().for_each(|lane| lane.queue.clear());
        self.parked = 0;
    }
}

/// The partition is gone: what still runs is dropped, at its `.await` (a blocking handler that has begun runs to its
/// end).
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Stop;

impl Handler<Stop> for Mailbox {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.stopping = true;
        ctx.stop();
    }
}

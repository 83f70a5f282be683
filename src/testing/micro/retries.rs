//! What a failure costs before anything waits.

use std::hint::black_box;

use super::{Piece, Setting, piece};
use crate::{
    Failure,
    actor::Fault,
    dispatch::{Choice, LaneQueue, Spare, Ticket},
    kafka::record::Record,
    supervisor::{History, Outcome, RecordDirective, decide},
};

/// The copy of a record that no longer keeps its batch alive.
struct Detaching<'a>(&'a Setting);

impl Piece for Detaching<'_> {
    type Input = (Vec<Record>, Vec<Record>);

    fn prepare(&mut self) -> Self::Input {
        let records = self.0.batch();
        let detached = Vec::with_capacity(records.len());
        (records, detached)
    }

    fn run(&mut self, (records, detached): &mut Self::Input) {
        detached.extend(records.iter().map(|record| record.detach(&self.0.held)));
    }

    fn count(&self, (records, detached): &Self::Input) -> usize {
        let same = |(a, b): &(&Record, &Record)| {
            (a.offset(), a.key(), a.value()) == (b.offset(), b.key(), b.value()) && a.headers().eq(b.headers())
        };
        records.iter().zip(detached).filter(same).count()
    }
}

impl Setting {
    fn tickets(&self, choice: &Choice) -> Vec<Ticket> {
        let ticket = |record| {
            let mut ticket = self.ticket(record);
            (ticket.key, ticket.lane) = choice.of(&ticket.record);
            ticket.attempts = 1;
            ticket
        };
        self.batch().into_iter().map(ticket).collect()
    }

    fn is_retried(&self, outcome: &Outcome<'_>, attempt: u32) -> bool {
        let policy = &self.member.actor.policy.policy;
        let decision = decide(outcome, attempt, policy, History::default(), self.services.clock.random());
        matches!(black_box(decision).record, RecordDirective::Retry(_))
    }

    /// The pure parts of a retry: the decision, and the key parked, resumed and released in its lane's queue.
    pub fn retry_decisions(&self) -> impl Piece {
        let choice = Choice::new(&self.member.actor.policy);
        let mut queue: LaneQueue<Ticket> = LaneQueue::default();
        let failure = Failure::transient("the gateway timed out");
        piece(
            move || self.tickets(&choice),
            move |tickets| {
                let retried = |ticket: Ticket| {
                    let (Some(key), offset) = (ticket.key, ticket.record.offset()) else { return false };
                    let parked = self.is_retried(&Outcome::Failed(&failure), ticket.attempts) && queue.park(key);
                    queue.resume(ticket);
                    let resumed = queue.next().is_some_and(|ticket| ticket.record.offset() == offset);
                    parked && resumed && queue.release(key)
                };
                tickets.drain(..).map(retried).filter(|&good| good).count()
            },
        )
    }

    /// Copies each record out of its batch, as is done before it waits; counts those that came out the same.
    pub fn detaching(&self) -> impl Piece {
        Detaching(self)
    }

    /// Runs an attempt of each record that fails, parks its key, and runs the second one, which has to succeed. All of
    /// a retry but the messages between mailbox and supervisor.
    pub fn failing_once(&self) -> impl Piece {
        let choice = Choice::new(&self.member.actor.policy);
        let (mut lane, site, mut spare) = (self.lane(), self.site(), Spare::default());
        let policy = &self.member.actor.policy.policy;
        piece(
            move || {
                let mut tickets = self.tickets(&choice);
                tickets.iter_mut().for_each(|ticket| ticket.attempts = 0);
                tickets
            },
            move |tickets| {
                let mut twice = |mut ticket: Ticket| {
                    let ended = self.attempt(&mut lane, &site, &mut spare, &mut ticket)?;
                    let fault = ended.answer.into_result().err()?;
                    ticket.trace = ended.span.failed(&self.services.telemetry, &fault, policy).map(Box::new);
                    let key = ticket.key?;
                    lane.queue.park(key);
                    ticket.record = ticket.record.detach(&self.held);
                    let Fault::Failure(failure) = fault else { return None };
                    self.is_retried(&Outcome::Failed(&failure), ticket.attempts).then_some(())?;
                    lane.queue.resume(ticket);
                    let mut ticket = lane.queue.next()?;
                    let ended = self.attempt(&mut lane, &site, &mut spare, &mut ticket)?;
                    lane.queue.release(key);
                    (ended.answer.into_result().is_ok() && ticket.attempts == 2).then_some(())
                };
                tickets.drain(..).filter_map(&mut twice).count()
            },
        )
    }
}

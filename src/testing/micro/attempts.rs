//! One attempt in a lane, and the span around it.

use std::{hint::black_box, sync::Arc, task::Poll};

use super::{Piece, Setting, piece};
use crate::{
    actor::{Call, Site},
    dispatch::{Ended, Lane, Spare, Ticket},
    telemetry::Attempt,
};

impl Setting {
    /// Runs one attempt of each record in one lane, decoding included; counts those that returned so many outputs.
    pub fn attempts(&self, outputs: usize) -> impl Piece {
        let (mut lane, site, mut spare) = (self.lane(), self.site(), Spare::default());
        let one = self.batch().into_iter().next().map(|record| self.ticket(record));
        let handler = one.and_then(|ticket| ticket.handler);
        piece(
            || self.batch(),
            move |records| {
                let ended = |record| {
                    let mut ticket = Ticket::new(record, handler);
                    let ended = self.attempt(&mut lane, &site, &mut spare, &mut ticket);
                    spare.keep(ticket.record);
                    ended
                        .is_some_and(|ended| ended.answer.into_result().is_ok_and(|returned| returned.len() == outputs))
                };
                records.drain(..).map(ended).filter(|&good| good).count()
            },
        )
    }

    /// Starts an attempt that ends at once, as the mailbox does.
    pub(super) fn attempt(
        &self,
        lane: &mut Lane,
        site: &Arc<Site>,
        spare: &mut Spare,
        ticket: &mut Ticket,
    ) -> Option<Ended> {
        match lane.start(ticket, &self.member, site, spare, || self.services.clock.working_now()) {
            Poll::Ready(ended) => Some(black_box(ended)),
            Poll::Pending => None,
        }
    }

    /// Opens a span around nothing, enters it and ends it; counts those that somebody listened to, or nobody did.
    pub fn spans(&self, listened: bool) -> impl Piece {
        piece(
            || self.calls(),
            move |calls| {
                let spanned = |call: &&Call| {
                    let span = Attempt::begin(|| Call::clone(black_box(call)));
                    span.enter(|| black_box(()));
                    span.span().is_some() == listened
                };
                calls.iter().filter(spanned).count()
            },
        )
    }
}

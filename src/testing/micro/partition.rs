//! A partition from end to end: the real assignment, mailbox and supervisor, on one thread, without a broker.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use actix::{Actor, Addr};
use tokio::task::{LocalSet, yield_now};

use super::{Piece, Setting, piece};
use crate::{
    dispatch::{Assignment, Deliver, Mailbox, MailboxSpec, PartitionMap},
    supervisor::SupervisorActor,
};

/// A batch that is not finished after so many turns never will be.
const TURNS: usize = 100_000;

impl Setting {
    /// Takes so many batches, one after another, from their copy to the committable offset behind their last record;
    /// counts the handled records, and none if they published anything else than so many outputs each.
    pub fn partition(&self, batches: usize, outputs: u64) -> impl Piece {
        let local = LocalSet::new();
        let assignment = self.assignment();
        let mailbox = local.block_on(&self.runtime, async { self.mailbox(&assignment) });
        let mut base = 0;
        piece(
            || (),
            move |()| {
                let counters = &self.services.counters;
                let count = || (counters.handled.load(Relaxed), counters.published.load(Relaxed));
                let (handled, published) = count();
                for _ in 0..batches {
                    let end = base + self.records.len() as i64;
                    let Some(batch) = assignment.receive(self.copy(base)) else { return 0 };
                    mailbox.do_send(Deliver(batch));
                    if !local.block_on(&self.runtime, self.finished(&assignment, end)) {
                        return 0;
                    }
                    base = end;
                }
                let (handled, published) = (count().0 - handled, count().1 - published);
                if published == handled * outputs { handled as usize } else { 0 }
            },
        )
    }

    fn mailbox(&self, assignment: &Arc<Assignment>) -> Addr<Mailbox> {
        let services = &self.services;
        let supervisor = SupervisorActor::new(Arc::clone(services), Arc::new(PartitionMap::default())).start();
        let spec = MailboxSpec {
            assignment: Arc::clone(assignment),
            routes: Arc::clone(&self.routes),
            member: Arc::clone(&self.member),
            lead: true,
            supervisor,
            services: Arc::clone(services),
        };
        assignment.open(1);
        Mailbox::new(spec).start()
    }

    /// False if it never is.
    async fn finished(&self, assignment: &Assignment, end: i64) -> bool {
        for _ in 0..TURNS {
            if assignment.committable() == Some(end) {
                return true;
            }
            self.services.clock.skip_to_next();
            yield_now().await;
        }
        false
    }
}

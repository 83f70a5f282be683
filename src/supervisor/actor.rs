//! The supervisor: an actix actor that sees failures only, and carries out what [`directive`](super::directive) decides.

use std::{any::TypeId, collections::HashMap, sync::Arc};

use actix::{Actor, Addr, Context, Handler, Message};
use tokio::time::Instant;

use super::{
    directive::{Decision, History, RecordDirective, Scope, Tries, decide},
    forward,
};
use crate::{
    Error,
    actor::Fault,
    dispatch::{Assignment, Mailbox, Member, PartitionMap, Rebuild, SettledAs, Ticket, TopicRoutes, Verdict},
    kafka::record::TopicPartition,
    services::{Counters, Services},
};

/// The supervisor of a bus.
pub(crate) struct SupervisorActor {
    services: Arc<Services>,
    partitions: Arc<PartitionMap>,
    /// Restarts of an actor in a partition, for its restart limit.
    histories: HashMap<(TypeId, TopicPartition), History>,
}

impl SupervisorActor {
    pub(crate) fn new(services: Arc<Services>, partitions: Arc<PartitionMap>) -> Self {
        Self { services, partitions, histories: HashMap::new() }
    }
}

impl Actor for SupervisorActor {
    type Context = Context<Self>;
}

/// A record that failed, handed over with everything that belongs to it.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Failed {
    pub(crate) ticket: Ticket,
    pub(crate) fault: Fault,
    pub(crate) member: Arc<Member>,
    pub(crate) routes: Arc<TopicRoutes>,
    pub(crate) assignment: Arc<Assignment>,
    pub(crate) mailbox: Addr<Mailbox>,
}

impl Failed {
    /// Attempts that were made with an event; none, if the record could not be decoded.
    pub(super) fn attempts(&self) -> u32 {
        if matches!(self.fault, Fault::Undecodable(_)) { 0 } else { self.ticket.attempts }
    }
}

impl Handler<Failed> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, mut failed: Failed, _ctx: &mut Self::Context) {
        let now = self.services.clock.now();
        failed.ticket.first_failure.get_or_insert_with(|| self.services.clock.wall());
        let decision = self.decide(&failed, now);
        if let Some(scope) = decision.restart {
            self.restart(scope, &failed);
        }
        let services = Arc::clone(&self.services);
        match decision.record {
            RecordDirective::Retry(after) => {
                Counters::add(&services.counters.retried, 1);
                forward::log(&failed, "retried", Some(after));
                actix::spawn(forward::resume(services, failed, after));
            }
            RecordDirective::Hold(after) => {
                failed.ticket.attempts = failed.ticket.attempts.saturating_sub(1);
                failed.ticket.holds += 1;
                forward::log(&failed, "held", Some(after));
                actix::spawn(forward::resume(services, failed, after));
            }
            RecordDirective::Discard => {
                Counters::add(&services.counters.discarded, 1);
                forward::log(&failed, "discarded", None);
                forward::settle(&failed, SettledAs::Discarded);
            }
            RecordDirective::DeadLetter => {
                actix::spawn(forward::dead_letter(services, failed));
            }
            RecordDirective::Escalate => {
                let reason =
                    format!("{} at {}: {}", failed.fault, failed.assignment.partition, failed.ticket.record.offset());
                failed.mailbox.do_send(Verdict::GivenUp);
                services.end.with(Error::Escalated { actor: failed.member.actor.name.to_owned(), reason });
            }
        }
    }
}

impl SupervisorActor {
    fn decide(&mut self, failed: &Failed, now: Instant) -> Decision {
        let key = (failed.member.actor.type_id, failed.assignment.partition.clone());
        let history = self.histories.entry(key).or_default();
        let tries = Tries { attempts: failed.ticket.attempts, holds: failed.ticket.holds };
        decide(&failed.fault, tries, &failed.member.actor.policy, history, now, self.services.clock.random())
    }

    /// Has instances built anew; the failed lane's own is gone already.
    fn restart(&self, scope: Scope, failed: &Failed) {
        if scope == Scope::Lane {
            return;
        }
        let Some(mailboxes) = self.partitions.get(&failed.assignment.partition) else { return };
        for (rank, mailbox) in &mailboxes.of {
            let concerned = *rank == failed.member.rank || (scope == Scope::Rest && *rank > failed.member.rank);
            if concerned && mailboxes.epoch == failed.assignment.epoch {
                mailbox.do_send(Rebuild);
            }
        }
    }
}

/// A partition is gone: its history goes too.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Forget {
    pub(crate) partition: TopicPartition,
}

impl Handler<Forget> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, Forget { partition }: Forget, _ctx: &mut Self::Context) {
        self.histories.retain(|(_, of), _| *of != partition);
    }
}

//! The supervisor: an actix actor that sees failures only, and carries out what [`directive`](super::directive)
//! decides.
//!
//! It runs on the thread `carom-router` (in a test bus, its one thread), beside the router. What takes time, a delay or
//! a dead letter, is a task of its own (`forward`), so the next failure need not wait. A mailbox gets one answer for
//! each ticket; until then the ticket's key, if it has one, is parked.

use std::{any::TypeId, collections::HashMap, sync::Arc};

use super::{
    dead_letter_headers::ErrorClass,
    directive::{Decision, History, Outcome, Policy, RecordDirective, Scope, decide},
    forward,
    history::Restarts,
};
use crate::{
    Error,
    actor::{Fault, discard},
    dispatch::{
        Assignment, HandlerSpec, Mailbox, Member, PartitionMap, Rebuild, SettledAs, Ticket, TopicRoutes, Verdict,
    },
    kafka::record::TopicPartition,
    services::{Counters, Services},
    telemetry::logs,
};
use actix::{Actor, Addr, Context, Handler, Message};

/// The supervisor of a bus. One for all partitions: it sees failures alone, and these are rare.
pub(crate) struct SupervisorActor {
    /// Clock, counters, health, and the sink of dead letters.
    services: Arc<Services>,
    /// Where the mailboxes are whose instances have to be built anew: those of other actors too, with `rest_for_one`.
    partitions: Arc<PartitionMap>,
    /// Restarts of an actor in a partition, for its restart limit. Only where there is one; forgotten with the
    /// partition.
    restarts: HashMap<(TypeId, TopicPartition), Restarts>,
}

impl SupervisorActor {
    pub(crate) fn new(services: Arc<Services>, partitions: Arc<PartitionMap>) -> Self {
        Self { services, partitions, restarts: HashMap::new() }
    }
}

impl Actor for SupervisorActor {
    type Context = Context<Self>;
}

impl Drop for SupervisorActor {
    fn drop(&mut self) {
        // Without it every key that fails from here on would wait for ever.
        if std::thread::panicking() {
            self.services.end.with(Error::internal("the supervisor panicked"));
        }
    }
}

/// A record that failed, handed over with everything that belongs to it: nothing has to be looked up, which may be
/// gone.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Failed {
    /// Detached from its batch, since it may wait for long.
    pub(crate) ticket: Ticket,
    /// Why; it decides what follows.
    pub(crate) fault: Fault,
    /// Whose policy it goes by.
    pub(crate) member: Arc<Member>,
    /// Where its dead letter goes.
    pub(crate) routes: Arc<TopicRoutes>,
    /// Its token says when the partition goes: what still waits then is given up.
    pub(crate) assignment: Arc<Assignment>,
    /// To whom the answer goes.
    pub(crate) mailbox: Addr<Mailbox>,
}

impl Failed {
    /// Attempts that were made with an event; none, if the record could not be decoded or nobody handles it.
    pub(super) fn attempts(&self) -> u32 {
        if matches!(self.fault, Fault::Undecodable(_) | Fault::UnknownType(_)) { 0 } else { self.ticket.attempts }
    }

    /// The handler that failed, if it came to one.
    pub(super) fn handler(&self) -> Option<&HandlerSpec> {
        self.ticket.handler.map(|at| &self.member.handlers[at])
    }

    fn policy(&self) -> &Policy {
        &self.member.actor.policy.policy
    }

    /// The class under which it is filed.
    pub(super) fn class(&self) -> ErrorClass {
        self.fault.class(self.policy())
    }
}

impl Fault {
    fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::Failure(failure) => Outcome::Failed(failure),
            Self::Timeout(_) => Outcome::TimedOut,
            Self::Panic(_) => Outcome::Panicked,
            Self::Undecodable(_) => Outcome::Undecodable,
            Self::UnknownType(_) => Outcome::UnknownType,
        }
    }

    /// The class under which it is filed by this policy; a fault always has one.
    pub(crate) fn class(&self, policy: &Policy) -> ErrorClass {
        self.outcome().class(policy).unwrap_or(ErrorClass::Permanent)
    }
}

impl Handler<Failed> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, mut failed: Failed, _ctx: &mut Self::Context) {
        failed.ticket.first_failure.get_or_insert_with(|| self.services.clock.wall());
        let decision = self.decide(&failed);
        if let Some(scope) = decision.restart {
            self.restart(scope, &failed);
        }
        self.services.observer.active();
        let services = Arc::clone(&self.services);
        match decision.record {
            RecordDirective::Retry(after) => {
                Counters::add(&services.counters.retried, 1);
                if let Some(handler) = failed.handler() {
                    Counters::add(&handler.meter.retried, 1);
                }
                let line = forward::line(&services, &failed);
                logs::record::retried(&line, after);
                services.observer.failed(failed.member.actor.name, &line);
                actix::spawn(forward::resume(services, failed, after));
            }
            RecordDirective::Hold(after) => {
                let line = forward::line(&services, &failed);
                logs::record::held(&line, after, failed.ticket.holds == 0);
                services.observer.failed(failed.member.actor.name, &line);
                failed.ticket.attempts = failed.ticket.attempts.saturating_sub(1);
                failed.ticket.holds += 1;
                actix::spawn(forward::resume(services, failed, after));
            }
            RecordDirective::DeadLetter => {
                actix::spawn(forward::dead_letter(services, failed));
            }
            RecordDirective::Escalate => {
                let reason = forward::reason(&services, &failed);
                failed.mailbox.do_send(Verdict::GivenUp);
                services.end.with(Error::Escalated { actor: failed.member.actor.name.to_owned(), reason });
                discard(failed);
            }
            // A failure is never acknowledged.
            RecordDirective::Discard | RecordDirective::Ack => {
                Counters::add(&services.counters.discarded, 1);
                if let Some(handler) = failed.handler() {
                    Counters::add(&handler.meter.discarded, 1);
                }
                logs::record::discarded(&forward::line(&services, &failed));
                forward::settle(&failed, SettledAs::Discarded);
                // The user's error may panic when it is dropped.
                discard(failed);
            }
        }
    }
}

impl SupervisorActor {
    /// What the policy says, with what happened before. A restart is noted after the decision, which is about those
    /// before it.
    fn decide(&mut self, failed: &Failed) -> Decision {
        let policy = failed.policy();
        let now = self.services.clock.now().into_std();
        let mut history = History { restarts: 0, holds: failed.ticket.holds };
        let restarts = policy.restart_limit.map(|limit| {
            let key = (failed.member.actor.type_id, failed.assignment.partition.clone());
            let restarts = self.restarts.entry(key).or_default();
            history.restarts = restarts.count(now, limit);
            (restarts, limit)
        });
        if let (Fault::Failure(failure), Some(handler)) = (&failed.fault, failed.handler())
            && policy.is_blind_to(failure)
            && self.services.blind.insert(&handler.name)
        {
            logs::record::unseen(&handler.name, &failed.assignment.partition.topic);
        }
        let random = self.services.clock.random();
        let decision = decide(&failed.fault.outcome(), failed.ticket.attempts, policy, history, random);
        if let (Some((restarts, limit)), Some(_)) = (restarts, decision.restart) {
            restarts.push(now, limit);
        }
        decision
    }

    /// Has instances built anew; the failed lane's own is gone already.
    fn restart(&self, scope: Scope, failed: &Failed) {
        if scope == Scope::Lane {
            return;
        }
        let Some(mailboxes) = self.partitions.get(&failed.assignment.partition) else { return };
        for (rank, mailbox) in &mailboxes.of {
            let concerned =
                *rank == failed.member.rank || (scope == Scope::ActorAndLater && *rank > failed.member.rank);
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
        self.restarts.retain(|(_, of), _| *of != partition);
    }
}

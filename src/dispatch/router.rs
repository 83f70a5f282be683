//! The router: an actix actor that starts a partition's mailboxes when it is assigned and stops them when it goes.
//!
//! It runs on the thread `carom-router` (in a test bus, its one thread). The poll thread never waits for it: what comes
//! and goes is told by message, and batches find their mailboxes in the [`PartitionMap`] without it. A partition that
//! is not in the map yet has no credit, so nothing can come too early.

use std::{sync::Arc, time::Duration};

use actix::{Actor, Addr, ArbiterHandle, Context, Handler, Message};
use dashmap::DashMap;

use super::{
    assignment::Assignment,
    intake::Intake,
    mailbox::{Deliver, Drain, Mailbox, MailboxSpec, Stop},
    route::RouteTable,
};
use crate::{
    Error,
    health::HealthState,
    kafka::record::{Batch, TopicPartition},
    services::Services,
    stats::Measured,
    supervisor::{Forget, SupervisorActor},
    telemetry::logs,
};

/// Where mailboxes run.
pub(crate) enum Stage {
    /// On these threads, each partition on one of them.
    Arbiters(Vec<ArbiterHandle>),
    /// On the thread that runs the router: for a test bus.
    #[cfg(feature = "testing")]
    Here,
}

/// The mailboxes of a partition; all live on one arbiter.
pub(crate) struct Mailboxes {
    /// Of which assignment they are: a message about a former one must not reach those of the next.
    pub(crate) epoch: u64,
    /// In the order of `.supervise` calls, with the actor's place in it.
    pub(crate) of: Vec<(usize, Addr<Mailbox>)>,
    /// Which of the router's arbiters has one partition less when they stop.
    arbiter: usize,
}

/// Which mailboxes a partition has; the poll thread and the supervisor read it, the router alone writes.
pub(crate) type PartitionMap = DashMap<TopicPartition, Mailboxes, foldhash::fast::RandomState>;

/// The router: the only one who makes mailboxes, and so the only one who knows how many partitions each thread has.
pub(crate) struct Router {
    stage: Stage,
    /// Partitions on each arbiter. A partition goes where there are the fewest, and stays there: all its mailboxes
    /// share one thread, whatever they have to do.
    load: Vec<usize>,
    /// Which actors a topic needs.
    routes: Arc<RouteTable>,
    partitions: Arc<PartitionMap>,
    /// To whom each mailbox hands its failures; told when a partition is gone.
    supervisor: Addr<SupervisorActor>,
    services: Arc<Services>,
}

impl Router {
    pub(crate) fn new(
        stage: Stage,
        routes: Arc<RouteTable>,
        partitions: Arc<PartitionMap>,
        supervisor: Addr<SupervisorActor>,
        services: Arc<Services>,
    ) -> Self {
        let arbiters = match &stage {
            Stage::Arbiters(arbiters) => arbiters.len(),
            #[cfg(feature = "testing")]
            Stage::Here => 1,
        };
        Self { stage, load: vec![0; arbiters], routes, partitions, supervisor, services }
    }

    /// The arbiter with the fewest partitions, the first of them.
    fn least_loaded(&self) -> usize {
        (0..self.load.len()).min_by_key(|&arbiter| self.load[arbiter]).unwrap_or_default()
    }

    /// Starts a mailbox on the thread where it is going to live, and where it is made.
    fn start_mailbox(&self, arbiter: usize, spec: MailboxSpec) -> Addr<Mailbox> {
        match &self.stage {
            Stage::Arbiters(arbiters) => Mailbox::start_in_arbiter(&arbiters[arbiter], |_| Mailbox::new(spec)),
            #[cfg(feature = "testing")]
            Stage::Here => Mailbox::new(spec).start(),
        }
    }
}

impl Actor for Router {
    type Context = Context<Self>;
}

/// What happened to a partition. As messages, so that an end never overtakes its beginning.
#[derive(Message)]
#[rtype(result = "()")]
enum Change {
    /// It came: its mailboxes are started.
    Assigned(Arc<Assignment>),
    /// It is gone, and nothing of it counts any more: its mailboxes stop.
    Closed(Arc<Assignment>),
}

impl Handler<Change> for Router {
    type Result = ();

    fn handle(&mut self, change: Change, _ctx: &mut Self::Context) {
        match change {
            Change::Assigned(assignment) => self.assigned(&assignment),
            Change::Closed(assignment) => self.closed(&assignment),
        }
    }
}

impl Router {
    /// Starts the mailboxes, the first of which is the lead, and opens the assignment. In this order: with the opening
    /// comes credit, and then a batch has to find them.
    fn assigned(&mut self, assignment: &Arc<Assignment>) {
        let Some(routes) = self.routes.get(&assignment.partition.topic) else {
            let reason = format!("{} was assigned, but nothing here handles its topic", assignment.partition);
            return self.services.end.with(Error::internal(reason));
        };
        let arbiter = self.least_loaded();
        self.load[arbiter] += 1;
        let start = |(at, member): (usize, &Arc<super::route::Member>)| {
            let spec = MailboxSpec {
                assignment: Arc::clone(assignment),
                routes: Arc::clone(routes),
                member: Arc::clone(member),
                lead: at == 0,
                supervisor: self.supervisor.clone(),
                services: Arc::clone(&self.services),
            };
            (member.rank, self.start_mailbox(arbiter, spec))
        };
        let of: Vec<_> = routes.members.iter().enumerate().map(start).collect();
        let count = of.len();
        let mailboxes: Vec<_> = of.iter().map(|(_, mailbox)| mailbox.clone()).collect();
        self.partitions.insert(assignment.partition.clone(), Mailboxes { epoch: assignment.epoch, of, arbiter });
        assignment.open(count);
        if assignment.cancel.is_cancelled() {
            // The revoke came before the map knew the mailboxes, so it could not tell them.
            mailboxes.iter().for_each(|mailbox| mailbox.do_send(Drain));
        }
    }

    /// Stops the mailboxes, unless they are those of a later epoch already.
    fn closed(&mut self, assignment: &Assignment) {
        let same = |_: &TopicPartition, mailboxes: &Mailboxes| mailboxes.epoch == assignment.epoch;
        if let Some((_, mailboxes)) = self.partitions.remove_if(&assignment.partition, same) {
            self.load[mailboxes.arbiter] -= 1;
            for (_, mailbox) in mailboxes.of {
                mailbox.do_send(Stop);
            }
        }
        self.supervisor.do_send(Forget { partition: assignment.partition.clone() });
    }
}

/// The poll thread's end of the router.
#[derive(Clone)]
pub(crate) struct Door {
    /// For what has to wait its turn: partitions that come and go.
    pub(crate) router: Addr<Router>,
    /// For what has not: batches, and the call to drain.
    pub(crate) partitions: Arc<PartitionMap>,
    /// Where signs of life, figures and alarms go.
    pub(crate) services: Arc<Services>,
}

impl Door {
    /// Each mailbox of this assignment; none before they are started and after they are stopped.
    fn each_mailbox(&self, assignment: &Assignment, mut send: impl FnMut(&Addr<Mailbox>)) {
        let Some(mailboxes) = self.partitions.get(&assignment.partition) else { return };
        if mailboxes.epoch == assignment.epoch {
            mailboxes.of.iter().for_each(|(_, mailbox)| send(mailbox));
        }
    }
}

/// The last alarm, until partitions are assigned again.
const ALARM: &str = "alarm";

/// The last alarm about commits, until all of them succeed or partitions are assigned again.
const COMMITS: &str = "commits";

/// No broker can be reached.
const BROKER: &str = "broker";

impl Door {
    /// An alarm, logged when there is none under this key yet.
    fn note(&self, key: &str, reason: &str) {
        if self.services.health.note(key, reason) {
            logs::bus::alarm(reason);
        }
    }
}

impl Intake for Door {
    fn assign(&self, assignment: &Arc<Assignment>) {
        self.services.health.recover(ALARM);
        self.services.health.recover(COMMITS);
        self.services.book.assigned(assignment);
        self.router.do_send(Change::Assigned(Arc::clone(assignment)));
    }

    fn revoke(&self, assignment: &Arc<Assignment>) {
        self.each_mailbox(assignment, |mailbox| mailbox.do_send(Drain));
    }

    fn close(&self, assignment: &Arc<Assignment>) {
        if self.services.book.closed(assignment) {
            // It is not well, it is somebody else's.
            self.services.health.lift(&HealthState::stalled(&assignment.partition));
        }
        self.router.do_send(Change::Closed(Arc::clone(assignment)));
    }

    fn deliver(&self, assignment: &Assignment, batch: Arc<Batch>) {
        self.each_mailbox(assignment, |mailbox| mailbox.do_send(Deliver(Arc::clone(&batch))));
    }

    fn turned(&self, now: Duration) {
        self.services.health.signs.turned(now);
    }

    fn joined(&self, joined: bool) {
        self.services.health.signs.joined(joined);
    }

    fn measured(&self, figures: &[Measured]) {
        let Services { book, clock, health, stalled_after, .. } = &*self.services;
        book.tick(clock.working_now(), figures, *stalled_after, health);
    }

    fn broker(&self, up: bool, detail: &str) {
        let Services { health, service, .. } = &*self.services;
        health.signs.consumer_reaches_the_cluster(up);
        if up {
            health.lift(BROKER);
            logs::client::broker_up(service, logs::client::CONSUMER, detail);
        } else if health.note(BROKER, &format!("the broker cannot be reached: {detail}")) {
            logs::client::broker_down(service, logs::client::CONSUMER, detail);
        }
    }

    fn alarm(&self, reason: &str) {
        self.note(ALARM, reason);
    }

    fn cannot_commit(&self, reason: &str) {
        self.note(COMMITS, reason);
    }

    fn commits_again(&self) {
        self.services.health.recover(COMMITS);
    }

    fn fatal(&self, reason: &str) {
        self.services.end.with(Error::client(reason));
    }
}

//! The thread of a test bus: the real router, supervisor and poll loop, on one local set.

use std::{
    sync::{Arc, atomic::Ordering::SeqCst, mpsc},
    time::Duration,
};

use actix::Actor;
use tokio::{
    sync::{Notify, oneshot},
    task::{LocalSet, spawn_local, yield_now},
    time::timeout,
};

use super::{
    memory::{Cluster, MemorySource},
    watch::Watch,
};
use crate::{
    clock::Clock,
    dispatch::{Door, Limits, PartitionMap, RouteTable, Router, Stage as Place},
    kafka::{Command, PollLoop, PollSettings, Wiring},
    services::Services,
    supervisor::SupervisorActor,
};

/// Everything the thread needs.
pub(super) struct Stage {
    pub(super) cluster: Cluster,
    pub(super) routes: Arc<RouteTable>,
    pub(super) services: Arc<Services>,
    pub(super) watch: Arc<Watch>,
    pub(super) limits: Limits,
    /// How long handlers may run on when the bus stops.
    pub(super) within: Duration,
    /// Resolves when the bus shall stop, also if the test just drops it.
    pub(super) stopped: oneshot::Receiver<()>,
    /// Told when all is committed. The thread is not joined: a handler that blocks must not hang the test.
    pub(super) ended: oneshot::Sender<()>,
}

impl Stage {
    pub(super) fn run(self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime without I/O of its own starts");
        LocalSet::new().block_on(&runtime, self.play());
    }

    async fn play(self) {
        let Self { cluster, routes, services, watch, limits, within, stopped, ended } = self;
        services.clock.set_real();
        let partitions = Arc::new(PartitionMap::default());
        let supervisor = SupervisorActor::new(Arc::clone(&services), Arc::clone(&partitions)).start();
        let topics: Vec<_> = routes.keys().cloned().collect();
        let router =
            Router::new(Place::Here, routes, Arc::clone(&partitions), supervisor, Arc::clone(&services)).start();
        let door = Door { router, partitions, services: Arc::clone(&services) };
        let wake = Arc::new(Notify::new());
        let waker = waker(&wake);
        cluster.on_write(Arc::clone(&waker));
        let (commands, receiver) = mpsc::channel();
        let source = MemorySource::new(cluster, topics);
        let poll = {
            let wiring = Wiring { commands: receiver, waker, jitter: Box::new(|| 0.5) };
            PollLoop::new(source, door, PollSettings { limits, ..PollSettings::default() }, wiring)
        };
        let polling = spawn_local(poll_until_closed(poll, wake, Arc::clone(&watch)));
        let skipping = spawn_local(skip_time(services.clock.clone(), Arc::clone(&watch)));
        tokio::select! {
            _ = stopped => {}
            () = services.end.called() => {}
        }
        let (done, _) = oneshot::channel();
        // The loop cannot have ended before it was told to.
        let _ = commands.send(Command::Stop { by: crate::clock::monotonic() + within, done });
        let _ = polling.await;
        skipping.abort();
        watch.give_up();
        let _ = ended.send(());
    }
}

fn waker(wake: &Arc<Notify>) -> Arc<dyn Fn() + Send + Sync> {
    let wake = Arc::clone(wake);
    Arc::new(move || wake.notify_one())
}

/// What the poll thread does, as a task.
async fn poll_until_closed(mut poll: PollLoop<MemorySource, Door>, wake: Arc<Notify>, watch: Arc<Watch>) {
    let start = crate::clock::monotonic();
    while !poll.is_closed() {
        if poll.turn(crate::clock::since(start)) {
            watch.touch();
            yield_now().await;
        } else {
            // Also looks by itself now and then, for what is due.
            let _ = timeout(Duration::from_millis(5), wake.notified()).await;
        }
    }
}

/// Lets waiting time pass when nothing else can happen: no attempt runs, and a whole round of all tasks changed
/// nothing.
async fn skip_time(clock: Clock, watch: Arc<Watch>) {
    loop {
        watch.moved.notified().await;
        loop {
            let before = watch.activity.load(SeqCst);
            for _ in 0..4 {
                yield_now().await;
            }
            if watch.activity.load(SeqCst) == before {
                break;
            }
        }
        if watch.running.load(SeqCst) == 0 && watch.waiting.load(SeqCst) > 0 {
            clock.skip_to_next();
        }
    }
}

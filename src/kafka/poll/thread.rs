//! The OS thread that owns a consumer client, and the ways to reach it.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock, mpsc},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{bounds::Bounds, committer::Policy, poll_loop::PollLoop};
use crate::{
    dispatch::{Intake, Limits, Waker},
    kafka::source::Source,
};

/// The longest sleep of an idle loop: the client has to be served, whatever callbacks say.
const PARK: Duration = Duration::from_millis(100);

/// What the rest of the bus asks of the poll loop.
#[derive(Debug)]
pub(crate) enum Command {
    /// Takes nothing more, drains until `by` at most, commits, closes the client; `done` tells when.
    Stop { by: Instant, done: oneshot::Sender<()> },
    /// Ends [`Settings::held`].
    #[cfg(feature = "testing")]
    Release,
}

/// Random numbers in `[0, 1)` for backoffs.
pub(crate) type Jitter = Box<dyn FnMut() -> f64 + Send>;

/// What a [`PollLoop`] is connected to.
pub(crate) struct Wiring {
    pub(crate) commands: mpsc::Receiver<Command>,
    /// Wakes the loop when it sleeps.
    pub(crate) waker: Waker,
    pub(crate) jitter: Jitter,
}

/// What a [`PollLoop`] needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) bounds: Bounds,
    pub(crate) commits: Policy,
    /// Records in one batch.
    pub(crate) batch: usize,
    /// Takes no records until it is released, so that a benchmark can begin with full queues.
    pub(crate) held: bool,
}

/// Records in one batch; larger ones are no cheaper per record, see decision 14.
pub(crate) const BATCH: usize = 256;

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            bounds: Bounds::default(),
            commits: Policy::default(),
            batch: BATCH,
            held: false,
        }
    }
}

/// Wakes a thread that may not exist yet.
#[derive(Debug, Default)]
pub(crate) struct Alarm(OnceLock<Thread>);

impl Alarm {
    /// The form in which queues, mailboxes and this room's callers hold it.
    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        let alarm = Arc::clone(self);
        Arc::new(move || {
            if let Some(thread) = alarm.0.get() {
                thread.unpark();
            }
        })
    }
}

/// The running poll thread; dropping it stops the thread within the drain bound.
pub(crate) struct Poller {
    commands: mpsc::Sender<Command>,
    waker: Waker,
}

impl Poller {
    /// Starts the thread `carom-poll` around `source`, which wakes it through `alarm`.
    pub(crate) fn spawn<S, I>(
        source: S,
        intake: I,
        settings: Settings,
        alarm: Arc<Alarm>,
        jitter: Jitter,
    ) -> io::Result<Self>
    where
        S: Source + Send + 'static,
        I: Intake + Clone,
    {
        let (commands, receiver) = mpsc::channel();
        let waker = alarm.waker();
        let last_words = intake.clone();
        let wiring = Wiring { commands: receiver, waker: Arc::clone(&waker), jitter };
        let poll = PollLoop::new(source, intake, settings, wiring);
        thread::Builder::new().name("carom-poll".to_owned()).spawn(move || {
            let _ = alarm.0.set(thread::current());
            // The panic itself has been printed by the hook.
            if catch_unwind(AssertUnwindSafe(|| run(poll))).is_err() {
                last_words.fatal("the poll thread panicked");
            }
        })?;
        Ok(Self { commands, waker })
    }

    /// Asks for the end; the receiver resolves when the client is closed.
    pub(crate) fn stop(&self, within: Duration) -> oneshot::Receiver<()> {
        let (done, closed) = oneshot::channel();
        // If the thread has ended, `done` is dropped and the receiver resolves too.
        let _ = self.commands.send(Command::Stop { by: crate::clock::monotonic() + within, done });
        (self.waker)();
        closed
    }

    /// Lets records in after [`Settings::held`].
    #[cfg(feature = "testing")]
    pub(crate) fn release(&self) {
        let _ = self.commands.send(Command::Release);
        (self.waker)();
    }
}

fn run<S: Source, I: Intake>(mut poll: PollLoop<S, I>) {
    let start = crate::clock::monotonic();
    while !poll.is_closed() {
        if !poll.turn(crate::clock::since(start)) {
            thread::park_timeout(poll.rest(PARK));
        }
    }
}

impl fmt::Debug for Wiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wiring")
    }
}

impl fmt::Debug for Poller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Poller")
    }
}

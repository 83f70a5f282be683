//! How a program is told to end: by Ctrl-C, and on Unix by SIGTERM; and by a person who insists.

use std::{
    future::pending,
    io, process,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

#[cfg(unix)]
use tokio::signal::unix::{Signal, Signal as Interrupt, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Interrupt, ctrl_c as interrupt};
use tokio::sync::Notify;

use crate::telemetry::logs;

/// A further Ctrl-C counts from then on: some supervisors, and wrappers in a terminal, send one signal twice.
const AGAIN: Duration = Duration::from_secs(1);

/// What shells show of a program that Ctrl-C ended: 128, and the number of the signal.
const INTERRUPTED: i32 = 130;

/// Listens from its making on, not from the first poll. From then on the signals no longer end the program by
/// themselves.
pub(super) struct Signals {
    interrupt: Interrupt,
    #[cfg(unix)]
    terminate: Signal,
}

#[cfg(unix)]
fn interrupt() -> io::Result<Interrupt> {
    signal(SignalKind::interrupt())
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: interrupt()?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// The program is told to end; from then on, whoever insists is listened to.
    pub(super) async fn told(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        let _ = self.interrupt.recv().await;
        heed_insistence();
    }
}

/// Whom to tell that nobody has patience with them: the buses that stop.
static STOPPING: Mutex<Vec<Weak<Notify>>> = Mutex::new(Vec::new());

/// A bus begins to stop: what is returned is notified when a person insists, as long as somebody holds it.
pub(super) fn stopping() -> Arc<Notify> {
    let hurry = Arc::new(Notify::new());
    let mut stopping = STOPPING.lock().unwrap_or_else(PoisonError::into_inner);
    stopping.retain(|bus| bus.strong_count() > 0);
    stopping.push(Arc::downgrade(&hurry));
    hurry
}

/// Listens to a person who insists, once for the process: a Ctrl-C notifies the buses that stop, or, where there is
/// none that was not notified before, ends the process. Who sends SIGTERM has SIGKILL for that (decision 30).
///
/// On a thread and a runtime of its own: those of the program may be held up, or may be ending, and wait for a thread
/// that blocks. If there is none to be had, a further signal does nothing.
pub(super) fn heed_insistence() {
    static LISTENING: AtomicBool = AtomicBool::new(false);
    if LISTENING.swap(true, SeqCst) {
        return;
    }
    let listen = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Else there is nothing to listen with.
        let _ = runtime.map(|runtime| runtime.block_on(insisted()));
    };
    let _ = thread::Builder::new().name("carom-signals".to_owned()).spawn(listen);
}

async fn insisted() -> io::Result<()> {
    let mut interrupt = interrupt()?;
    loop {
        again(&mut interrupt).await;
        let stopping = std::mem::take(&mut *STOPPING.lock().unwrap_or_else(PoisonError::into_inner));
        let stopping: Vec<_> = stopping.iter().filter_map(Weak::upgrade).collect();
        if stopping.is_empty() {
            logs::bus::cut_short();
            process::exit(INTERRUPTED);
        }
        stopping.iter().for_each(|bus| bus.notify_one());
    }
}

/// The next Ctrl-C that counts.
async fn again(interrupt: &mut Interrupt) {
    let since = crate::clock::monotonic();
    loop {
        if interrupt.recv().await.is_none() {
            // No further one will come.
            pending::<()>().await;
        }
        if since.elapsed() >= AGAIN {
            return;
        }
    }
}

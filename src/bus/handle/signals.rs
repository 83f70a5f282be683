//! How a program is told to end: by Ctrl-C, and on Unix by SIGTERM; and by a person who insists.

use std::{
    future::pending,
    io, process,
    sync::{Arc, Weak},
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

    /// The program is told to end.
    pub(super) async fn told(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        let _ = self.interrupt.recv().await;
    }
}

/// Listens to a person who insists: a Ctrl-C, while somebody holds `hurry`, notifies it; a further one, or the first
/// where nobody does, ends the process. Who sends SIGTERM has SIGKILL for that (decision 30).
///
/// On a thread and a runtime of its own: those of the program may be held up, or may be ending, and wait for a thread
/// that blocks. If there is none to be had, a further signal does nothing.
pub(super) fn heed_insistence(hurry: &Arc<Notify>, service: &Arc<str>) {
    let (hurry, service) = (Arc::downgrade(hurry), Arc::clone(service));
    let listen = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Else there is nothing to listen with.
        let _ = runtime.map(|runtime| runtime.block_on(insisted(&hurry, &service)));
    };
    let _ = thread::Builder::new().name("carom-signals".to_owned()).spawn(listen);
}

async fn insisted(hurry: &Weak<Notify>, service: &str) -> io::Result<()> {
    let mut interrupt = interrupt()?;
    again(&mut interrupt).await;
    if let Some(hurry) = hurry.upgrade() {
        hurry.notify_one();
        drop(hurry);
        again(&mut interrupt).await;
    }
    logs::bus::cut_short(service);
    process::exit(INTERRUPTED)
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

//! How a program is told to end: by Ctrl-C, and on Unix by SIGTERM.

use std::{future::pending, io, time::Duration};

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, ctrl_c};

/// A further Ctrl-C counts from then on: some supervisors, and wrappers in a terminal, send one signal twice.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens from its making on, not from the first poll. From then on the signals no longer end the program by
/// themselves.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(windows)]
    interrupt: CtrlC,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(windows)]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: ctrl_c()? })
    }

    /// The program is told to end.
    pub(super) async fn told(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        drop(self.interrupt.recv().await);
    }

    /// A person insists: Ctrl-C, a second or more from now. Who sends SIGTERM has SIGKILL for that (decision 30).
    pub(super) async fn insisted(&mut self) {
        let since = crate::clock::monotonic();
        loop {
            if self.interrupt.recv().await.is_none() {
                // No further one will come.
                pending::<()>().await;
            }
            if since.elapsed() >= AGAIN {
                return;
            }
        }
    }
}

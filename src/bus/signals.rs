//! How a program is told to end: by Ctrl-C, and on Unix by SIGTERM. What a person gets who insists is in [`insistence`].

mod insistence;

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, Signal as Interrupt, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC as Interrupt, ctrl_c as interrupt};

pub(super) use self::insistence::stopping;

/// Listens from its making on, not from the first poll. From then on the signals no longer end the program by
/// themselves.
pub(super) struct Signals {
    interrupt: Interrupt,
    #[cfg(unix)]
    terminate: Signal,
    /// Who insists is listened to when nobody waits any more.
    _waits: insistence::Waits,
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
            _waits: insistence::Waits::begin(),
        })
    }

    /// The program is told to end.
    pub(super) async fn told(mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        let _ = self.interrupt.recv().await;
        insistence::told();
    }
}

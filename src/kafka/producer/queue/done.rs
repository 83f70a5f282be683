//! Whoever waits for records, once they have ended.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::oneshot;

use super::Outcome;
use crate::telemetry::logs;

/// Somebody to wake, once no lock is held any more.
pub(in crate::kafka::producer) enum Done {
    Call(oneshot::Sender<Vec<Outcome>>, Vec<Outcome>),
    Flush(oneshot::Sender<usize>, usize),
}

impl Done {
    /// Wakes whoever waits; that nobody does any more is fine. A waker is foreign code and may panic: that must not
    /// keep the next ones from being woken.
    pub(in crate::kafka::producer) fn tell(self) {
        let told = catch_unwind(AssertUnwindSafe(|| match self {
            Self::Call(tell, outcomes) => drop(tell.send(outcomes)),
            Self::Flush(tell, open) => drop(tell.send(open)),
        }));
        if told.is_err() {
            logs::bus::panicked("a task that waited for the producer");
        }
    }
}

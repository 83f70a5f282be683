//! Whether handlers are polled on this thread right now: who publishes by hand there has a better way.

use std::cell::Cell;

thread_local! {
    static HANDLING: Cell<bool> = const { Cell::new(false) };
}

/// Handlers are polled on this thread as long as it is there.
pub(crate) struct Handling(());

impl Handling {
    /// From here on they are.
    pub(crate) fn begin() -> Self {
        HANDLING.set(true);
        Self(())
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        HANDLING.set(false);
    }
}

/// Whether a handler asks. One that blocks, on a thread of its own, is not known as such.
pub(crate) fn is_handling() -> bool {
    HANDLING.get()
}

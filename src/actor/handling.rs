//! Which bus polls its handlers on this thread right now: who publishes there by hand has a better way.

use std::{cell::Cell, ptr, sync::Arc};

use crate::event::Encoder;

thread_local! {
    /// Told by its encoder, of which each bus has one; nobody looks at it.
    static HANDLING: Cell<*const Encoder> = const { Cell::new(ptr::null()) };
}

/// Handlers of a bus are polled on this thread as long as it is there.
pub(crate) struct Handling(());

impl Handling {
    /// From here on they are.
    pub(crate) fn begin(encoder: &Arc<Encoder>) -> Self {
        HANDLING.set(Arc::as_ptr(encoder));
        Self(())
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        HANDLING.set(ptr::null());
    }
}

/// Whether a handler of this bus asks.
pub(crate) fn is_handling(encoder: &Arc<Encoder>) -> bool {
    ptr::eq(HANDLING.get(), Arc::as_ptr(encoder))
}

//! Where the user's tracing library comes in: carom depends on `tracing` alone.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tracing::Span;

use super::IncomingTrace;
use crate::{actor::panic_message, event::TraceContext};

/// `traceparent` and, if there is one, `tracestate`.
type TraceParts = (String, Option<String>);

type Current = Arc<dyn Fn() -> Option<TraceParts> + Send + Sync>;

type Adopt = Arc<dyn Fn(&Span, &IncomingTrace<'_>) + Send + Sync>;

/// What the user's program does about trace contexts.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    /// The context of the current span.
    pub(crate) current: Option<Current>,
    /// Told of each span that has a parent in another process, before the span is entered.
    pub(crate) adopt: Option<Adopt>,
}

impl Hooks {
    /// The context of `span`, or of the span that is current if `span` is disabled.
    pub(crate) fn context_of(&self, span: &Span) -> Option<TraceContext> {
        let current = self.current.as_ref()?;
        let (traceparent, tracestate) = guarded("trace_context", || span.in_scope(|| current()))??;
        TraceContext::new(traceparent, tracestate)
    }

    pub(super) fn adopt(&self, span: &Span, trace: &IncomingTrace<'_>) {
        if let Some(adopt) = &self.adopt {
            guarded("trace_parent", || adopt(span, trace));
        }
    }
}

/// Calls the user's code: an event goes its way, even if its trace does not.
fn guarded<T>(hook: &str, call: impl FnOnce() -> T) -> Option<T> {
    let called = catch_unwind(AssertUnwindSafe(call));
    let said = |panic: &Box<dyn Any + Send>| {
        tracing::error!(
            hook,
            panic = panic_message(panic.as_ref()),
            "a hook panicked: this event has no trace context"
        );
    };
    called.inspect_err(said).ok()
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("current", &self.current.is_some()).field("adopt", &self.adopt.is_some()).finish()
    }
}

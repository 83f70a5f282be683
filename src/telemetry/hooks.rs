//! Where the user's code comes in: a tracing library, for carom depends on `tracing` alone, and what hides personal
//! data.
//!
//! Each hook is called under a guard, on the thread of whatever is being traced or told: a panic in it costs what it
//! would have given, and a line a minute in the log. It can slow a record down, but not lose it.

use std::{
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::time::Instant;
use tracing::Span;

use super::{IncomingTrace, blocked::is_due, logs};
use crate::{actor::panic_message, clock::monotonic, event::TraceContext};

/// `traceparent` and, if there is one, `tracestate`.
type TraceParts = (String, Option<String>);

/// Asked inside a span; carom knows no tracing library that it could ask itself.
type Current = Arc<dyn Fn() -> Option<TraceParts> + Send + Sync>;

/// Makes a span the child of what came with the record.
type Adopt = Arc<dyn Fn(&Span, &IncomingTrace<'_>) + Send + Sync>;

/// From the whole text of an error to what may be seen of it.
type Redact = Arc<dyn Fn(&str) -> String + Send + Sync>;

const REDACT: &str = "redact_errors";

/// What the user's program does about trace contexts and error texts.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    /// The context of the current span.
    pub(crate) current: Option<Current>,
    /// Told of each span that has a parent in another process, before the span is entered.
    pub(crate) adopt: Option<Adopt>,
    /// Makes of an error's text what may leave the process.
    pub(crate) redact: Option<Redact>,
    /// Shared by the clones: a hook has one line a minute, whoever calls it.
    panics: Arc<Panics>,
}

impl Hooks {
    /// The context of `span`, or of the span that is current if `span` is disabled.
    pub(crate) fn context_of(&self, span: &Span) -> Option<TraceContext> {
        let current = self.current.as_ref()?;
        let (traceparent, tracestate) = self.guarded("trace_context", || span.in_scope(|| current()))??;
        TraceContext::new(traceparent, tracestate)
    }

    pub(super) fn adopt(&self, span: &Span, trace: &IncomingTrace<'_>) {
        if let Some(adopt) = &self.adopt {
            self.guarded("trace_parent", || adopt(span, trace));
        }
    }

    /// The text without what must not be shown; nothing at all if the hook panics.
    pub(super) fn redacted(&self, text: &str) -> Option<String> {
        match &self.redact {
            Some(redact) => self.guarded(REDACT, || redact(text)),
            None => Some(text.to_owned()),
        }
    }

    /// Calls the user's code: a record goes its way, whatever that does.
    fn guarded<T>(&self, hook: &'static str, call: impl FnOnce() -> T) -> Option<T> {
        let panic = match catch_unwind(AssertUnwindSafe(call)) {
            Ok(value) => return Some(value),
            Err(panic) => panic,
        };
        if let Some(panics) = self.panics.note(hook, monotonic().into()) {
            // What it panicked about may be what it had to hide.
            let panic = (hook != REDACT).then(|| panic_message(panic.as_ref()));
            logs::bus::hook_panicked(hook, panics, panic.as_deref());
        }
        None
    }
}

/// How often each hook panicked: one that always does is not worth a line for each event. By the hook's name: when it
/// had a line last, and the panics since then.
#[derive(Debug, Default)]
struct Panics(Mutex<HashMap<&'static str, (Option<Instant>, u64)>>);

impl Panics {
    /// Counts one; how many there were since the last line, if it is time for another.
    fn note(&self, hook: &'static str, now: Instant) -> Option<u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, unsaid) = all.entry(hook).or_default();
        *unsaid += 1;
        is_due(said, now).then(|| std::mem::take(unsaid))
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = |given: bool| if given { "given" } else { "none" };
        f.debug_struct("Hooks")
            .field("current", &given(self.current.is_some()))
            .field("adopt", &given(self.adopt.is_some()))
            .field("redact", &given(self.redact.is_some()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when the time of the last line is forgotten, when the count is not reset, and when hooks share it.
    #[test]
    fn a_hook_that_always_panics_has_one_line_a_minute() {
        let (panics, start) = (Panics::default(), Instant::from(monotonic()));
        let at = |hook, seconds| panics.note(hook, start + std::time::Duration::from_secs(seconds));
        assert_eq!([at("a", 0), at("a", 1), at("a", 59)], [Some(1), None, None]);
        assert_eq!(at("b", 59), Some(1), "another hook has a line of its own");
        assert_eq!([at("a", 60), at("a", 119), at("a", 120)], [Some(3), None, Some(2)]);
    }
}

//! The trace contexts that a record brings.

use std::collections::HashMap;

use crate::event::TraceContext;

/// The trace contexts that a record brings, for the hook of [`Bus::trace_parent`](crate::Bus::trace_parent).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct IncomingTrace<'a> {
    /// The hop that brought the record: the span `send` of whoever wrote it. The parent of its span `process`, as a rule.
    ///
    /// From the header `carom-traceparent`, else `traceparent`, else `ce_traceparent`.
    pub hop: W3cContext<'a>,
    /// The context in which the event came into being, where that is another one: in the second hop of a trace, and
    /// after an event was passed on. Worth a link.
    ///
    /// From the attribute `ce_traceparent`, else the header `traceparent`.
    pub creation: Option<W3cContext<'a>>,
}

/// A [W3C trace context](https://www.w3.org/TR/trace-context/) whose `traceparent` was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct W3cContext<'a> {
    /// `00-{trace id}-{span id}-{flags}`.
    pub traceparent: &'a str,
    /// What tracing systems added, if there is something.
    pub tracestate: Option<&'a str>,
}

impl W3cContext<'_> {
    /// As `traceparent` and `tracestate` in a map, which is what OpenTelemetry's propagators read.
    pub fn headers(&self) -> HashMap<String, String> {
        let state = self.tracestate.map(|state| ("tracestate", state));
        let all = [("traceparent", self.traceparent)].into_iter().chain(state);
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

impl<'a> IncomingTrace<'a> {
    pub(super) fn new(hop: &'a TraceContext, creation: Option<&'a TraceContext>) -> Self {
        Self { hop: hop.into(), creation: creation.map(W3cContext::from) }
    }
}

impl<'a> From<&'a TraceContext> for W3cContext<'a> {
    fn from(context: &'a TraceContext) -> Self {
        Self { traceparent: context.traceparent(), tracestate: context.tracestate.as_deref() }
    }
}

//! The trace contexts that a record brings.

use std::collections::HashMap;

use crate::event::TraceContext;

/// The trace contexts that a record brings, for the hook of [`Bus::trace_parent`](crate::Bus::trace_parent).
///
/// ```
/// use carom::{Bus, Kafka};
///
/// let bus = Bus::new(Kafka::embedded()).trace_parent(|span, trace| {
///     let _inside = span.enter();
///     tracing::debug!(came_by = trace.hop.traceparent, "an attempt begins");
///     if let Some(creation) = trace.creation {
///         tracing::debug!(came_into_being_in = creation.traceparent, "it was passed on");
///     }
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct IncomingTrace<'a> {
    /// The hop that brought the record: the span `send` of whoever wrote it. The parent of its span `process`, as a
    /// rule.
    ///
    /// From the header `carom-traceparent`, which counts in records that carom wrote for this group alone, else
    /// `traceparent`, else `ce_traceparent`.
    pub hop: W3cContext<'a>,
    /// The context in which the event came into being, where that is another one: in the second hop of a trace, and
    /// after an event was passed on. Worth a link.
    ///
    /// From the attribute `ce_traceparent`, else the header `traceparent`.
    pub creation: Option<W3cContext<'a>>,
}

/// A [W3C trace context](https://www.w3.org/TR/trace-context/) whose `traceparent` was checked: its form is right, and
/// neither trace id nor span id is all zeros.
///
/// ```
/// use carom::telemetry::W3cContext;
///
/// /// What log lines of the same trace have in common.
/// fn trace_id(context: W3cContext<'_>) -> &str {
///     &context.traceparent[3..35]
/// }
///
/// let bus = carom::Bus::new(carom::Kafka::embedded()).trace_parent(|span, trace| {
///     span.in_scope(|| tracing::debug!(trace_id = trace_id(trace.hop), "an attempt begins"));
/// });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct W3cContext<'a> {
    /// `00-{trace id}-{span id}-{flags}`, in lower-case hex digits: 32, 16 and 2 of them. A later version than `00` may
    /// have more behind it.
    pub traceparent: &'a str,
    /// What tracing systems added, if there is something: `vendor=value`, separated by commas.
    pub tracestate: Option<&'a str>,
}

impl W3cContext<'_> {
    /// As `traceparent` and `tracestate` in a map, which is what OpenTelemetry's propagators read; `tracestate` only if
    /// there is one.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    /// use opentelemetry::propagation::TextMapPropagator;
    /// use opentelemetry_sdk::propagation::TraceContextPropagator;
    /// use tracing_opentelemetry::OpenTelemetrySpanExt;
    ///
    /// let bus = Bus::new(Kafka::embedded()).trace_parent(|span, trace| {
    ///     // An error means that OpenTelemetry does not listen to this span.
    ///     let _ = span.set_parent(TraceContextPropagator::new().extract(&trace.hop.headers()));
    /// });
    /// ```
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

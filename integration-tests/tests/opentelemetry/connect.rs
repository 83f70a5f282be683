//! What a program writes that has OpenTelemetry; `docs/telemetry.md` shows the lines below.

use std::collections::HashMap;

use carom::{
    Bus,
    telemetry::{IncomingTrace, W3cContext},
};
use opentelemetry::{
    Context,
    propagation::TextMapPropagator,
    trace::{TraceContextExt, TracerProvider},
};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

/// First, and once: `tracing` hands its spans to OpenTelemetry.
pub(crate) fn listen(provider: &SdkTracerProvider) {
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("billing"));
    tracing_subscriber::registry().with(layer).init();
}

/// Then the two ends of the trace.
pub(crate) fn traced<S>(bus: Bus<S>) -> Bus<S> {
    bus.trace_context(current).trace_parent(parent_and_link)
}

/// Out: events carry the context of the span `send`.
pub(crate) fn current() -> Option<(String, Option<String>)> {
    let mut headers = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut headers);
    Some((headers.remove("traceparent")?, headers.remove("tracestate")))
}

/// In: the span `process` is a child of the hop that brought the record, with a link to where the event began.
pub(crate) fn parent_and_link(span: &Span, trace: &IncomingTrace<'_>) {
    // An error means that OpenTelemetry does not listen to this span.
    let _ = span.set_parent(extracted(trace.hop));
    if let Some(creation) = trace.creation {
        span.add_link(extracted(creation).span().span_context().clone());
    }
}

/// In, if each hop shall be a trace of its own: links only.
pub(crate) fn link_only(span: &Span, trace: &IncomingTrace<'_>) {
    for context in [Some(trace.hop), trace.creation].into_iter().flatten() {
        span.add_link(extracted(context).span().span_context().clone());
    }
}

fn extracted(context: W3cContext<'_>) -> Context {
    TraceContextPropagator::new().extract(&context.headers())
}

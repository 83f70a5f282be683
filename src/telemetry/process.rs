//! The span in which a handler runs.
//!
//! It begins with the attempt and ends with it, or, if there is something to publish, when the broker has that, or it
//! is refused or given up. It is no child of what is current on the arbiter, which has nothing to do with the record;
//! its parent is what came with the record, if the program has a hook for that.

use tracing::{Level, Span, field::Empty};

use super::{
    IncomingTrace, Telemetry,
    names::{attribute, span, target, value},
};
use crate::{
    actor::{Call, Fault},
    event::{Incoming, TraceContext, read},
    supervisor::Policy,
};

/// The span around one attempt of a handler; none, where nobody listens.
///
/// Boxed, because every attempt has one and most programs have none: a disabled span is 40 bytes to move and to drop.
#[derive(Debug)]
pub(crate) struct Attempt(Option<Box<Span>>);

impl Attempt {
    /// Opens the span. What it says of the event is read from the record again, and only if somebody listens.
    #[inline]
    pub(crate) fn begin(call: impl FnOnce() -> Call) -> Self {
        Self(tracing::span_enabled!(target: target::PROCESS, Level::INFO).then(|| Box::new(open(&call()))))
    }

    /// No span: the attempt did not begin.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Runs `act` inside the span.
    pub(crate) fn enter<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(span) => span.in_scope(act),
            None => act(),
        }
    }

    /// For those who open a child of it.
    pub(crate) fn span(&self) -> Option<&Span> {
        self.0.as_deref()
    }

    /// Takes note of a failure; its trace context, for a dead letter.
    pub(crate) fn failed(&self, telemetry: &Telemetry, fault: &Fault, policy: &Policy) -> Option<TraceContext> {
        let span = self.span()?;
        // Few values, which is what an attribute is grouped by; the same as in the header `carom-error-class`.
        self.error(fault.class(policy).as_str());
        telemetry.hooks.context_of(span)
    }

    /// The attempt was given up together with its partition.
    pub(crate) fn cancelled(&self) {
        self.error(value::CANCELLED);
    }

    fn error(&self, kind: &str) {
        if let Some(span) = &self.0 {
            span.record(attribute::ERROR_TYPE, kind);
            span.record(attribute::OTEL_STATUS_CODE, value::ERROR);
        }
    }
}

/// Reads the record's envelope again: only where somebody listens.
#[cold]
fn open(call: &Call) -> Span {
    // The mailbox has read it before.
    let Ok(event) = read(call.record.headers(), call.record.value()) else { return Span::none() };
    let telemetry = &call.site.services.telemetry;
    let hop = TraceContext::of_hop(&event, call.record.headers(), call.is_own());
    let creation = TraceContext::of_creation(&event, call.record.headers()).filter(|own| Some(own) != hop.as_ref());
    // Without a hop there is no creation either: each is looked for where the other one is.
    let trace = hop.as_ref().map(|hop| IncomingTrace::new(hop, creation.as_ref()));
    let span = describe(call, &event, trace.as_ref());
    if let Some(trace) = &trace {
        telemetry.hooks.adopt(&span, trace);
    }
    span
}

/// Everything that is known of the attempt before it runs; what is `Empty` may follow.
fn describe(call: &Call, event: &Incoming<'_>, trace: Option<&IncomingTrace<'_>>) -> Span {
    let telemetry = &call.site.services.telemetry;
    let from = call.record.from();
    tracing::span!(
        target: target::PROCESS,
        parent: None,
        Level::INFO,
        span::PROCESS,
        { attribute::OTEL_NAME } = format_args!("{} {}", span::PROCESS, from.topic),
        { attribute::OTEL_KIND } = value::CONSUMER,
        { attribute::OTEL_STATUS_CODE } = Empty,
        { attribute::ERROR_TYPE } = Empty,
        { attribute::SYSTEM } = value::KAFKA,
        { attribute::OPERATION_NAME } = span::PROCESS,
        { attribute::OPERATION_TYPE } = span::PROCESS,
        { attribute::DESTINATION_NAME } = &*from.topic,
        { attribute::PARTITION_ID } = from.partition.to_string(),
        { attribute::OFFSET } = call.record.offset(),
        { attribute::GROUP_NAME } = &*call.site.services.group,
        { attribute::CLIENT_ID } = &*telemetry.consumer,
        { attribute::SERVER_ADDRESS } = telemetry.server_address(),
        { attribute::SERVER_PORT } = telemetry.server_port(),
        { attribute::CLUSTER_ID } = telemetry.cluster_id.as_deref(),
        { attribute::MESSAGE_ID } = &*event.id,
        { attribute::CONVERSATION_ID } = event.extension("correlationid").map(ToString::to_string),
        { attribute::KEY } = telemetry.span_key(call.record.key()).as_deref(),
        { attribute::TOMBSTONE } = event.tombstone.then_some(true),
        { attribute::EVENT_ID } = &*event.id,
        { attribute::EVENT_SOURCE } = &*event.source,
        { attribute::EVENT_SPEC_VERSION } = value::SPEC_VERSION,
        { attribute::EVENT_TYPE } = &*event.event_type,
        { attribute::EVENT_SUBJECT } = event.subject.as_deref(),
        { attribute::HANDLER } = call.handler(),
        { attribute::ATTEMPT } = i64::from(call.at.attempt),
        { attribute::TRACEPARENT } = trace.map(|trace| trace.hop.traceparent),
        { attribute::TRACESTATE } = trace.and_then(|trace| trace.hop.tracestate),
        { attribute::CREATION_TRACEPARENT } = trace.and_then(|trace| trace.creation).map(|creation| creation.traceparent),
    )
}

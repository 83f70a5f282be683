//! The span in which events are published.
//!
//! One for each call of `publish` or `publish_all`, and one for all outputs of an attempt.

use std::borrow::Cow;

use tracing::{Level, Span, field::Empty};

use super::{
    Attempt, Telemetry,
    hop::depart,
    names::{attribute, span, target, value},
};
use crate::{
    event::{TraceContext, read},
    kafka::{
        record::OutRecord,
        source::{Delivery, SendError},
    },
};

/// The span around publishing one event, or several in one call.
#[derive(Debug)]
pub(crate) struct Sending {
    /// Disabled where nobody listens: what it would say is not even looked up then.
    span: Span,
}

impl Telemetry {
    /// Opens the span of events that are published by hand, all to one topic; a child of the current span.
    pub(crate) fn sending(&self, topic: &str, event_type: &str) -> Sending {
        if !tracing::span_enabled!(target: target::SEND, Level::INFO) {
            return Sending { span: Span::none() };
        }
        self.open(&Span::current(), Some(topic), Some(event_type))
    }

    /// Opens the span of a handler's outputs; a child of the attempt's span, which goes on until they are sent. From
    /// here on it is the hop that they carry, where there is room for it in a record of `limit` bytes.
    pub(crate) fn sending_outputs(&self, attempt: &Attempt, outputs: &mut [OutRecord], limit: usize) -> Sending {
        let Some(attempt) = attempt.span() else { return Sending { span: Span::none() } };
        // Where topics differ, none is named, as the conventions have it.
        let topic = outputs.first().map(|first| &first.topic);
        let topic = topic.filter(|topic| outputs.iter().all(|output| output.topic == **topic));
        let sending = self.open(attempt, topic.map(|topic| &**topic), None);
        sending.carries(self, outputs, outputs.len());
        // Where a filter leaves this span out, that of the attempt stands in.
        if let Some(hop) = attempt.in_scope(|| sending.context(self)) {
            outputs.iter_mut().for_each(|output| depart(output, &hop, limit));
        }
        sending
    }

    /// Everything that is known before the records are; what is `Empty` follows from them or from the answer.
    fn open(&self, parent: &Span, topic: Option<&str>, event_type: Option<&str>) -> Sending {
        let name = topic.map_or(Cow::Borrowed(span::SEND), |topic| format!("{} {topic}", span::SEND).into());
        let span = tracing::span!(
            target: target::SEND,
            parent: parent,
            Level::INFO,
            span::SEND,
            { attribute::OTEL_NAME } = &*name,
            { attribute::OTEL_KIND } = value::PRODUCER,
            { attribute::OTEL_STATUS_CODE } = Empty,
            { attribute::ERROR_TYPE } = Empty,
            { attribute::SYSTEM } = value::KAFKA,
            { attribute::OPERATION_NAME } = span::SEND,
            { attribute::OPERATION_TYPE } = span::SEND,
            { attribute::DESTINATION_NAME } = topic,
            { attribute::PARTITION_ID } = Empty,
            { attribute::OFFSET } = Empty,
            { attribute::BATCH_COUNT } = Empty,
            { attribute::CLIENT_ID } = &*self.producer,
            { attribute::SERVER_ADDRESS } = self.server_address(),
            { attribute::SERVER_PORT } = self.server_port(),
            { attribute::CLUSTER_ID } = self.cluster_id.as_deref(),
            { attribute::MESSAGE_ID } = Empty,
            { attribute::CONVERSATION_ID } = Empty,
            { attribute::KEY } = Empty,
            { attribute::TOMBSTONE } = Empty,
            { attribute::EVENT_ID } = Empty,
            { attribute::EVENT_SOURCE } = Empty,
            { attribute::EVENT_SPEC_VERSION } = value::SPEC_VERSION,
            { attribute::EVENT_TYPE } = event_type,
            { attribute::EVENT_SUBJECT } = Empty,
        );
        Sending { span }
    }
}

impl Sending {
    /// To run the sending inside it.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The context that the events carry: that of this span.
    pub(crate) fn context(&self, telemetry: &Telemetry) -> Option<TraceContext> {
        telemetry.hooks.context_of(&self.span)
    }

    /// Says what goes out: one record with its id, or how many, of which these are the last.
    pub(crate) fn carries(&self, telemetry: &Telemetry, records: &[OutRecord], count: usize) {
        if self.span.is_disabled() {
            return;
        }
        let ([record], 1) = (records, count) else {
            self.span.record(attribute::BATCH_COUNT, i64::try_from(count).unwrap_or(i64::MAX));
            return;
        };
        self.describe(record);
        if let Some(key) = telemetry.span_key(record.key()) {
            self.span.record(attribute::KEY, &*key);
        }
    }

    /// What the event says of itself, as its readers will see it: in headers, or in the envelope of structured mode.
    fn describe(&self, record: &OutRecord) {
        let Ok(event) = read(record.headers(), record.value()) else { return };
        self.span.record(attribute::MESSAGE_ID, &*event.id);
        self.span.record(attribute::EVENT_ID, &*event.id);
        self.span.record(attribute::EVENT_TYPE, &*event.event_type);
        self.span.record(attribute::EVENT_SOURCE, &*event.source);
        if let Some(subject) = event.subject.as_deref() {
            self.span.record(attribute::EVENT_SUBJECT, subject);
        }
        if let Some(correlation) = event.extension("correlationid") {
            self.span.record(attribute::CONVERSATION_ID, &*correlation.to_string());
        }
        if event.tombstone {
            self.span.record(attribute::TOMBSTONE, true);
        }
    }

    /// Says what became of `count` records in the end, of which these are the last.
    pub(crate) fn ended(&self, results: &[Result<Delivery, SendError>], count: usize) {
        if self.span.is_disabled() {
            return;
        }
        if let ([Ok(delivery)], 1) = (results, count) {
            self.span.record(attribute::PARTITION_ID, delivery.partition.to_string());
            self.span.record(attribute::OFFSET, delivery.offset);
        }
        if let Some(error) = results.iter().find_map(|result| result.as_ref().err()) {
            self.failed(error.code.as_deref().unwrap_or(value::OTHER));
        }
    }

    /// It never became a record.
    pub(crate) fn refused(&self) {
        self.failed(value::OTHER);
    }

    fn failed(&self, kind: &str) {
        self.span.record(attribute::ERROR_TYPE, kind);
        self.span.record(attribute::OTEL_STATUS_CODE, value::ERROR);
    }
}

//! What a record has beside the attributes and the data of its event.

use bytes::Bytes;

use super::write::put;
use crate::{event::trace::TraceContext, kafka::record::RecordWriter};

/// What a record has beside the event: its key, and headers that are no attributes.
#[derive(Debug, Default)]
pub(crate) struct Beside<'a> {
    pub(crate) key: &'a [u8],
    /// Headers of the application, whose names were checked.
    pub(crate) headers: &'a [(String, Option<Bytes>)],
    /// The hop, which every tracing library finds in `traceparent`; that of the creation is an extension.
    pub(crate) trace: Option<&'a TraceContext>,
    pub(crate) baggage: Option<&'a str>,
}

impl Beside<'_> {
    /// How many bytes it takes, a trace as attribute and as header; at most.
    pub(super) fn size(&self) -> usize {
        // Each length before a part takes ten bytes at most.
        let header = |(name, value): &(String, Option<Bytes>)| 20 + name.len() + value.as_ref().map_or(0, Bytes::len);
        let state = self.trace.and_then(|trace| trace.tracestate.as_deref()).map_or(0, str::len);
        let trace = self.trace.map_or(0, |trace| 2 * (trace.traceparent().len() + state + 50));
        let baggage = self.baggage.map_or(0, |baggage| baggage.len() + 30);
        self.key.len() + self.headers.iter().map(header).sum::<usize>() + trace + baggage
    }

    /// Behind the attributes: application, trace, baggage, in this order.
    pub(super) fn put_headers(&self, record: &mut RecordWriter<'_>) {
        for (name, value) in self.headers {
            record.header((name.as_bytes(), value.as_deref()));
        }
        put(record, "traceparent", self.trace.map(TraceContext::traceparent));
        put(record, "tracestate", self.trace.and_then(|trace| trace.tracestate.as_deref()));
        put(record, "baggage", self.baggage);
    }
}

//! What a record has beside the attributes and the data of its event.

use bytes::Bytes;

use crate::{
    event::trace::TraceContext,
    kafka::record::{Header, header_room, text_header},
};

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
    /// What stands behind the attributes: application, trace, baggage, in this order.
    pub(super) fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        let own = self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_deref()));
        own.chain(self.hop()).chain(self.baggage.map(|baggage| text_header("baggage", baggage)))
    }

    fn hop(&self) -> impl Iterator<Item = Header<'_>> {
        let parent = self.trace.map(|trace| text_header("traceparent", trace.traceparent()));
        let state = self.trace.and_then(|trace| trace.tracestate.as_deref());
        parent.into_iter().chain(state.map(|state| text_header("tracestate", state)))
    }

    /// How many bytes it takes at most, with the trace as attributes, too.
    pub(super) fn size(&self) -> usize {
        self.key.len() + self.headers().chain(self.hop()).map(header_room).sum::<usize>()
    }
}

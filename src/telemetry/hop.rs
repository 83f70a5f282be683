//! The hop of a handler's outputs: they travel in the context of the span that sends them, and came into being in that
//! of their input.
//!
//! Without this, the trace of an output would go on where its input came into being: the spans in between would be
//! missing.

use std::sync::Arc;

use crate::{
    event::TraceContext,
    kafka::record::{OutRecord, text_header},
};

const PARENT: &str = "traceparent";
const STATE: &str = "tracestate";

/// Makes `context` the hop of a record that is about to leave. An event that came into being in no trace gets it as its
/// creation too, as one that is published by hand does.
///
/// A record that would outgrow `limit` bytes goes as it is: without a trace rather than not at all.
pub(super) fn depart(record: &mut OutRecord, context: &TraceContext, limit: usize) {
    let departing = with_hop(record, context);
    if departing.wire_size() <= limit {
        *record = departing;
    }
}

/// The record with another hop, whole: a `tracestate` of the old one must not stand beside the new `traceparent`.
fn with_hop(record: &OutRecord, context: &TraceContext) -> OutRecord {
    let is = |name: &[u8], known: &str| name == known.as_bytes();
    let mut headers: Vec<_> = record.headers().filter(|(name, _)| !is(name, PARENT) && !is(name, STATE)).collect();
    let has = |known: &str| headers.iter().any(|(name, _)| is(name, known));
    // In structured mode, readers take the header for want of an attribute.
    let originates = has("ce_specversion") && !has("ce_traceparent");
    // Before those that stand last.
    let after = |name: &[u8]| is(name, "baggage") || is(name, "content-type");
    let at = headers.iter().position(|(name, _)| after(name)).unwrap_or(headers.len());
    let pairs = [("ce_traceparent", "ce_tracestate", originates), (PARENT, STATE, true)];
    let added = pairs.into_iter().filter(|(.., wanted)| *wanted).flat_map(|(parent, state, _)| {
        let state = context.tracestate.as_deref().map(|value| text_header(state, value));
        [text_header(parent, context.traceparent())].into_iter().chain(state)
    });
    headers.splice(at..at, added);
    OutRecord::new(Arc::clone(&record.topic), record.partition, record.key(), record.value(), &headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const HOP: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn record(headers: &[(&'static str, &'static str)]) -> OutRecord {
        let headers: Vec<_> = headers.iter().map(|(name, value)| text_header(name, value)).collect();
        OutRecord::new("t".into(), None, Some(b"k"), Some(b"v"), &headers)
    }

    fn departed(headers: &[(&'static str, &'static str)], state: Option<&str>) -> Vec<(String, String)> {
        let mut record = record(headers);
        depart(&mut record, &TraceContext::new(HOP, state.map(str::to_owned)).unwrap(), usize::MAX);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!((record.key(), record.value()), (Some(&b"k"[..]), Some(&b"v"[..])));
        record.headers().map(|(name, value)| (text(name), text(value.unwrap()))).collect()
    }

    fn owned(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    // Fails when `ce_traceparent` is replaced, and when the old `tracestate` stays beside the new `traceparent`.
    #[test]
    fn the_hop_is_another_one_and_the_creation_stays() {
        let before = [
            ("ce_specversion", "1.0"),
            ("ce_traceparent", CAUSE),
            ("ce_tracestate", "v=1"),
            ("traceparent", CAUSE),
            ("tracestate", "v=1"),
            ("content-type", "application/json"),
        ];
        let after = [
            ("ce_specversion", "1.0"),
            ("ce_traceparent", CAUSE),
            ("ce_tracestate", "v=1"),
            ("traceparent", HOP),
            ("content-type", "application/json"),
        ];
        assert_eq!(departed(&before, None), owned(&after));
    }

    // Fails when `limit` is not looked at, and when what is given back lacks the old hop.
    #[test]
    fn a_record_that_has_no_room_for_the_hop_goes_as_it_was() {
        let headers = [("ce_specversion", "1.0"), ("ce_traceparent", CAUSE), ("traceparent", CAUSE)];
        let hop = TraceContext::new(HOP, Some("w=2".to_owned())).unwrap();
        let mut roomy = record(&headers);
        depart(&mut roomy, &hop, usize::MAX);
        let needed = roomy.wire_size();
        for (limit, expected) in [(needed, roomy), (needed - 1, record(&headers))] {
            let mut departing = record(&headers);
            depart(&mut departing, &hop, limit);
            assert_eq!(departing, expected, "{limit}");
        }
    }

    // Fails without `originates`: readers that look at attributes alone would see no trace.
    #[test]
    fn an_event_that_came_into_being_in_no_trace_begins_in_this_one() {
        let binary = departed(&[("ce_specversion", "1.0"), ("content-type", "application/json")], Some("w=2"));
        let after = [
            ("ce_specversion", "1.0"),
            ("ce_traceparent", HOP),
            ("ce_tracestate", "w=2"),
            ("traceparent", HOP),
            ("tracestate", "w=2"),
            ("content-type", "application/json"),
        ];
        assert_eq!(binary, owned(&after));
        let structured = departed(&[("content-type", "application/cloudevents+json")], None);
        assert_eq!(structured, owned(&[("traceparent", HOP), ("content-type", "application/cloudevents+json")]));
    }
}

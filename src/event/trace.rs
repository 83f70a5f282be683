//! W3C trace contexts in headers and attributes: which one counts, and whether it is one at all.
//!
//! A record may carry three: where the event came into being (`ce_traceparent`), which hop brought the record
//! (`traceparent`), and, in a dead letter, the attempt that failed (`carom-traceparent`). A text that is
//! no trace context counts as if it were not there: it is no reason to refuse an event.

use crate::{event::cloudevents::Incoming, kafka::record::Header};

/// A trace context that was checked: a `traceparent` with the `tracestate` that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceContext {
    /// Checked, so it may be written again as it is.
    traceparent: String,
    /// That of the same context; one without its parent means nothing.
    pub(crate) tracestate: Option<String>,
}

impl TraceContext {
    /// `None` if `traceparent` is not a valid one. A `tracestate` that is empty, or could not be written again, is
    /// none.
    pub(crate) fn new(traceparent: impl Into<String>, tracestate: Option<String>) -> Option<Self> {
        let traceparent = traceparent.into();
        is_traceparent(&traceparent)
            .then(|| Self { traceparent, tracestate: tracestate.filter(|state| is_tracestate(state)) })
    }

    pub(crate) fn traceparent(&self) -> &str {
        &self.traceparent
    }

    /// 32 lower-case hex digits.
    #[cfg(test)]
    pub(crate) fn trace_id(&self) -> &str {
        &self.traceparent[3..35]
    }

    /// The span that wrote the context, 16 lower-case hex digits.
    #[cfg(test)]
    pub(crate) fn span_id(&self) -> &str {
        &self.traceparent[36..52]
    }

    #[cfg(test)]
    pub(crate) fn is_sampled(&self) -> bool {
        u8::from_str_radix(&self.traceparent[53..55], 16).is_ok_and(|flags| flags & 1 == 1)
    }

    /// The context in which the event came into being: `ce_traceparent`, else `traceparent`.
    pub(crate) fn of_creation<'a>(
        event: &Incoming<'_>,
        headers: impl Iterator<Item = Header<'a>> + Clone,
    ) -> Option<Self> {
        Self::from_event(event).or_else(|| Self::from_headers(headers, "traceparent", "tracestate"))
    }

    /// The context of the hop that brought the record: `carom-traceparent` if carom itself wrote the record (`own`),
    /// else `traceparent`, else `ce_traceparent`.
    pub(crate) fn of_hop<'a>(
        event: &Incoming<'_>,
        headers: impl Iterator<Item = Header<'a>> + Clone,
        own: bool,
    ) -> Option<Self> {
        let forwarded = || Self::from_headers(headers.clone(), "carom-traceparent", "carom-tracestate");
        own.then(forwarded)
            .flatten()
            .or_else(|| Self::from_headers(headers, "traceparent", "tracestate"))
            .or_else(|| Self::from_event(event))
    }

    fn from_event(event: &Incoming<'_>) -> Option<Self> {
        let state = event.extension("tracestate").map(ToString::to_string);
        Self::new(event.extension("traceparent")?.to_string(), state)
    }

    fn from_headers<'a>(headers: impl Iterator<Item = Header<'a>> + Clone, parent: &str, state: &str) -> Option<Self> {
        Self::new(last(headers.clone(), parent)?, last(headers, state).map(str::to_owned))
    }
}

/// The value of a header, the last one if it is repeated; null and non-UTF-8 values do not count.
///
/// Foreign headers come in any case; carom's own only as carom writes them, because others are copied into dead
/// letters.
fn last<'a>(headers: impl Iterator<Item = Header<'a>>, wanted: &str) -> Option<&'a str> {
    let wanted = wanted.as_bytes();
    let own = wanted.starts_with(b"carom-");
    headers
        .filter(|(name, _)| if own { *name == wanted } else { name.eq_ignore_ascii_case(wanted) })
        .filter_map(|(_, value)| std::str::from_utf8(value?).ok())
        .last()
}

/// Printable ASCII, as the list of W3C's is.
fn is_tracestate(text: &str) -> bool {
    !text.is_empty() && is_printable(text.as_bytes())
}

fn is_printable(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// Checks `00-{32 hex}-{16 hex}-{2 hex}`; a later version may go on after another `-`, with what can be written again.
fn is_traceparent(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 55 || [2, 35, 52].iter().any(|at| bytes[*at] != b'-') {
        return false;
    }
    let (version, trace, span, flags) = (&bytes[..2], &bytes[3..35], &bytes[36..52], &bytes[53..55]);
    let hex = |field: &[u8]| field.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let zero = |field: &[u8]| field.iter().all(|byte| *byte == b'0');
    let ends_well = bytes.len() == 55 || (version != b"00" && bytes[55] == b'-' && is_printable(&bytes[55..]));
    ends_well && version != b"ff" && [version, trace, span, flags].into_iter().all(hex) && !zero(trace) && !zero(span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::cloudevents::read;

    const A: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const B: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    const C: &str = "00-11111111111111111111111111111111-2222222222222222-01";

    type Contexts = (Option<TraceContext>, Option<TraceContext>);

    fn contexts(trace: &[(&str, &str)]) -> Contexts {
        contexts_of(trace, true)
    }

    fn contexts_of(trace: &[(&str, &str)], own: bool) -> Contexts {
        let event = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", "t"), ("ce_source", "/s")];
        let headers = event.iter().chain(trace).map(|(name, value)| (name.as_bytes(), Some(value.as_bytes())));
        let incoming = read(headers.clone(), Some(b"{}")).unwrap();
        (TraceContext::of_creation(&incoming, headers.clone()), TraceContext::of_hop(&incoming, headers, own))
    }

    fn context(traceparent: &str) -> Option<TraceContext> {
        TraceContext::new(traceparent, None)
    }

    #[test]
    fn creation_prefers_the_attribute_and_the_hop_prefers_the_header() {
        assert_eq!(contexts(&[("ce_traceparent", A), ("traceparent", B)]), (context(A), context(B)));
        assert_eq!(
            contexts(&[("ce_traceparent", A), ("traceparent", B), ("carom-traceparent", C)]),
            (context(A), context(C))
        );
        assert_eq!(contexts(&[("traceparent", B)]), (context(B), context(B)));
        assert_eq!(contexts(&[("ce_traceparent", A)]), (context(A), context(A)));
        assert_eq!(contexts(&[]), (None, None));
    }

    // Fails when anybody may say that a record was forwarded.
    #[test]
    fn the_context_of_a_forwarded_record_counts_only_where_carom_wrote_it() {
        let forged = [("traceparent", B), ("carom-traceparent", C)];
        assert_eq!(contexts_of(&forged, false).1, context(B));
        assert_eq!(contexts_of(&[("carom-traceparent", C)], false), (None, None));
        // Copied into the dead letter from a foreign record.
        assert_eq!(contexts(&[("traceparent", B), ("Carom-Traceparent", C)]).1, context(B));
    }

    // Fails when any text passes: outputs could not be written.
    #[test]
    fn a_state_that_could_not_be_written_is_none() {
        for bad in ["a=\n", "a=\u{7f}", "a=é", ""] {
            assert_eq!(contexts(&[("traceparent", B), ("tracestate", bad)]).1, context(B), "{bad:?}");
        }
    }

    #[test]
    fn a_broken_context_does_not_hide_a_good_one() {
        assert_eq!(contexts(&[("ce_traceparent", "broken"), ("traceparent", B)]), (context(B), context(B)));
    }

    #[test]
    fn the_state_stays_with_its_parent() {
        let (creation, hop) = contexts(&[("ce_traceparent", A), ("TraceParent", B), ("tracestate", "v=1")]);
        assert_eq!(creation.unwrap().tracestate, None);
        assert_eq!(hop.unwrap().tracestate.as_deref(), Some("v=1"));
    }

    #[test]
    fn the_parts_of_a_context_can_be_read() {
        let context = context(A).unwrap();
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.span_id(), "00f067aa0ba902b7");
        assert!(context.is_sampled());
        assert!(!TraceContext::new(B, None).unwrap().is_sampled());
    }

    #[test]
    fn only_a_well_formed_traceparent_is_taken() {
        for good in [A, B, "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"] {
            assert!(is_traceparent(good), "{good}");
        }
        for bad in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-\n",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-é",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47é-00f067aa0ba902b7-01",
        ] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }
}

//! The attributes of an event on its way out.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    cloudevents::{ExtensionValue, Incoming, is_attribute_text},
    encode_error::EncodeError,
    trace::TraceContext,
};
use crate::kafka::record::Header;

/// Attributes of one event; what is left out of [`Attributes::new`] is unset.
#[derive(Debug, Clone)]
pub(crate) struct Attributes {
    /// UUIDv7 for what the bus publishes, [`output_id`](super::output_id::output_id) for what a handler does.
    pub(crate) id: Uuid,
    /// When the fact came into being.
    pub(crate) time: DateTime<Utc>,
    /// What of the source the event is about; the publisher says it.
    pub(crate) subject: Option<String>,
    /// The schema of the data, as an absolute URI.
    pub(crate) dataschema: Option<String>,
    /// Of a handler's output: that of the event that caused it, else its `id`, so that all that follows from one event
    /// can be found by it.
    pub(crate) correlationid: Option<String>,
    /// `id` of the event that caused this one.
    pub(crate) causationid: Option<String>,
    /// Further extension attributes. `traceparent` here is the context of creation and wins over `trace`, which is
    /// how an event keeps its origin when it is passed on.
    pub(crate) extensions: BTreeMap<String, ExtensionValue<'static>>,
    /// The current span, as extension and as header.
    pub(crate) trace: Option<TraceContext>,
    /// W3C baggage, as a header of the record.
    pub(crate) baggage: Option<String>,
    /// Headers of the application; names that would be taken for something else are refused when they are written.
    pub(crate) headers: Vec<(String, Option<Bytes>)>,
}

impl Attributes {
    /// What every event has; all else is optional.
    pub(crate) fn new(id: Uuid, time: DateTime<Utc>) -> Self {
        Self {
            id,
            time,
            subject: None,
            dataschema: None,
            correlationid: None,
            causationid: None,
            extensions: BTreeMap::new(),
            trace: None,
            baggage: None,
            headers: Vec::new(),
        }
    }

    /// Of an event that is never sent.
    pub(crate) fn nil() -> Self {
        Self::new(Uuid::nil(), DateTime::UNIX_EPOCH)
    }

    /// Of an output of the handler of `cause`: linked to it, and in its trace.
    pub(crate) fn caused_by<'a>(
        cause: &Incoming<'_>,
        headers: impl Iterator<Item = Header<'a>> + Clone,
        id: Uuid,
        time: DateTime<Utc>,
    ) -> Self {
        // What may be read may not always be written: an output goes without it rather than not at all.
        let writable = |text: String| Some(text).filter(|text| is_attribute_text(text));
        let causationid = writable(cause.id.to_string());
        let correlationid = cause.extension("correlationid").map(ToString::to_string).and_then(writable);
        let correlationid = correlationid.or_else(|| causationid.clone());
        let trace = TraceContext::of_creation(cause, headers);
        Self { correlationid, causationid, trace, ..Self::new(id, time) }
    }

    /// The headers of the application, checked.
    pub(super) fn user_headers(&self) -> Result<&[(String, Option<Bytes>)], EncodeError> {
        self.headers.iter().try_for_each(|(name, _)| check_user_header(name))?;
        Ok(&self.headers)
    }

    /// All extensions in one map; a field wins over an extension of its name.
    pub(super) fn extensions(&self) -> BTreeMap<&str, ExtensionValue<'_>> {
        let mut all = BTreeMap::new();
        if let Some(trace) = &self.trace {
            all.insert("traceparent", trace.traceparent().into());
            all.extend(trace.tracestate.as_deref().map(|state| ("tracestate", state.into())));
        }
        if self.extensions.contains_key("traceparent") {
            // The state of one context never stands beside the parent of another.
            all.remove("tracestate");
        }
        all.extend(self.extensions.iter().map(|(name, value)| (name.as_str(), value.clone())));
        all.extend(self.correlationid.as_deref().map(|id| ("correlationid", id.into())));
        all.extend(self.causationid.as_deref().map(|id| ("causationid", id.into())));
        all
    }
}

/// Names that readers would take for something else than a header of the application.
fn check_user_header(name: &str) -> Result<(), EncodeError> {
    let lower = name.to_ascii_lowercase();
    let reason = if name.is_empty() || name.contains('\0') {
        "a header needs a name without NUL"
    } else if lower.starts_with("ce_") {
        "`ce_` headers are attributes of the event; set an extension instead"
    } else if lower.starts_with("carom-") {
        "`carom-` headers are written by the bus only"
    } else if ["content-type", "traceparent", "tracestate", "baggage"].contains(&lower.as_str()) {
        "the bus writes this header itself"
    } else {
        return Ok(());
    };
    Err(EncodeError::Header { name: name.to_owned(), reason })
}

//! CloudEvents 1.0 on Kafka, read and written by carom itself; only [`sdk`] knows the types of the SDK.
//!
//! The poll thread takes a glance at each header while it copies it (`glance`); what is a plain event then needs no
//! reading to be routed. All others, and whoever asks for an attribute, go through [`read`]: it finds out the mode,
//! then `binary` or `structured` makes an [`Incoming`] of it, by the rules in `check`. On the way out, `write` makes
//! a record of it, with what stands `beside` it.

pub(crate) mod beside;
mod binary;
mod check;
mod extensions;
mod glance;
pub(crate) mod sdk;
mod structured;
pub(crate) mod write;

pub(in crate::event) use check::{is_attribute_text, rfc3339};

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use self::binary::CeHeaders;
pub(crate) use self::extensions::{ExtensionValue, Named};
pub(crate) use self::glance::{Look, Looks};
use super::media_type::{Envelope, envelope_of};
use crate::kafka::record::Header;

/// An event as it came in; borrows from the record wherever the bytes allow it.
#[derive(Debug, Clone)]
pub(crate) struct Incoming<'a> {
    /// With `source` it names the event: two records with the same two are a repeat.
    pub(crate) id: Cow<'a, str>,
    /// Who published it; any text that is not empty is taken.
    pub(crate) source: Cow<'a, str>,
    /// The attribute `type`, by which the handler is found.
    pub(crate) event_type: Cow<'a, str>,
    pub(crate) subject: Option<Cow<'a, str>>,
    /// When the fact came into being, as its publisher says.
    pub(crate) time: Option<DateTime<Utc>>,
    pub(crate) dataschema: Option<Cow<'a, str>>,
    /// As written; `None` means JSON.
    pub(crate) datacontenttype: Option<Cow<'a, str>>,
    /// All attributes that CloudEvents does not define; trace, correlation and `expirytime` are among them.
    pub(crate) extensions: Named<'a, ExtensionValue<'a>>,
    pub(crate) data: Data<'a>,
    /// Whether the record's value was null, which deletes the key on a compacted topic.
    pub(crate) tombstone: bool,
}

/// What an event says.
#[derive(Debug, Clone)]
pub(crate) enum Data<'a> {
    /// Nothing, which is not the same as no bytes and not the same as JSON `null`.
    Absent,
    /// The bytes themselves: the value in binary mode, `data_base64` in structured mode.
    Bytes(Cow<'a, [u8]>),
    /// A JSON value inside a structured envelope.
    Json(&'a RawValue),
    /// A text inside a structured envelope.
    Text(Cow<'a, str>),
}

impl Data<'_> {
    /// As they stand in the record, or in its envelope.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Absent => b"",
            Self::Bytes(bytes) => bytes,
            Self::Json(json) => json.get().as_bytes(),
            Self::Text(text) => text.as_bytes(),
        }
    }
}

/// Why a record is not an event that can be read. Reading it again will not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadError {
    /// Nothing says that the record is an event.
    #[error(
        "not_a_cloudevent: the record has neither a `ce_specversion` header (with `_`; `ce-` is that of HTTP) nor a CloudEvents content type"
    )]
    NotACloudEvent,
    /// An attribute that every event needs is not there.
    #[error("missing_attribute:{0}: the event has no `{0}`, and CloudEvents requires one")]
    MissingAttribute(&'static str),
    /// An attribute has a value that it may not have.
    #[error("bad_attribute:{name}: `{name}` {reason}")]
    BadAttribute { name: String, reason: &'static str },
    /// An event of another version of CloudEvents.
    #[error("unsupported_specversion: the event is of CloudEvents version {0:?}, and only `1.0` is read")]
    UnsupportedSpecVersion(String),
    /// The envelope of a structured event is not a JSON object.
    #[error("bad_json: the envelope of the structured event is not a JSON object: {0}")]
    BadJson(String),
    /// A null value and nothing that makes it an event.
    #[error("tombstone: the record has a null value and no event around it")]
    Tombstone,
    /// Several events in one record.
    #[error("batch_not_supported: the record is a batch of events, and Kafka carries one event in a record")]
    BatchNotSupported,
}

impl ReadError {
    /// An attribute that is there and may not be so.
    fn bad(name: &str, reason: &'static str) -> Self {
        Self::BadAttribute { name: name.to_owned(), reason }
    }
}

/// Reads the event in a record.
///
/// The order of the decisions is part of the wire format: the content type comes before the `ce_` headers, because
/// some producers write both.
pub(crate) fn read<'a>(
    headers: impl Iterator<Item = Header<'a>>,
    value: Option<&'a [u8]>,
) -> Result<Incoming<'a>, ReadError> {
    let headers = CeHeaders::collect(headers);
    match headers.content_type.map_or(Envelope::None, envelope_of) {
        Envelope::Batch => Err(ReadError::BatchNotSupported),
        Envelope::StructuredJson => structured::read(value.ok_or(ReadError::Tombstone)?),
        Envelope::StructuredOther | Envelope::None if headers.specversion.is_some() => headers.into_event(value),
        _ if value.is_none() && !headers.any => Err(ReadError::Tombstone),
        _ => Err(ReadError::NotACloudEvent),
    }
}

impl<'a> Incoming<'a> {
    /// An extension attribute; core attributes are fields.
    pub(crate) fn extension(&self, name: &str) -> Option<&ExtensionValue<'a>> {
        self.extensions.get(name)
    }

    /// From when on nobody should handle the event, as its extension `expirytime` says; `None` if it says no time.
    pub(crate) fn expires(&self) -> Option<DateTime<Utc>> {
        match self.extension("expirytime")? {
            ExtensionValue::Text(text) => rfc3339(text),
            ExtensionValue::Boolean(_) | ExtensionValue::Integer(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;

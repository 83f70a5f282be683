//! Writes an event as value, key and headers, in binary or in structured mode.

use std::{borrow::Cow, collections::BTreeMap};

use base64::prelude::*;
use chrono::{DateTime, Datelike, Utc};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use serde_json::value::RawValue;

use super::{ExtensionValue, beside::Beside, check};
use crate::{
    event::{Profile, media_type},
    kafka::record::RecordWriter,
};

const STRUCTURED: &str = "application/cloudevents+json; charset=UTF-8";

/// Extensions before the others, and those after them: in a fixed order, so that records can be compared byte for byte.
const FIRST: [&str; 2] = ["correlationid", "causationid"];
const LAST: [&str; 2] = ["traceparent", "tracestate"];

/// An event to be written.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    /// Whose form `time` has.
    pub(crate) profile: Profile,
    pub(crate) id: &'a str,
    pub(crate) event_type: &'a str,
    pub(crate) source: &'a str,
    pub(crate) time: Option<DateTime<Utc>>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) dataschema: Option<&'a str>,
    pub(crate) datacontenttype: Option<&'a str>,
    pub(crate) extensions: BTreeMap<&'a str, ExtensionValue<'a>>,
    /// In the form in which it is at hand; each mode writes it in its own.
    pub(crate) data: Payload<'a>,
}

/// The data of an event to be written.
#[derive(Debug)]
pub(crate) enum Payload<'a> {
    /// A null value in binary mode; no member in structured mode.
    Absent,
    /// As serde_json wrote it.
    Json(Cow<'a, [u8]>),
    /// A text of the CloudEvents SDK.
    Text(Cow<'a, str>),
    /// Bytes of the CloudEvents SDK, which may be JSON as well.
    Bytes(Cow<'a, [u8]>),
}

/// An attribute that CloudEvents does not allow to be written so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the attribute `{name}` {reason}")]
pub(crate) struct AttributeError {
    pub(crate) name: String,
    pub(crate) reason: &'static str,
}

impl AttributeError {
    pub(super) fn new(name: &str, reason: &'static str) -> Self {
        Self { name: name.to_owned(), reason }
    }
}

impl<'a> Outgoing<'a> {
    /// Refuses what no reader would have to accept.
    pub(crate) fn check(&self) -> Result<(), AttributeError> {
        for (name, value) in [("id", self.id), ("type", self.event_type)] {
            check_text(name, value)?;
        }
        check_source(self.source)?;
        let optional =
            [("subject", self.subject), ("dataschema", self.dataschema), ("datacontenttype", self.datacontenttype)];
        for (name, value) in optional {
            value.map_or(Ok(()), |value| check_text(name, value))?;
        }
        if self.dataschema.is_some_and(|uri| !check::is_absolute_uri(uri)) {
            return Err(AttributeError::new("dataschema", "is not an absolute URI; write one with a scheme"));
        }
        if self.time.is_some_and(|time| !(0..=9999).contains(&time.year())) {
            return Err(AttributeError::new("time", "lies outside the years 0 to 9999"));
        }
        self.extensions.iter().try_for_each(|(name, value)| check_extension(name, value))
    }

    /// Attributes as `ce_` headers, the data as the value. No data is a null value.
    pub(crate) fn binary(&self, beside: &Beside<'_>, record: &mut RecordWriter<'_>) {
        if let Some(data) = self.data.as_bytes() {
            record.value(data, beside.size());
        }
        record.key(beside.key);
        record.text_header("ce_specversion", "1.0");
        record.text_header("ce_id", self.id);
        record.text_header("ce_type", self.event_type);
        put(record, "ce_time", self.time.map(|time| self.profile.time_text(time)).as_deref());
        record.text_header("ce_source", self.source);
        put(record, "ce_subject", self.subject);
        put(record, "ce_dataschema", self.dataschema);
        for (name, value) in ordered(&self.extensions) {
            record.text_header(&extension_header(name), &value.text());
        }
        beside.headers().for_each(|header| record.header(header));
        put(record, "content-type", self.datacontenttype);
    }

    /// Everything in a JSON envelope, without `ce_` headers.
    pub(crate) fn structured(
        &self,
        beside: &Beside<'_>,
        record: &mut RecordWriter<'_>,
    ) -> Result<(), serde_json::Error> {
        record.value(&serde_json::to_vec(&Envelope(self))?, beside.size());
        record.key(beside.key);
        beside.headers().for_each(|header| record.header(header));
        record.text_header("content-type", STRUCTURED);
        Ok(())
    }
}

/// A header that need not be there.
fn put(record: &mut RecordWriter<'_>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        record.text_header(name, value);
    }
}

fn extension_header(name: &str) -> Cow<'static, str> {
    match name {
        "correlationid" => "ce_correlationid".into(),
        "causationid" => "ce_causationid".into(),
        "traceparent" => "ce_traceparent".into(),
        "tracestate" => "ce_tracestate".into(),
        other => format!("ce_{other}").into(),
    }
}

/// Correlation first, trace last, the others between them in name order.
fn ordered<'m, 'a>(
    extensions: &'m BTreeMap<&'a str, ExtensionValue<'a>>,
) -> impl Iterator<Item = (&'m str, &'m ExtensionValue<'a>)> {
    let named = move |names: [&'static str; 2]| {
        names.into_iter().filter_map(move |name| extensions.get(name).map(|value| (name, value)))
    };
    let others = extensions.iter().map(|(name, value)| (*name, value));
    named(FIRST).chain(others.filter(|(name, _)| !FIRST.contains(name) && !LAST.contains(name))).chain(named(LAST))
}

impl Payload<'_> {
    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Absent => None,
            Self::Json(json) => Some(json),
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
        }
    }
}

/// The JSON format of an event.
struct Envelope<'a>(&'a Outgoing<'a>);

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", "1.0")?;
        let time = event.time.map(|time| event.profile.time_text(time));
        let attributes = [
            ("id", Some(event.id)),
            ("type", Some(event.event_type)),
            ("time", time.as_deref()),
            ("source", Some(event.source)),
            ("subject", event.subject),
            ("dataschema", event.dataschema),
        ];
        for (name, value) in attributes {
            value.map_or(Ok(()), |value| map.serialize_entry(name, value))?;
        }
        for (name, value) in ordered(&event.extensions) {
            map.serialize_entry(name, value)?;
        }
        let content_type = event.datacontenttype;
        content_type.map_or(Ok(()), |value| map.serialize_entry("datacontenttype", value))?;
        serialize_data(&mut map, content_type, &event.data)?;
        map.end()
    }
}

/// JSON becomes a JSON value whatever form it came in, other text a string, other bytes base64.
fn serialize_data<M: SerializeMap>(
    map: &mut M,
    content_type: Option<&str>,
    data: &Payload<'_>,
) -> Result<(), M::Error> {
    let is_json = media_type::is_json(content_type);
    match data {
        Payload::Absent => Ok(()),
        Payload::Json(json) => {
            let json: &RawValue = serde_json::from_slice(json).map_err(M::Error::custom)?;
            map.serialize_entry("data", json)
        }
        Payload::Text(text) if is_json => {
            let json: &RawValue = serde_json::from_str(text).map_err(M::Error::custom)?;
            map.serialize_entry("data", json)
        }
        Payload::Text(text) => map.serialize_entry("data", text),
        Payload::Bytes(bytes) => match serde_json::from_slice::<&RawValue>(bytes) {
            Ok(json) if is_json => map.serialize_entry("data", json),
            _ => map.serialize_entry("data_base64", &BASE64_STANDARD.encode(bytes)),
        },
    }
}

impl Serialize for ExtensionValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Boolean(boolean) => serializer.serialize_bool(*boolean),
            Self::Integer(integer) => serializer.serialize_i32(*integer),
        }
    }
}

/// Whether `source` may be the attribute of that name.
pub(crate) fn check_source(source: &str) -> Result<(), AttributeError> {
    check_text("source", source)?;
    match check::is_uri_text(source) {
        true => Ok(()),
        false => Err(AttributeError::new("source", "is not a URI-reference; write something like `/sales/billing`")),
    }
}

fn check_text(name: &str, value: &str) -> Result<(), AttributeError> {
    if value.is_empty() {
        Err(AttributeError::new(name, "is empty"))
    } else if !check::is_attribute_text(value) {
        Err(AttributeError::new(name, "has a control character or a noncharacter"))
    } else {
        Ok(())
    }
}

fn check_extension(name: &str, value: &ExtensionValue<'_>) -> Result<(), AttributeError> {
    if check::is_reserved(name) {
        return Err(AttributeError::new(name, "belongs to CloudEvents itself; give the extension another name"));
    }
    if !check::is_extension_name(name) {
        return Err(AttributeError::new(name, "may only have lower-case letters and digits in its name"));
    }
    match value {
        ExtensionValue::Text(text) if !check::is_attribute_text(text) => {
            Err(AttributeError::new(name, "has a control character or a noncharacter"))
        }
        _ => Ok(()),
    }
}

/// A hint for the log: names of more than 20 characters are legal, and some systems cut them.
pub(crate) fn extension_name_warning(name: &str) -> Option<String> {
    (name.len() > 20)
        .then(|| format!("the extension name `{name}` has {} characters; some systems cut names at 20", name.len()))
}

#[cfg(test)]
pub(crate) mod tests;

//! Structured mode: the value is a JSON object that holds attributes and data.

use std::{borrow::Cow, fmt};

use base64::prelude::*;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{Data, ExtensionValue, Incoming, Named, ReadError, check};
use crate::event::media_type;

/// Reads the envelope; its members are looked into when all of them are there.
pub(super) fn read(value: &[u8]) -> Result<Incoming<'_>, ReadError> {
    let members: Members<'_> = serde_json::from_slice(value).map_err(|error| ReadError::BadJson(error.to_string()))?;
    members.into_event()
}

/// The members of the envelope, not yet looked into: `data` is parsed once, into the user's type, and the others only
/// where the record turns out to be an event.
#[derive(Default)]
struct Members<'a> {
    specversion: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    event_type: Option<&'a RawValue>,
    source: Option<&'a RawValue>,
    subject: Option<&'a RawValue>,
    time: Option<&'a RawValue>,
    dataschema: Option<&'a RawValue>,
    datacontenttype: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    data_base64: Option<&'a RawValue>,
    extensions: Named<'a, &'a RawValue>,
}

impl<'a> Members<'a> {
    fn add(&mut self, name: Cow<'a, str>, value: &'a RawValue) {
        let slot = match name.as_ref() {
            "specversion" => &mut self.specversion,
            "id" => &mut self.id,
            "type" => &mut self.event_type,
            "source" => &mut self.source,
            "subject" => &mut self.subject,
            "time" => &mut self.time,
            "dataschema" => &mut self.dataschema,
            "datacontenttype" => &mut self.datacontenttype,
            "data" => &mut self.data,
            "data_base64" => &mut self.data_base64,
            _ => return self.extensions.push(name, value),
        };
        *slot = Some(value);
    }

    fn into_event(self) -> Result<Incoming<'a>, ReadError> {
        check::specversion(&text("specversion", self.specversion)?.ok_or(ReadError::MissingAttribute("specversion"))?)?;
        let datacontenttype = check::optional("datacontenttype", text("datacontenttype", self.datacontenttype)?)?;
        let data = data(datacontenttype.as_deref(), self.data, self.data_base64)?;
        Ok(Incoming {
            id: check::required("id", text("id", self.id)?)?,
            source: check::required("source", text("source", self.source)?)?,
            event_type: check::required("type", text("type", self.event_type)?)?,
            subject: check::optional("subject", text("subject", self.subject)?)?,
            time: check::time(text("time", self.time)?)?,
            dataschema: check::dataschema(text("dataschema", self.dataschema)?)?,
            datacontenttype,
            extensions: self.extensions.try_map(extension)?,
            data,
            tombstone: false,
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Envelope;

        impl<'de> Visitor<'de> for Envelope {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a CloudEvents envelope, which is a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some((Text(name), value)) = map.next_entry()? {
                    members.add(name, value);
                }
                members.extensions.settle();
                Ok(members)
            }
        }

        deserializer.deserialize_map(Envelope)
    }
}

/// A JSON string, borrowed unless it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A string attribute; `null` is unset.
fn text<'a>(name: &str, value: Option<&'a RawValue>) -> Result<Option<Cow<'a, str>>, ReadError> {
    let Some(value) = set(value) else { return Ok(None) };
    match serde_json::from_str(value.get()) {
        Ok(Text(text)) => Ok(Some(text)),
        Err(_) => Err(ReadError::bad(name, "is not a string")),
    }
}

/// `null` in an attribute is the same as not being there.
fn set(value: Option<&RawValue>) -> Option<&RawValue> {
    value.filter(|value| value.get() != "null")
}

/// The value of an extension: a text, a boolean or a whole number of 32 bits, which is all that CloudEvents has in
/// JSON.
fn extension<'a>(name: &str, value: &'a RawValue) -> Result<Option<ExtensionValue<'a>>, ReadError> {
    match value.get() {
        "null" => Ok(None),
        "true" => Ok(Some(ExtensionValue::Boolean(true))),
        "false" => Ok(Some(ExtensionValue::Boolean(false))),
        string if string.starts_with('"') => Ok(text(name, Some(value))?.map(ExtensionValue::Text)),
        other if other.starts_with(['[', '{']) => Err(ReadError::bad(name, "is an array or an object")),
        number => match number.parse() {
            Ok(integer) => Ok(Some(ExtensionValue::Integer(integer))),
            Err(_) => Err(ReadError::bad(name, "is not a 32-bit integer")),
        },
    }
}

/// What the event says, in the form in which it came. A JSON string is a text where the content type is not JSON.
fn data<'a>(
    content_type: Option<&str>,
    data: Option<&'a RawValue>,
    base64: Option<&'a RawValue>,
) -> Result<Data<'a>, ReadError> {
    match (data, text("data_base64", base64)?) {
        (Some(_), Some(_)) => Err(ReadError::bad("data_base64", "stands beside `data`")),
        (None, None) => Ok(Data::Absent),
        (None, Some(base64)) => match BASE64_STANDARD.decode(base64.as_bytes()) {
            Ok(bytes) => Ok(Data::Bytes(Cow::Owned(bytes))),
            Err(_) => Err(ReadError::bad("data_base64", "is not base64")),
        },
        (Some(data), None) if media_type::is_json(content_type) || !data.get().starts_with('"') => Ok(Data::Json(data)),
        (Some(data), None) => Ok(text("data", Some(data))?.map_or(Data::Absent, Data::Text)),
    }
}

//! Binary mode: attributes in `ce_` headers, the data is the value.

use std::borrow::Cow;

use super::{Data, ExtensionValue, Incoming, Named, ReadError, check};
use crate::kafka::record::Header;

/// The headers that mean something to CloudEvents, as bytes: in structured mode nobody asks whether they are good.
#[derive(Debug, Default)]
pub(super) struct CeHeaders<'a> {
    /// Says which mode it is, and in binary mode what the data is: it wins over `ce_datacontenttype`, which is no
    /// header of the Kafka binding, but written by some.
    pub(super) content_type: Option<&'a [u8]>,
    /// Whether there is any `ce_` header: a null value without one is a tombstone, with one it is a broken event.
    pub(super) any: bool,
    /// What makes a record an event in binary mode.
    pub(super) specversion: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    source: Option<&'a [u8]>,
    subject: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    dataschema: Option<&'a [u8]>,
    datacontenttype: Option<&'a [u8]>,
    /// Whatever else begins with `ce_` and could be an attribute.
    extensions: Named<'a, &'a [u8]>,
}

impl<'a> CeHeaders<'a> {
    /// Goes through the headers once. A null header sets nothing, of a repeated one the last counts.
    pub(super) fn collect(headers: impl Iterator<Item = Header<'a>>) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            let Some(value) = value else { continue };
            if name.eq_ignore_ascii_case(b"content-type") {
                found.content_type = Some(value);
            } else if let Some(attribute) = attribute_of(name) {
                found.any = true;
                found.add(attribute, value);
            }
        }
        found.extensions.settle();
        found
    }

    /// One `ce_` header, in whatever case its name is.
    fn add(&mut self, attribute: &'a [u8], value: &'a [u8]) {
        let slots: [(&[u8], &mut Option<&'a [u8]>); 8] = [
            (b"specversion", &mut self.specversion),
            (b"id", &mut self.id),
            (b"type", &mut self.event_type),
            (b"time", &mut self.time),
            (b"source", &mut self.source),
            (b"subject", &mut self.subject),
            (b"dataschema", &mut self.dataschema),
            (b"datacontenttype", &mut self.datacontenttype),
        ];
        for (name, slot) in slots {
            if attribute.eq_ignore_ascii_case(name) {
                *slot = Some(value);
                return;
            }
        }
        if let Some(name) = extension_name(attribute) {
            self.extensions.push(name, value);
        }
    }

    /// The event, checked attribute by attribute; the first that is wrong is the reason why it is none.
    pub(super) fn into_event(self, value: Option<&'a [u8]>) -> Result<Incoming<'a>, ReadError> {
        check::specversion(check::utf8("specversion", self.specversion.ok_or(ReadError::NotACloudEvent)?)?)?;
        let text = |name: &'static str, value: Option<&'a [u8]>| {
            value.map(|value| check::utf8(name, value).map(Cow::Borrowed)).transpose()
        };
        let datacontenttype = text("datacontenttype", self.content_type.or(self.datacontenttype))?;
        Ok(Incoming {
            id: check::required("id", text("id", self.id)?)?,
            source: check::required("source", text("source", self.source)?)?,
            event_type: check::required("type", text("type", self.event_type)?)?,
            subject: check::optional("subject", text("subject", self.subject)?)?,
            time: check::time(text("time", self.time)?)?,
            dataschema: check::dataschema(text("dataschema", self.dataschema)?)?,
            datacontenttype: check::optional("datacontenttype", datacontenttype)?,
            extensions: self.extensions.try_map(|name, value| {
                check::utf8(name, value).map(|value| Some(ExtensionValue::Text(Cow::Borrowed(value))))
            })?,
            data: value.map_or(Data::Absent, |value| Data::Bytes(Cow::Borrowed(value))),
            tombstone: value.is_none(),
        })
    }
}

/// The name behind `ce_`.
fn attribute_of(name: &[u8]) -> Option<&[u8]> {
    let (prefix, attribute) = name.split_at_checked(3)?;
    (prefix.eq_ignore_ascii_case(b"ce_") && !attribute.is_empty()).then_some(attribute)
}

/// The name in lower case; `None` if it cannot be an attribute, then the header is only a header.
fn extension_name(attribute: &[u8]) -> Option<Cow<'_, str>> {
    let name = std::str::from_utf8(attribute).ok()?;
    let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    };
    (!check::is_reserved(&name)).then_some(name)
}

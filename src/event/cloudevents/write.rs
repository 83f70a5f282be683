//! Writes an event as headers and value, in binary or in structured mode.

use std::{borrow::Cow, collections::BTreeMap};

use base64::prelude::*;
use bytes::Bytes;
use chrono::{DateTime, Datelike, Utc};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use serde_json::value::RawValue;

use super::{ExtensionValue, Text, check};
use crate::{
    event::{Profile, media_type, trace::TraceContext},
    kafka::record::HeaderName,
};

const STRUCTURED: &str = "application/cloudevents+json; charset=UTF-8";

/// Extensions before the others, and those after them.
const FIRST: [&str; 2] = ["correlationid", "causationid"];
const LAST: [&str; 2] = ["traceparent", "tracestate"];

pub(crate) type Headers = Vec<(HeaderName, Option<Bytes>)>;

/// An event to be written.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    /// Whose form `time` has.
    pub(crate) profile: Profile,
    pub(crate) id: Text<'a>,
    pub(crate) event_type: Text<'a>,
    pub(crate) source: Text<'a>,
    pub(crate) time: Option<DateTime<Utc>>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) dataschema: Option<&'a str>,
    pub(crate) datacontenttype: Option<Text<'a>>,
    pub(crate) extensions: BTreeMap<&'a str, ExtensionValue<'a>>,
    pub(crate) data: Payload<'a>,
}

/// The data of an event to be written.
#[derive(Debug)]
pub(crate) enum Payload<'a> {
    Absent,
    /// As serde_json wrote it.
    Json(Bytes),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

/// Headers that are not attributes of the event.
#[derive(Debug, Default)]
pub(crate) struct Beside<'a> {
    pub(crate) headers: Headers,
    pub(crate) trace: Option<&'a TraceContext>,
    pub(crate) baggage: Option<&'a str>,
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
        for (name, value) in [("id", &self.id), ("type", &self.event_type)] {
            check_text(name, value)?;
        }
        check_source(&self.source)?;
        let optional = [
            ("subject", self.subject),
            ("dataschema", self.dataschema),
            ("datacontenttype", self.datacontenttype.as_deref()),
        ];
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
    pub(crate) fn binary(self, beside: Beside<'_>) -> (Headers, Option<Bytes>) {
        // Six that every event has, and a trace.
        let mut headers: Headers = Vec::with_capacity(8 + self.extensions.len() + beside.headers.len());
        headers.push(("ce_specversion".into(), Some(Bytes::from_static(b"1.0"))));
        headers.push(("ce_id".into(), Some(self.id.into_bytes())));
        headers.push(("ce_type".into(), Some(self.event_type.into_bytes())));
        push(&mut headers, "ce_time", self.time.map(|time| self.profile.time_text(time)).as_deref());
        headers.push(("ce_source".into(), Some(self.source.into_bytes())));
        push(&mut headers, "ce_subject", self.subject);
        push(&mut headers, "ce_dataschema", self.dataschema);
        for (name, value) in ordered(&self.extensions) {
            headers.push((extension_header(name), Some(Bytes::from(value.to_string()))));
        }
        push_beside(&mut headers, beside);
        headers.extend(self.datacontenttype.map(|value| ("content-type".into(), Some(value.into_bytes()))));
        (headers, self.data.into_bytes())
    }

    /// Everything in a JSON envelope, without `ce_` headers.
    pub(crate) fn structured(self, beside: Beside<'_>) -> Result<(Headers, Option<Bytes>), serde_json::Error> {
        let mut headers = Vec::with_capacity(4 + beside.headers.len());
        push_beside(&mut headers, beside);
        push(&mut headers, "content-type", Some(STRUCTURED));
        Ok((headers, Some(Bytes::from(serde_json::to_vec(&Envelope(self))?))))
    }
}

fn push(headers: &mut Headers, name: &'static str, value: Option<&str>) {
    if let Some(value) = value {
        headers.push((name.into(), Some(Bytes::copy_from_slice(value.as_bytes()))));
    }
}

fn push_beside(headers: &mut Headers, beside: Beside<'_>) {
    headers.extend(beside.headers);
    push(headers, "traceparent", beside.trace.map(TraceContext::traceparent));
    push(headers, "tracestate", beside.trace.and_then(|trace| trace.tracestate.as_deref()));
    push(headers, "baggage", beside.baggage);
}

fn extension_header(name: &str) -> HeaderName {
    match name {
        "correlationid" => "ce_correlationid".into(),
        "causationid" => "ce_causationid".into(),
        "traceparent" => "ce_traceparent".into(),
        "tracestate" => "ce_tracestate".into(),
        other => HeaderName::Bytes(Bytes::from(format!("ce_{other}"))),
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
    fn into_bytes(self) -> Option<Bytes> {
        match self {
            Self::Absent => None,
            Self::Json(json) => Some(json),
            Self::Text(text) => Some(Bytes::from(text.into_owned())),
            Self::Bytes(bytes) => Some(Bytes::from(bytes.into_owned())),
        }
    }
}

/// The JSON format of an event.
struct Envelope<'a>(Outgoing<'a>);

impl Serialize for Envelope<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("specversion", "1.0")?;
        let time = event.time.map(|time| event.profile.time_text(time));
        let attributes = [
            ("id", Some(&*event.id)),
            ("type", Some(&*event.event_type)),
            ("time", time.as_deref()),
            ("source", Some(&*event.source)),
            ("subject", event.subject),
            ("dataschema", event.dataschema),
        ];
        for (name, value) in attributes {
            value.map_or(Ok(()), |value| map.serialize_entry(name, value))?;
        }
        for (name, value) in ordered(&event.extensions) {
            map.serialize_entry(name, value)?;
        }
        let content_type = event.datacontenttype.as_deref();
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
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        event::cloudevents::{Data, Incoming, ReadError, read},
        kafka::record::OutRecord,
    };

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn outgoing() -> Outgoing<'static> {
        Outgoing {
            profile: Profile::Carom,
            id: "123e4567-e89b-12d3-a456-426614174000".into(),
            event_type: "sales.order-placed.v1".into(),
            source: "/sales/shop".into(),
            time: DateTime::from_timestamp(1_705_314_600, 123_456_789),
            subject: Some("A-100"),
            dataschema: Some("http://example.com/order.json"),
            datacontenttype: Some("application/json".into()),
            extensions: [("zone", "z"), ("tracestate", "v=1"), ("causationid", "c"), ("traceparent", PARENT)]
                .into_iter()
                .chain([("correlationid", "k"), ("apple", "a")])
                .map(|(name, value)| (name, value.into()))
                .collect(),
            data: Payload::Json(serde_json::to_vec(&json!({"cents": 5})).unwrap().into()),
        }
    }

    fn texts(headers: &Headers) -> Vec<(&str, &str)> {
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        headers.iter().map(|(name, value)| (text(name.as_bytes()), text(value.as_deref().unwrap()))).collect()
    }

    fn beside(trace: &TraceContext) -> Beside<'_> {
        let user = HeaderName::Bytes(Bytes::from_static(b"x-team"));
        Beside { headers: vec![(user, Some(Bytes::from_static(b"blue")))], trace: Some(trace), baggage: Some("b=1") }
    }

    #[test]
    fn binary_headers_stand_in_the_order_of_the_wire_format() {
        let trace = TraceContext::new(PARENT, Some("v=1".into())).unwrap();
        let (headers, value) = outgoing().binary(beside(&trace));
        assert_eq!(
            texts(&headers),
            [
                ("ce_specversion", "1.0"),
                ("ce_id", "123e4567-e89b-12d3-a456-426614174000"),
                ("ce_type", "sales.order-placed.v1"),
                ("ce_time", "2024-01-15T10:30:00.123456Z"),
                ("ce_source", "/sales/shop"),
                ("ce_subject", "A-100"),
                ("ce_dataschema", "http://example.com/order.json"),
                ("ce_correlationid", "k"),
                ("ce_causationid", "c"),
                ("ce_apple", "a"),
                ("ce_zone", "z"),
                ("ce_traceparent", PARENT),
                ("ce_tracestate", "v=1"),
                ("x-team", "blue"),
                ("traceparent", PARENT),
                ("tracestate", "v=1"),
                ("baggage", "b=1"),
                ("content-type", "application/json"),
            ]
        );
        assert_eq!(value.unwrap(), &br#"{"cents":5}"#[..]);
    }

    #[test]
    fn a_structured_event_is_one_envelope_and_no_ce_header() {
        let trace = TraceContext::new(PARENT, None).unwrap();
        let (headers, value) = outgoing().structured(beside(&trace)).unwrap();
        let expected = [
            ("x-team", "blue"),
            ("traceparent", PARENT),
            ("baggage", "b=1"),
            ("content-type", "application/cloudevents+json; charset=UTF-8"),
        ];
        assert_eq!(texts(&headers), expected);
        assert_eq!(
            std::str::from_utf8(&value.unwrap()).unwrap(),
            [
                r#"{"specversion":"1.0","id":"123e4567-e89b-12d3-a456-426614174000","type":"sales.order-placed.v1","#,
                r#""time":"2024-01-15T10:30:00.123456Z","source":"/sales/shop","subject":"A-100","#,
                r#""dataschema":"http://example.com/order.json","correlationid":"k","causationid":"c","#,
                r#""apple":"a","zone":"z","traceparent":""#,
                PARENT,
                r#"","tracestate":"v=1","datacontenttype":"application/json","data":{"cents":5}}"#,
            ]
            .concat()
        );
    }

    #[test]
    fn data_takes_the_member_that_its_content_type_asks_for() {
        let member = |datacontenttype: Option<&str>, data| {
            let datacontenttype = datacontenttype.map(Text::from);
            let (_, value) = Outgoing { datacontenttype, data, ..outgoing() }.structured(Beside::default()).unwrap();
            let envelope: serde_json::Value = serde_json::from_slice(&value.unwrap()).unwrap();
            (envelope.get("data").cloned(), envelope.get("data_base64").cloned())
        };
        assert_eq!(member(Some("text/plain"), Payload::Text("hi".into())), (Some(json!("hi")), None));
        assert_eq!(member(Some("a/x+json"), Payload::Text("[1]".into())), (Some(json!([1])), None));
        assert_eq!(member(Some("a/x+json"), Payload::Bytes(b"[1]".into())), (Some(json!([1])), None));
        assert_eq!(member(Some("a/json"), Payload::Bytes(b"[1".into())), (None, Some(json!("WzE="))));
        assert_eq!(member(Some("image/png"), Payload::Bytes(b"\xff".into())), (None, Some(json!("/w=="))));
        assert_eq!(member(None, Payload::Absent), (None, None));
    }

    #[test]
    fn an_attribute_that_readers_refuse_is_not_written() {
        let error = |event: Outgoing<'_>| event.check().unwrap_err().to_string();
        assert!(outgoing().check().is_ok());
        assert_eq!(error(Outgoing { id: "".into(), ..outgoing() }), "the attribute `id` is empty");
        assert_eq!(error(Outgoing { event_type: "".into(), ..outgoing() }), "the attribute `type` is empty");
        assert_eq!(error(Outgoing { source: "".into(), ..outgoing() }), "the attribute `source` is empty");
        assert!(error(Outgoing { source: "my shop".into(), ..outgoing() }).contains("is not a URI-reference"));
        assert_eq!(error(Outgoing { subject: Some(""), ..outgoing() }), "the attribute `subject` is empty");
        assert!(error(Outgoing { subject: Some("a\u{7}"), ..outgoing() }).contains("control character"));
        assert!(error(Outgoing { dataschema: Some("a/b"), ..outgoing() }).contains("not an absolute URI"));
        assert!(error(Outgoing { time: Some(DateTime::<Utc>::MAX_UTC), ..outgoing() }).contains("outside the years"));
        for name in ["Bad_Name", "data", "id", ""] {
            assert!(Outgoing { extensions: [(name, "x".into())].into(), ..outgoing() }.check().is_err(), "{name}");
        }
        assert!(Outgoing { extensions: [("a", "\u{fffe}".into())].into(), ..outgoing() }.check().is_err());
    }

    #[test]
    fn a_long_extension_name_gets_a_hint_and_is_written() {
        assert_eq!(extension_name_warning("comexampleextension1"), None);
        assert!(extension_name_warning("comexampleextension12").unwrap().contains("21 characters"));
    }

    /// Attribute texts that may be written.
    fn good() -> impl Strategy<Value = String> {
        "[ -~àé€\u{10000}]{1,8}".prop_map(|text| text)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            id in good(), event_type in good(), source in "/[a-z%é]{0,8}", subject in proptest::option::of(good()),
            nanos in 0_i64..4_000_000_000_000_000_000,
            extensions in proptest::collection::btree_map("x[a-z0-9]{0,5}", ".{0,4}", 0..7),
            bytes in proptest::collection::vec(any::<u8>(), 0..20), kind in 0..3, structured in any::<bool>(),
        ) {
            let extensions: BTreeMap<_, _> =
                extensions.into_iter().filter(|(_, value)| check::is_attribute_text(value)).collect();
            let time = DateTime::from_timestamp_nanos(nanos / 1000 * 1000);
            let text = String::from_utf8_lossy(&bytes);
            let (content_type, data) = match kind {
                0 => ("application/json", Payload::Json(serde_json::to_vec(&text).unwrap().into())),
                1 => ("text/plain", Payload::Text(text.clone())),
                _ => ("image/png", Payload::Bytes(Cow::Borrowed(bytes.as_slice()))),
            };
            let event = Outgoing {
                profile: Profile::Carom, id: id.as_str().into(), event_type: event_type.as_str().into(),
                source: source.as_str().into(), time: Some(time), subject: subject.as_deref(), dataschema: None,
                datacontenttype: Some(content_type.into()),
                extensions: extensions.iter().map(|(name, value)| (name.as_str(), value.as_str().into())).collect(), data,
            };
            prop_assert_eq!(event.check(), Ok(()));
            let (headers, value) =
                if structured { event.structured(Beside::default()).unwrap() } else { event.binary(Beside::default()) };
            let names = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_deref()));
            let read = read(names, value.as_deref()).unwrap();
            prop_assert_eq!((&*read.id, &*read.event_type, &*read.source), (&*id, &*event_type, &*source));
            prop_assert_eq!((read.subject.as_deref(), read.time), (subject.as_deref(), Some(time)));
            prop_assert_eq!(read.datacontenttype.as_deref(), Some(content_type));
            let found: BTreeMap<String, String> =
                read.extensions.iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect();
            prop_assert_eq!(found, extensions);
            let found = match &read.data {
                Data::Bytes(bytes) if kind == 0 => serde_json::from_slice::<String>(bytes).unwrap().into_bytes(),
                Data::Json(json) => serde_json::from_str::<String>(json.get()).unwrap().into_bytes(),
                Data::Bytes(bytes) => bytes.to_vec(),
                Data::Text(text) => text.as_bytes().to_vec(),
                Data::Absent => panic!("no data"),
            };
            prop_assert_eq!(found, if kind == 2 { bytes.clone() } else { text.as_bytes().to_vec() });
        }
    }

    /// Reads a record that was about to leave.
    pub(crate) fn read_back<T>(record: &OutRecord, then: impl FnOnce(Result<Incoming<'_>, ReadError>) -> T) -> T {
        let headers = record.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_deref()));
        then(read(headers, record.value.as_deref()))
    }
}

//! What is written: the headers and the envelope to the byte, and read again.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    event::{
        TraceContext,
        cloudevents::{Data, Incoming, ReadError, read},
    },
    kafka::record::{OutRecord, RecordMemory},
};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn outgoing() -> Outgoing<'static> {
    Outgoing {
        profile: Profile::Carom,
        id: "123e4567-e89b-12d3-a456-426614174000",
        event_type: "sales.order-placed.v1",
        source: "/sales/shop",
        time: DateTime::from_timestamp(1_705_314_600, 123_456_789),
        subject: Some("A-100"),
        dataschema: Some("http://example.com/order.json"),
        datacontenttype: Some("application/json"),
        extensions: [("zone", "z"), ("tracestate", "v=1"), ("causationid", "c"), ("traceparent", PARENT)]
            .into_iter()
            .chain([("correlationid", "k"), ("apple", "a")])
            .map(|(name, value)| (name, value.into()))
            .collect(),
        data: Payload::Json(serde_json::to_vec(&json!({"cents": 5})).unwrap().into()),
    }
}

fn texts(record: &OutRecord) -> Vec<(&str, &str)> {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    record.headers().map(|(name, value)| (text(name), text(value.unwrap()))).collect()
}

fn written(event: &Outgoing<'_>, beside: &Beside<'_>, structured: bool) -> OutRecord {
    let mut memory = RecordMemory::default();
    let mut record = memory.begin();
    match structured {
        true => event.structured(beside, &mut record).unwrap(),
        false => event.binary(beside, &mut record),
    }
    record.finish("t".into(), None)
}

fn written_beside(trace: &TraceContext, structured: bool) -> OutRecord {
    let headers = [("x-team".to_owned(), Some(Bytes::from_static(b"blue")))];
    let beside = Beside { key: b"k", headers: &headers, trace: Some(trace), baggage: Some("b=1") };
    written(&outgoing(), &beside, structured)
}

#[test]
fn binary_headers_stand_in_the_order_of_the_wire_format() {
    let trace = TraceContext::new(PARENT, Some("v=1".into())).unwrap();
    let record = written_beside(&trace, false);
    assert_eq!(
        texts(&record),
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
    assert_eq!((record.value(), record.key()), (Some(&br#"{"cents":5}"#[..]), Some(&b"k"[..])));
}

#[test]
fn a_structured_event_is_one_envelope_and_no_ce_header() {
    let trace = TraceContext::new(PARENT, None).unwrap();
    let record = written_beside(&trace, true);
    let expected = [
        ("x-team", "blue"),
        ("traceparent", PARENT),
        ("baggage", "b=1"),
        ("content-type", "application/cloudevents+json; charset=UTF-8"),
    ];
    assert_eq!(texts(&record), expected);
    assert_eq!(
        std::str::from_utf8(record.value().unwrap()).unwrap(),
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
        let record = written(&Outgoing { datacontenttype, data, ..outgoing() }, &Beside::default(), true);
        let envelope: serde_json::Value = serde_json::from_slice(record.value().unwrap()).unwrap();
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
    assert_eq!(error(Outgoing { id: "", ..outgoing() }), "the attribute `id` is empty");
    assert_eq!(error(Outgoing { event_type: "", ..outgoing() }), "the attribute `type` is empty");
    assert_eq!(error(Outgoing { source: "", ..outgoing() }), "the attribute `source` is empty");
    assert!(error(Outgoing { source: "my shop", ..outgoing() }).contains("is not a URI-reference"));
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
            profile: Profile::Carom, id: &id, event_type: &event_type,
            source: &source, time: Some(time), subject: subject.as_deref(), dataschema: None,
            datacontenttype: Some(content_type),
            extensions: extensions.iter().map(|(name, value)| (name.as_str(), value.as_str().into())).collect(), data,
        };
        prop_assert_eq!(event.check(), Ok(()));
        let record = written(&event, &Beside::default(), structured);
        let read = read(record.headers(), record.value()).unwrap();
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
    let headers = record.headers();
    then(read(headers, record.value()))
}

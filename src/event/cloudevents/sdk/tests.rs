//! Events of the SDK: out in both modes, back in again, and refused where readers would refuse them.

use serde_json::json;

use super::*;
use crate::event::{
    Environment,
    cloudevents::{read, write::tests::read_back},
};

const TOPIC: &str = "dev.sales.public.orders.v1";

fn encoder() -> Encoder {
    Encoder::new(Environment::default(), "/unused").unwrap()
}

fn target() -> Target<'static> {
    Target { topic: TOPIC, key: None, trace: None, no_data: NoData::Refuse }
}

fn builder() -> EventBuilderV10 {
    EventBuilderV10::new().id("A-1").source("/shop").ty("order.placed")
}

fn refused(event: &cloudevents::Event) -> String {
    encoder().encode_cloudevent(event, target()).unwrap_err().to_string()
}

#[test]
fn an_event_of_the_sdk_survives_both_modes() {
    let event = builder()
        .time("2024-01-15T10:30:00.123456Z")
        .subject("s")
        .extension("region", "eu")
        .data_with_schema("application/octet-stream", "http://example.com/schema", vec![0, 1, 255])
        .build()
        .unwrap();
    for mode in [Mode::Binary, Mode::Structured] {
        let record = encoder().mode(mode).encode_cloudevent(&event, target()).unwrap();
        assert_eq!((&*record.topic, record.key()), (TOPIC, Some(&b"A-1"[..])));
        read_back(&record, |incoming| assert_eq!(incoming.unwrap().to_cloudevent().unwrap(), event, "{mode:?}"));
    }
}

#[test]
fn typed_extensions_keep_their_types_in_structured_mode_and_become_text_in_binary() {
    let event = builder().extension("n", 5).extension("b", true).data("text/plain", "hi").build().unwrap();
    let record = encoder().mode(Mode::Structured).encode_cloudevent(&event, target()).unwrap();
    read_back(&record, |incoming| assert_eq!(incoming.unwrap().to_cloudevent().unwrap(), event));
    let record = encoder().encode_cloudevent(&event, target()).unwrap();
    read_back(&record, |incoming| {
        let event = incoming.unwrap();
        assert_eq!((event.extension("n"), event.extension("b")), (Some(&"5".into()), Some(&"true".into())));
    });
}

#[test]
fn what_the_builder_lets_pass_is_refused() {
    let with = |name: &str, value: SdkValue| builder().extension(name, value).data("a/b", "x").build().unwrap();
    let empty_id = builder().id("").data("a/b", "x").build().unwrap();
    assert_eq!(refused(&empty_id), "`order.placed` cannot be published: the attribute `id` is empty");
    assert!(refused(&with("Bad_Name", "x".into())).contains("only have lower-case letters and digits"));
    assert!(refused(&with("n", (1_i64 << 31).into())).contains("outside 32 bits"));
    assert!(refused(&with("time", "x".into())).contains("belongs to CloudEvents itself"));
    let bad_topic = Target { topic: "a b", ..target() };
    assert!(matches!(encoder().encode_cloudevent(&with("a", "x".into()), bad_topic), Err(EncodeError::Topic(_))));
}

#[test]
fn an_event_without_data_is_a_tombstone_only_on_request() {
    let event = builder().build().unwrap();
    assert!(refused(&event).starts_with("`order.placed` has no data: its record would be a tombstone"));
    let asked = Target { no_data: NoData::Tombstone, key: Some(b"k"), ..target() };
    let record = encoder().encode_cloudevent(&event, asked).unwrap();
    assert_eq!((record.value(), record.key()), (None, Some(&b"k"[..])));
    let record = encoder().mode(Mode::Structured).encode_cloudevent(&event, target()).unwrap();
    assert!(record.value().is_some());
}

#[test]
fn json_of_any_spelling_goes_into_a_structured_envelope_as_json() {
    for data in [cloudevents::Data::from("{\"a\":1}"), b"{\"a\":1}".to_vec().into(), json!({"a": 1}).into()] {
        let event = builder().data("Application/JSON; charset=utf-8", data).build().unwrap();
        let record = encoder().mode(Mode::Structured).encode_cloudevent(&event, target()).unwrap();
        read_back(&record, |incoming| {
            assert!(matches!(incoming.unwrap().data, Data::Json(json) if json.get() == "{\"a\":1}"));
        });
    }
    let event = builder().data("application/json", "{broken").build().unwrap();
    assert!(matches!(
        encoder().mode(Mode::Structured).encode_cloudevent(&event, target()),
        Err(EncodeError::Json { .. })
    ));
}

#[test]
fn an_event_that_is_passed_on_keeps_the_context_of_its_creation() {
    let (old, new) = (
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    let trace = TraceContext::new(new, None).unwrap();
    let traced = Target { trace: Some(&trace), ..target() };
    let event = builder().extension("traceparent", old).data("text/plain", "x").build().unwrap();
    let record = encoder().encode_cloudevent(&event, traced).unwrap();
    let headers = record.headers();
    let incoming = read(headers.clone(), record.value()).unwrap();
    assert_eq!(TraceContext::of_creation(&incoming, headers.clone()).unwrap().traceparent(), old);
    assert_eq!(TraceContext::of_hop(&incoming, headers, false).unwrap().traceparent(), new);
}

#[test]
fn structured_json_too_deep_for_the_sdk_is_an_error() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let value = format!(r#"{{"specversion":"1.0","id":"1","type":"t","source":"/s","data":{deep}}}"#);
    let headers = [(&b"content-type"[..], Some(&b"application/cloudevents+json"[..]))];
    let incoming = read(headers.into_iter(), Some(value.as_bytes())).unwrap();
    assert!(matches!(incoming.to_cloudevent(), Err(ConvertError::Data(_))));
}

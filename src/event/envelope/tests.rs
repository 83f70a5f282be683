//! Events as records: topic, key, mode and headers, and what cannot be published.

use chrono::DateTime;

use super::*;
use crate::event::{
    Codec, Descriptor, TopicSource, TraceContext,
    cloudevents::write::tests::read_back,
    decode::decode,
    fixture::{ORDER_PLACED, OrderPlaced},
    json,
};
use crate::telemetry::heard::heard;

const ID: Uuid = Uuid::from_u128(0x123e4567_e89b_12d3_a456_426614174000);

fn encoder() -> Encoder {
    Encoder::new(Environment::new("development"), "/sales/shop").unwrap()
}

fn attributes() -> Attributes {
    Attributes::new(ID, DateTime::from_timestamp(1_705_314_600, 0).unwrap())
}

fn order() -> OrderPlaced {
    OrderPlaced { order_id: "A-1".into(), cents: 5 }
}

fn names(record: &OutRecord) -> Vec<&str> {
    record.headers().map(|(name, _)| std::str::from_utf8(name).unwrap()).collect()
}

#[test]
fn an_event_becomes_the_record_that_momentum_would_read() {
    let record = encoder().encode(&order(), &attributes()).unwrap();
    assert_eq!(&*record.topic, "dev.sales.public.orders.v1");
    assert_eq!(record.key(), Some(&b"A-1"[..]));
    assert_eq!(record.partition, None);
    assert_eq!(record.value(), Some(&br#"{"order_id":"A-1","cents":5}"#[..]));
    assert_eq!(names(&record), ["ce_specversion", "ce_id", "ce_type", "ce_time", "ce_source", "content-type"]);
    assert_eq!(record.headers().nth(1).unwrap().1, Some(&b"123e4567-e89b-12d3-a456-426614174000"[..]));
    assert_eq!(record.headers().nth(3).unwrap().1, Some(&b"2024-01-15T10:30:00.000000Z"[..]));
}

#[test]
fn what_was_encoded_decodes_in_both_modes() {
    for mode in [Mode::Binary, Mode::Structured] {
        let record = encoder().mode(mode).encode(&order(), &attributes()).unwrap();
        read_back(&record, |incoming| {
            let incoming = incoming.unwrap();
            assert_eq!(incoming.event_type, "sales.order-placed.v1");
            assert_eq!(decode::<OrderPlaced>(&incoming).unwrap(), order(), "{mode:?}");
        });
    }
}

#[test]
fn a_topic_may_have_a_mode_of_its_own() {
    let encoder = encoder().topic_mode("dev.sales.public.orders.v1", Mode::Structured);
    assert_eq!(names(&encoder.encode(&order(), &attributes()).unwrap()), ["content-type"]);
    assert_eq!(encoder.destination::<OrderPlaced>().unwrap().mode, Mode::Structured);
}

#[test]
fn the_id_is_the_key_of_an_event_that_has_none() {
    let record = encoder().encode(&OrderPlaced { order_id: String::new(), cents: 0 }, &attributes()).unwrap();
    assert_eq!(record.key(), Some(&b"123e4567-e89b-12d3-a456-426614174000"[..]));
}

#[test]
fn attributes_become_extensions_and_fields_win() {
    let trace = TraceContext::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("v=1".into()));
    let attributes = Attributes {
        subject: Some("A-1".into()),
        causationid: Some("cause".into()),
        extensions: [("causationid", "other"), ("region", "eu")]
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        trace,
        baggage: Some("b=1".into()),
        headers: vec![("x-team".into(), Some("blue".into())), ("x-null".into(), None)],
        ..attributes()
    };
    let record = encoder().encode(&order(), &attributes).unwrap();
    let expected = [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_time",
        "ce_source",
        "ce_subject",
        "ce_causationid",
        "ce_region",
        "ce_traceparent",
        "ce_tracestate",
        "x-team",
        "x-null",
        "traceparent",
        "tracestate",
        "baggage",
        "content-type",
    ];
    assert_eq!(names(&record), expected);
    read_back(&record, |incoming| assert_eq!(incoming.unwrap().extension("causationid"), Some(&"cause".into())));
}

#[test]
fn a_creation_of_its_own_takes_no_state_from_the_current_span() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let attributes = Attributes {
        extensions: [("traceparent".to_owned(), parent.into())].into(),
        trace: TraceContext::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("v=1".into())),
        ..attributes()
    };
    let record = encoder().encode(&order(), &attributes).unwrap();
    read_back(&record, |incoming| {
        let incoming = incoming.unwrap();
        assert_eq!(incoming.extension("traceparent"), Some(&parent.into()));
        assert_eq!(incoming.extension("tracestate"), None);
    });
}

#[test]
fn headers_that_belong_to_the_bus_are_refused() {
    for name in ["ce_id", "CE_x", "carom-group", "Content-Type", "traceparent", "tracestate", "baggage", "", "a\0b"] {
        let attributes = Attributes { headers: vec![(name.into(), None)], ..attributes() };
        let error = encoder().encode(&order(), &attributes).unwrap_err();
        assert!(matches!(error, EncodeError::Header { .. }), "{name}: {error}");
    }
}

#[test]
fn a_bad_attribute_names_the_event() {
    let attributes = Attributes { subject: Some(String::new()), ..attributes() };
    let error = encoder().encode(&order(), &attributes).unwrap_err().to_string();
    assert_eq!(error, "`sales.order-placed.v1` cannot be published: the attribute `subject` is empty");
    let error = Encoder::new(Environment::default(), "my shop").unwrap_err().to_string();
    assert!(error.starts_with("the bus cannot publish: the attribute `source` is not a URI-reference"), "{error}");
}

/// An event whose topic has no legal name, and whose map has no JSON.
#[derive(serde::Serialize, serde::Deserialize)]
struct Broken {
    pairs: HashMap<Vec<u8>, u8>,
}

const BROKEN: Descriptor = Descriptor { rust_name: "Broken", topic: TopicSource::Verbatim("a b"), ..ORDER_PLACED };

impl Event for Broken {
    fn descriptor() -> &'static Descriptor {
        &BROKEN
    }

    fn key(&self) -> Option<String> {
        None
    }

    fn codec() -> Codec<Self> {
        json()
    }
}

#[test]
fn a_topic_without_a_legal_name_is_an_error_of_its_type() {
    let event = Broken { pairs: HashMap::new() };
    let error = encoder().encode(&event, &attributes()).unwrap_err();
    assert!(error.to_string().starts_with("src/order.rs:7: the topic of `Broken`"), "{error}");
}

#[test]
fn a_value_that_is_no_json_says_so() {
    let encoder = encoder();
    let destination = Destination::new("fine".into(), Mode::Binary, None);
    encoder.destinations.insert(TypeId::of::<Broken>(), Arc::new(destination));
    let error = encoder.encode(&Broken { pairs: [(vec![1], 2)].into() }, &attributes()).unwrap_err().to_string();
    assert_eq!(error, "`sales.order-placed.v1` cannot be written as JSON: key must be a string");
}

// Fails when an attempt, or a call, keeps the JSON of a large event beside the record.
#[test]
fn the_memory_of_a_large_event_is_not_kept() {
    let (encoder, mut scratch) = (encoder(), Scratch::default());
    let destination = encoder.destination::<OrderPlaced>().unwrap();
    let mut encode = |length: usize| {
        let order = OrderPlaced { order_id: "x".repeat(length), cents: 5 };
        encoder.encode_with(&mut scratch, &destination, &order, &attributes()).unwrap();
        scratch.json.capacity()
    };
    assert!((1_000..10_000).contains(&encode(1_000)));
    assert_eq!(encode(1_000_000), 0);
}

#[test]
fn a_destination_is_found_out_once() {
    let encoder = encoder();
    let (first, second) =
        (encoder.destination::<OrderPlaced>().unwrap(), encoder.destination::<OrderPlaced>().unwrap());
    assert!(Arc::ptr_eq(&first.topic, &second.topic));
}

// Fails when what readers may not understand is published without a word, and when each event has one.
#[test]
fn an_event_that_momentum_would_not_know_is_said_once() {
    let encoder = encoder().with_profile(Profile::Momentum);
    let text = heard(|| [(); 2].map(|()| encoder.encode(&order(), &attributes())));
    assert!(text.starts_with(" WARN carom::bus: src/order.rs:7: `OrderPlaced` has the type `sales.order-placed.v1`"));
    assert_eq!(text.lines().count(), 1, "{text}");
}

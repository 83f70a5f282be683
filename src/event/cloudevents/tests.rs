use base64::prelude::*;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

type OwnedHeader = (Vec<u8>, Option<Vec<u8>>);

/// A record as the vectors describe it.
struct Given {
    headers: Vec<OwnedHeader>,
    value: Option<Vec<u8>>,
}

impl Given {
    fn of(case: &Value) -> Self {
        let headers = case["headers"].as_array().unwrap().iter();
        let header =
            |header: &Value| (bytes(&header[0], &header[3]).unwrap_or_default(), bytes(&header[1], &header[2]));
        Self { headers: headers.map(header).collect(), value: bytes(&case["value"], &case["value_base64"]) }
    }

    fn new(headers: &[(&str, &str)], value: &str) -> Self {
        let header = |(name, value): &(&str, &str)| (name.as_bytes().to_vec(), Some(value.as_bytes().to_vec()));
        Self { headers: headers.iter().map(header).collect(), value: Some(value.as_bytes().to_vec()) }
    }

    fn binary(more: &[(&str, &str)]) -> Self {
        let event = [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", "t"), ("ce_source", "/s")];
        Self::new(&[&event, more].concat(), "{}")
    }

    fn structured(members: &Value) -> Self {
        let mut envelope = json!({"specversion": "1.0", "id": "1", "type": "t", "source": "/s"});
        envelope.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        Self::new(&[("content-type", "application/cloudevents+json")], &envelope.to_string())
    }

    fn read(&self) -> Result<Incoming<'_>, ReadError> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_slice(), value.as_deref()));
        read(headers, self.value.as_deref())
    }
}

fn bytes(text: &Value, base64: &Value) -> Option<Vec<u8>> {
    match base64.as_str() {
        Some(base64) => Some(BASE64_STANDARD.decode(base64).unwrap()),
        None => text.as_str().map(|text| text.as_bytes().to_vec()),
    }
}

#[test]
fn every_case_of_the_vectors_reads_as_it_should() {
    let file: Value =
        serde_json::from_str(include_str!("../../../integration-tests/vectors/cloudevents.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 44);
    for case in cases {
        let (given, expected, name) = (Given::of(case), &case["expect"], case["name"].as_str().unwrap());
        match (given.read(), expected["error"].as_str()) {
            (Ok(event), None) => same_event(&event, expected, name, &given),
            (Err(error), Some(class)) => {
                let text = error.to_string();
                assert_eq!(text.split(": ").next().unwrap(), class, "{name}");
                assert!(text.len() > class.len() + 2, "{name}: nothing for a human");
            }
            (result, class) => panic!("{name}: {class:?} expected, not {result:?}"),
        }
    }
}

// Fails when chrono alone decides: it takes U+2212 for a minus sign.
#[test]
fn an_offset_has_an_ascii_sign() {
    let read_at = |time: &str| {
        let headers =
            [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", "t"), ("ce_source", "/s"), ("ce_time", time)];
        let headers = headers.map(|(name, value)| (name.as_bytes(), Some(value.as_bytes())));
        read(headers.into_iter(), Some(b"{}")).map(|event| event.time).map_err(|error| error.to_string())
    };
    let noon = "2024-01-15T12:00:00Z".parse().unwrap();
    assert_eq!(read_at("2024-01-15T10:00:00-02:00"), Ok(Some(noon)));
    assert_eq!(
        read_at("2024-01-15T10:00:00\u{2212}02:00"),
        Err("bad_attribute:time: `time` is not RFC 3339".to_owned())
    );
}

fn same_event(event: &Incoming<'_>, expected: &Value, name: &str, given: &Given) {
    let known = ["specversion", "id", "source", "type", "subject", "time", "dataschema", "datacontenttype"];
    let more = ["extensions", "data", "tombstone", "implied_datacontenttype"];
    for member in expected.as_object().unwrap().keys() {
        assert!(known.contains(&&**member) || more.contains(&&**member), "{name}: {member} is not compared");
    }
    assert_eq!(event.id, expected["id"].as_str().unwrap(), "{name}");
    assert_eq!(event.source, expected["source"].as_str().unwrap(), "{name}");
    assert_eq!(event.event_type, expected["type"].as_str().unwrap(), "{name}");
    assert_eq!(event.subject.as_deref(), expected["subject"].as_str(), "{name}");
    assert_eq!(event.dataschema.as_deref(), expected["dataschema"].as_str(), "{name}");
    assert_eq!(event.datacontenttype.as_deref(), expected["datacontenttype"].as_str(), "{name}");
    let time = expected["time"].as_str().map(|time| DateTime::parse_from_rfc3339(time).unwrap().with_timezone(&Utc));
    assert_eq!(event.time, time, "{name}");
    assert_eq!(event.tombstone, expected["tombstone"].as_bool().unwrap_or(false), "{name}");
    let extensions = expected["extensions"].as_object().unwrap();
    assert_eq!(event.extensions.iter().count(), extensions.len(), "{name}");
    for (extension, value) in extensions {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!(event.extension(extension).map(ToString::to_string), Some(value), "{name}");
    }
    same_data(event, &expected["data"], name, given);
}

fn same_data(event: &Incoming<'_>, expected: &Value, name: &str, given: &Given) {
    let actual: Option<Vec<u8>> = match &event.data {
        Data::Absent => None,
        Data::Bytes(bytes) => Some(bytes.to_vec()),
        Data::Json(json) => Some(json.get().into()),
        Data::Text(text) => Some(text.as_bytes().to_vec()),
    };
    if given.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"ce_specversion"))
        && matches!(event.data, Data::Bytes(_))
    {
        assert_eq!(actual, given.value, "{name}: binary data is exactly the value");
    }
    let (kind, expected) = expected.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "absent" => assert_eq!(actual, None, "{name}"),
        "json" => assert_eq!(serde_json::from_slice::<Value>(&actual.unwrap()).unwrap(), *expected, "{name}"),
        "text" => assert_eq!(actual.unwrap(), expected.as_str().unwrap().as_bytes(), "{name}"),
        "base64" => assert_eq!(BASE64_STANDARD.encode(actual.unwrap()), expected.as_str().unwrap(), "{name}"),
        other => panic!("{name}: unknown kind {other}"),
    }
}

fn class(given: &Given) -> String {
    given.read().unwrap_err().to_string().split(": ").next().unwrap().to_owned()
}

#[test]
fn plain_values_are_borrowed() {
    let given = Given::binary(&[("ce_subject", "s"), ("ce_traceparent", "x"), ("content-type", "application/json")]);
    let event = given.read().unwrap();
    assert!(matches!(
        (&event.id, &event.source, &event.event_type),
        (Cow::Borrowed(_), Cow::Borrowed(_), Cow::Borrowed(_))
    ));
    assert!(matches!(event.data, Data::Bytes(Cow::Borrowed(_))));
    assert!(matches!(event.extension("traceparent"), Some(ExtensionValue::Text(Cow::Borrowed("x")))));
    let given = Given::structured(&json!({"data": {"a": [1, 2]}}));
    let event = given.read().unwrap();
    assert!(matches!(event.id, Cow::Borrowed("1")));
    assert!(matches!(event.data, Data::Json(json) if json.get() == r#"{"a":[1,2]}"#));
}

#[test]
fn an_empty_optional_attribute_is_bad_and_an_empty_extension_is_not() {
    assert_eq!(class(&Given::binary(&[("ce_subject", "")])), "bad_attribute:subject");
    assert_eq!(class(&Given::binary(&[("content-type", "")])), "bad_attribute:datacontenttype");
    assert_eq!(class(&Given::structured(&json!({"subject": ""}))), "bad_attribute:subject");
    let given = Given::binary(&[("ce_tracestate", "")]);
    assert_eq!(given.read().unwrap().extension("tracestate"), Some(&"".into()));
}

#[test]
fn a_member_of_the_wrong_kind_is_named() {
    for (members, expected) in [
        (json!({"id": 1}), "bad_attribute:id"),
        (json!({"id": null}), "missing_attribute:id"),
        (json!({"specversion": 1.0}), "bad_attribute:specversion"),
        (json!({"specversion": "0.3"}), "unsupported_specversion"),
        (json!({"time": "soon"}), "bad_attribute:time"),
        (json!({"dataschema": "a/b"}), "bad_attribute:dataschema"),
        (json!({"datacontenttype": 5}), "bad_attribute:datacontenttype"),
        (json!({"n": 2_147_483_648_i64}), "bad_attribute:n"),
        (json!({"n": 1.5}), "bad_attribute:n"),
        (json!({"o": {}}), "bad_attribute:o"),
        (json!({"data": 1, "data_base64": "AA=="}), "bad_attribute:data_base64"),
        (json!({"data": null, "data_base64": "AA=="}), "bad_attribute:data_base64"),
        (json!({"data_base64": 7}), "bad_attribute:data_base64"),
    ] {
        assert_eq!(class(&Given::structured(&members)), expected, "{members}");
    }
}

#[test]
fn a_structured_event_may_leave_members_null() {
    let given =
        Given::structured(&json!({"subject": null, "data_base64": null, "data": {"a": 1}, "x": -2147483648_i64}));
    let event = given.read().unwrap();
    assert_eq!((event.subject.as_deref(), event.extension("x")), (None, Some(&ExtensionValue::Integer(i32::MIN))));
    assert!(matches!(event.data, Data::Json(_)));
}

#[test]
fn data_of_another_kind_than_its_content_type_stays_json() {
    let given = Given::structured(&json!({"datacontenttype": "text/plain", "data": {"a": 1}}));
    assert!(matches!(given.read().unwrap().data, Data::Json(json) if json.get() == r#"{"a":1}"#));
}

#[test]
fn a_null_value_in_structured_mode_is_a_tombstone() {
    let given = Given { value: None, ..Given::new(&[("content-type", "application/cloudevents+json")], "") };
    assert_eq!(class(&given), "tombstone");
}

#[test]
fn another_format_beside_ce_headers_is_read_in_binary_mode() {
    let given = Given::binary(&[("content-type", "application/cloudevents+avro")]);
    assert_eq!(given.read().unwrap().datacontenttype.as_deref(), Some("application/cloudevents+avro"));
}

#[test]
fn a_bad_ce_header_does_not_matter_beside_a_structured_value() {
    let mut given = Given::structured(&json!({}));
    given.headers.push((b"ce_id".to_vec(), Some(vec![0xff])));
    given.headers.push((b"ce_x".to_vec(), Some(vec![0xff])));
    assert_eq!(given.read().unwrap().id, "1");
}

#[test]
fn headers_that_cannot_be_attributes_are_left_alone() {
    let mut given = Given::binary(&[("ce_data", "x"), ("ce_", "y"), ("ce_Priority", "5"), ("ce_priority", "6")]);
    given.headers.push((b"ce_\xff".to_vec(), Some(b"z".to_vec())));
    let event = given.read().unwrap();
    assert_eq!(event.extensions.iter().collect::<Vec<_>>(), [("priority", &"6".into())]);
}

#[test]
fn a_null_repeat_does_not_unset_what_was_there() {
    let mut given = Given::binary(&[]);
    given.headers.push((b"ce_id".to_vec(), None));
    assert_eq!(given.read().unwrap().id, "1");
}

#[test]
fn an_envelope_nested_without_end_is_no_stack_overflow() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let envelope = format!(r#"{{"specversion":"1.0","id":"1","type":"t","source":"/s","data":{deep}}}"#);
    let given = Given::new(&[("content-type", "application/cloudevents+json")], &envelope);
    assert!(matches!(given.read().unwrap().data, Data::Json(_)));
}

#[test]
fn thousands_of_attributes_are_read_in_passing() {
    let names: Vec<String> = (0..100_000).map(|at| format!("ce_x{at}")).collect();
    let more: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
    assert_eq!(Given::binary(&more).read().unwrap().extensions.iter().count(), 100_000);
}

fn header_name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "(?i)(ce_(specversion|id|type|source|subject|time|dataschema|datacontenttype|x)|content-type)"
            .prop_map(String::into_bytes),
        "ce_[a-z0-9]{0,4}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..8),
    ]
}

fn header_value() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop_oneof![
        Just(None),
        Just(Some(b"1.0".to_vec())),
        Just(Some(b"application/cloudevents+json".to_vec())),
        Just(Some(b"2024-01-15T12:30:00.5+02:00".to_vec())),
        ".{0,6}".prop_map(|text| Some(text.into_bytes())),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Some),
    ]
}

fn value() -> impl Strategy<Value = Option<Vec<u8>>> {
    let member = prop_oneof![Just("specversion"), Just("id"), Just("type"), Just("source"), Just("data"), Just("x")];
    let content = prop_oneof![
        Just(json!("1.0")),
        Just(json!(null)),
        any::<i64>().prop_map(Value::from),
        ".{0,3}".prop_map(Value::from)
    ];
    prop_oneof![
        Just(None),
        proptest::collection::vec(any::<u8>(), 0..16).prop_map(Some),
        proptest::collection::hash_map(member, content, 0..6)
            .prop_map(|members| Some(serde_json::to_vec(&members).unwrap())),
    ]
}

proptest! {
    #[test]
    fn whatever_arrives_is_an_event_or_an_error_and_never_a_panic(
        headers in proptest::collection::vec((header_name(), header_value()), 0..12),
        value in value(),
    ) {
        let given = Given { headers, value };
        if let Err(error) = given.read() {
            prop_assert!(error.to_string().contains(": "));
        }
    }
}

//! Golden bytes: what Momentum writes, to the byte, written and read by carom.

use carom_macros::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::*;
use crate::{
    event::{
        Environment, Event, Profile,
        cloudevents::{
            read,
            sdk::{NoData, Target},
        },
        decode::{decode, decode_if},
        dotnet,
        encode_error::EncodeError,
        envelope::{Attributes, Encoder},
        trace::TraceContext,
    },
    kafka::record::{Header, OutRecord},
};

/// `AppDomain.Cashiers.Contracts.IntegrationEvents.CashierCreated`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Event)]
#[serde(rename_all = "camelCase")]
#[event(
    entity = Cashier,
    domain = "AppDomain",
    type = "AppDomain.Cashiers.Contracts.IntegrationEvents.CashierCreated",
    alias = "AppDomain.Cashiers.CashierCreated"
)]
struct CashierCreated {
    #[event(key)]
    tenant_id: Uuid,
    cashier: Cashier,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cashier {
    tenant_id: Uuid,
    cashier_id: Uuid,
    name: String,
    email: String,
    cashier_payments: Vec<Value>,
    #[serde(with = "dotnet::date_time")]
    created_date_utc: DateTime<Utc>,
    #[serde(with = "dotnet::date_time")]
    updated_date_utc: DateTime<Utc>,
    version: i32,
}

const TENANT: Uuid = Uuid::from_u128(0x123e4567_e89b_12d3_a456_426614174000);
const ID: Uuid = Uuid::from_u128(0x08dc15b2_6a1e_4f0c_0242_ac1200020000);
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

const TOPIC: &str = "dev.appdomain.public.cashiers.v1";
const HEADERS: [(&str, &str); 7] = [
    ("ce_specversion", "1.0"),
    ("ce_id", "08dc15b2-6a1e-4f0c-0242-ac1200020000"),
    ("ce_type", "AppDomain.Cashiers.Contracts.IntegrationEvents.CashierCreated"),
    ("ce_time", "2024-01-15T10:30:00.1234567Z"),
    ("ce_source", "/app_domain/appdomain-api"),
    ("ce_traceparent", PARENT),
    ("content-type", "application/json"),
];
const BODY: &str = concat!(
    r#"{"tenantId":"123e4567-e89b-12d3-a456-426614174000","cashier":{"tenantId":"123e4567-e89b-12d3-a456-426614174000","#,
    r#""cashierId":"456e7890-e12b-34c5-d678-901234567890","name":"John Doe","email":"john.doe@example.com","#,
    r#""cashierPayments":[],"createdDateUtc":"2024-01-15T10:30:00Z","updatedDateUtc":"2024-01-15T10:30:00Z","version":1}}"#
);

fn created() -> CashierCreated {
    let opened = at("2024-01-15T10:30:00Z");
    let cashier = Cashier {
        tenant_id: TENANT,
        cashier_id: "456e7890-e12b-34c5-d678-901234567890".parse().unwrap(),
        name: "John Doe".into(),
        email: "john.doe@example.com".into(),
        cashier_payments: Vec::new(),
        created_date_utc: opened,
        updated_date_utc: opened,
        version: 1,
    };
    CashierCreated { tenant_id: TENANT, cashier }
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

fn attributes() -> Attributes {
    Attributes { trace: TraceContext::new(PARENT, None), ..Attributes::new(ID, at("2024-01-15T10:30:00.1234567Z")) }
}

fn encoder() -> Encoder {
    let source = default_source(Some("AppDomain"), "appdomain-api");
    Encoder::new(Environment::new("development"), source).unwrap().with_profile(Profile::Momentum)
}

fn texts(record: &OutRecord) -> Vec<(&str, &str)> {
    let text = |bytes| std::str::from_utf8(bytes).unwrap();
    record.headers.iter().map(|(name, value)| (text(name.as_bytes()), text(value.as_deref().unwrap()))).collect()
}

fn raw(headers: &[(&'static str, &'static str)]) -> Vec<Header<'static>> {
    headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_bytes()))).collect()
}

#[test]
fn the_golden_record_is_that_of_the_vectors() {
    let file: Value = serde_json::from_str(include_str!("../../integration-tests/vectors/cloudevents.json")).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|case| case["name"] == "Momentum CashierCreated").unwrap();
    assert_eq!(case["headers"], serde_json::json!(HEADERS));
    assert_eq!((&case["key"], &case["value"]), (&Value::from(TENANT.to_string()), &Value::from(BODY)));
}

// Fails when `time_text` writes nanoseconds.
#[test]
fn cashier_created_is_written_to_the_byte() {
    let record = encoder().encode(&created(), attributes()).unwrap();
    assert_eq!(&*record.topic, TOPIC);
    assert_eq!(record.key.as_deref(), Some(&b"123e4567-e89b-12d3-a456-426614174000"[..]));
    // What carom adds stands before `content-type`, and Momentum reads past it.
    let expected = [&HEADERS[..6], &[("traceparent", PARENT)], &HEADERS[6..]].concat();
    assert_eq!(texts(&record), expected);
    assert_eq!(std::str::from_utf8(record.value.as_deref().unwrap()).unwrap(), BODY);
}

#[test]
fn without_a_trace_the_headers_are_those_of_momentum_and_no_more() {
    let record = encoder().encode(&created(), Attributes { trace: None, ..attributes() }).unwrap();
    assert_eq!(texts(&record), [&HEADERS[..5], &HEADERS[6..]].concat());
}

// Fails when `date_time` takes no `Z`.
#[test]
fn cashier_created_is_read_back_from_the_bytes() {
    let headers = raw(&HEADERS);
    let incoming = read(headers.iter().copied(), Some(BODY.as_bytes())).unwrap();
    assert_eq!(incoming.id, ID.to_string());
    assert_eq!(incoming.event_type, CashierCreated::descriptor().event_type);
    assert_eq!(incoming.source, "/app_domain/appdomain-api");
    assert_eq!(incoming.time, Some(at("2024-01-15T10:30:00.1234567Z")));
    assert_eq!(incoming.datacontenttype.as_deref(), Some("application/json"));
    let trace = TraceContext::of_creation(&incoming, headers.iter().copied()).unwrap();
    assert_eq!(trace.traceparent(), PARENT);
    assert_eq!(decode::<CashierCreated>(&incoming).unwrap(), created());
}

#[test]
fn a_former_name_of_the_type_is_read_and_another_is_not() {
    for (event_type, expected) in [("AppDomain.Cashiers.CashierCreated", Some(created())), ("AppDomain.Other", None)] {
        let headers = HEADERS.map(|(name, value)| (name, if name == "ce_type" { event_type } else { value }));
        let read: Option<CashierCreated> = decode_if(raw(&headers).into_iter(), Some(BODY.as_bytes()));
        assert_eq!(read, expected, "{event_type}");
    }
}

/// The event of Momentum's own tests with two partition keys.
mod two_keys {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    #[serde(rename_all = "camelCase")]
    #[event(
        entity = Cashier,
        domain = "TestEvents",
        type = "TestEvents.AppDomain.Cashiers.Contracts.IntegrationEvents.CashierCreated"
    )]
    struct CashierCreated {
        #[event(key(order = 0))]
        tenant_id: Uuid,
        #[event(key(order = 1))]
        partition_key_test: i32,
        cashier: Cashier,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Cashier {
        id: Uuid,
        name: String,
        email: Option<String>,
        is_active: bool,
    }

    const BODY: &str = concat!(
        r#"{"tenantId":"123e4567-e89b-12d3-a456-426614174000","partitionKeyTest":42,"#,
        r#""cashier":{"id":"456e7890-e12b-34c5-d678-901234567890","name":"Zoë <O'Hara>","email":null,"isActive":true}}"#
    );

    fn created() -> CashierCreated {
        let cashier = Cashier {
            id: "456e7890-e12b-34c5-d678-901234567890".parse().unwrap(),
            name: "Zoë <O'Hara>".into(),
            email: None,
            is_active: true,
        };
        CashierCreated { tenant_id: TENANT, partition_key_test: 42, cashier }
    }

    // Fails when `time_text` writes nanoseconds.
    #[test]
    fn two_keys_are_written_to_the_byte_and_read_back() {
        let record = encoder().encode(&created(), Attributes { trace: None, ..attributes() }).unwrap();
        assert_eq!(&*record.topic, "dev.testevents.public.cashiers.v1");
        assert_eq!(record.key.as_deref(), Some(&b"123e4567-e89b-12d3-a456-426614174000|42"[..]));
        let event_type = "TestEvents.AppDomain.Cashiers.Contracts.IntegrationEvents.CashierCreated";
        let expected: Vec<_> = HEADERS.into_iter().filter(|(name, _)| *name != "ce_traceparent").collect();
        let expected: Vec<_> =
            expected.iter().map(|(name, value)| (*name, if *name == "ce_type" { event_type } else { value })).collect();
        assert_eq!(texts(&record), expected);
        assert_eq!(std::str::from_utf8(record.value.as_deref().unwrap()).unwrap(), BODY);
        let read: Option<CashierCreated> = decode_if(raw(&expected).into_iter(), Some(BODY.as_bytes()));
        assert_eq!(read, Some(created()));
    }
}

#[test]
fn a_time_has_the_fewest_of_0_3_6_or_7_digits() {
    for (time, written) in [
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
        ("2024-01-15T10:30:00.1Z", "2024-01-15T10:30:00.100Z"),
        ("2024-01-15T10:30:00.001Z", "2024-01-15T10:30:00.001Z"),
        ("2024-01-15T10:30:00.1234Z", "2024-01-15T10:30:00.123400Z"),
        ("2024-01-15T10:30:00.1234567Z", "2024-01-15T10:30:00.1234567Z"),
        ("2024-01-15T10:30:00.000000199Z", "2024-01-15T10:30:00.0000001Z"),
        ("2024-01-15T10:30:00.000000099Z", "2024-01-15T10:30:00Z"),
    ] {
        assert_eq!(time_text(at(time)), written);
    }
}

#[test]
fn the_default_source_is_momentums() {
    assert_eq!(default_source(Some("AppDomain"), "AppDomain.Api"), "/app_domain/appdomain-api");
    assert_eq!(default_source(Some("ECommerce"), "order-service"), "/e_commerce/order-service");
    assert_eq!(default_source(None, "billing"), "/billing");
}

#[test]
fn domains_are_letters_and_digits_after_a_letter() {
    assert!(is_domain("AppDomain") && is_domain("a") && is_domain("Shop2"));
    assert!(!is_domain("") && !is_domain("2Shop") && !is_domain("app-domain") && !is_domain("Größe"));
}

/// Serialises as `null`.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Day, domain = "AppDomain", type = "AppDomain.DayEnded")]
struct DayEnded;

/// Serialises as a list.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Day, domain = "AppDomain", type = "AppDomain.DayBegun")]
struct DayBegun(u8, u8);

// Fails when `check` does not ask for an object.
#[test]
fn an_event_that_is_no_object_is_refused() {
    let error = encoder().encode(&DayEnded, attributes()).unwrap_err().to_string();
    assert_eq!(
        error,
        "`AppDomain.DayEnded` cannot be published under `Profile::Momentum`: its data is no JSON object, which is what an \
         event of .NET is; use a struct with named fields (`struct X {}` if it has none)"
    );
    assert!(matches!(encoder().encode(&DayBegun(1, 2), attributes()), Err(EncodeError::Momentum { .. })));
    let carom = encoder().with_profile(Profile::Carom);
    assert!(carom.encode(&DayEnded, attributes()).is_ok());
}

mod built_elsewhere {
    use cloudevents::{Data, EventBuilder, EventBuilderV10};

    use super::*;

    fn encode(id: &str, content_type: &str, data: Option<Data>) -> Result<OutRecord, EncodeError> {
        let builder = EventBuilderV10::new().id(id).source("/shop").ty("Shop.Opened");
        let event = match data {
            Some(data) => builder.data(content_type, data).build(),
            None => builder.build(),
        };
        let target = Target { topic: TOPIC, key: None, trace: None, no_data: NoData::Tombstone };
        encoder().encode_cloudevent(&event.unwrap(), target)
    }

    fn refused(id: &str, content_type: &str, data: Option<Data>) -> String {
        encode(id, content_type, data).unwrap_err().to_string()
    }

    const GUID: &str = "08DC15B2-6A1E-4F0C-0242-AC1200020000";

    #[test]
    fn an_object_in_json_with_a_guid_is_published() {
        for data in [Data::Json(serde_json::json!({"a": 1})), Data::from(" {\"a\":1}"), Data::from(b"{}".to_vec())] {
            let record = encode(GUID, "application/json", Some(data)).unwrap();
            assert_eq!(texts(&record)[1], ("ce_id", GUID));
        }
        assert!(encode(&ID.simple().to_string(), "text/json; charset=utf-8", Some("{}".into())).is_ok());
    }

    #[test]
    fn what_momentum_could_not_read_is_refused() {
        let json = "application/json";
        for (refused, expected) in [
            (refused(GUID, json, None), "it has no data, and Momentum fails on a null value"),
            (refused("A-1", json, Some("{}".into())), "its `id` is no Guid"),
            (refused(&ID.urn().to_string(), json, Some("{}".into())), "its `id` is no Guid"),
            (refused(GUID, "text/plain", Some("{}".into())), "its content type is not JSON"),
            (refused(GUID, json, Some("[1]".into())), "its data is no JSON object"),
            (refused(GUID, json, Some("{\"a\":".into())), "its data is no JSON object"),
            (refused(GUID, json, Some(vec![0xff].into())), "its data is no JSON object"),
        ] {
            let start = "`Shop.Opened` cannot be published under `Profile::Momentum`: ";
            assert!(refused.starts_with(&format!("{start}{expected}")), "{refused}");
        }
    }
}

//! `CashierCreated` of Momentum's own example: written and read, each byte compared.

use carom_macros::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::*;
use crate::event::{
    Event,
    cloudevents::read,
    decode::{decode, decode_if},
    dotnet,
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

#[test]
fn the_golden_record_is_that_of_the_vectors() {
    let file: Value =
        serde_json::from_str(include_str!("../../../../integration-tests/vectors/cloudevents.json")).unwrap();
    let case = file["cases"].as_array().unwrap().iter().find(|case| case["name"] == "Momentum CashierCreated").unwrap();
    assert_eq!(case["headers"], serde_json::json!(HEADERS));
    assert_eq!((&case["key"], &case["value"]), (&Value::from(TENANT.to_string()), &Value::from(BODY)));
}

// Fails when `time_text` writes nanoseconds.
#[test]
fn cashier_created_is_written_to_the_byte() {
    let record = encoder().encode(&created(), &attributes()).unwrap();
    assert_eq!(&*record.topic, TOPIC);
    assert_eq!(record.key(), Some(&b"123e4567-e89b-12d3-a456-426614174000"[..]));
    // What carom adds stands before `content-type`, and Momentum reads past it.
    let expected = [&HEADERS[..6], &[("traceparent", PARENT)], &HEADERS[6..]].concat();
    assert_eq!(texts(&record), expected);
    assert_eq!(std::str::from_utf8(record.value().unwrap()).unwrap(), BODY);
}

#[test]
fn without_a_trace_the_headers_are_those_of_momentum_and_no_more() {
    let record = encoder().encode(&created(), &Attributes { trace: None, ..attributes() }).unwrap();
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

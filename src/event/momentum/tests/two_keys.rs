//! The event of Momentum's own tests with two partition keys.

use carom_macros::Event;
use serde::{Deserialize, Serialize};

use super::*;
use crate::event::decode::decode_if;

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
    let record = encoder().encode(&created(), &Attributes { trace: None, ..attributes() }).unwrap();
    assert_eq!(&*record.topic, "dev.testevents.public.cashiers.v1");
    assert_eq!(record.key(), Some(&b"123e4567-e89b-12d3-a456-426614174000|42"[..]));
    let event_type = "TestEvents.AppDomain.Cashiers.Contracts.IntegrationEvents.CashierCreated";
    let expected: Vec<_> = HEADERS.into_iter().filter(|(name, _)| *name != "ce_traceparent").collect();
    let expected: Vec<_> =
        expected.iter().map(|(name, value)| (*name, if *name == "ce_type" { event_type } else { value })).collect();
    assert_eq!(texts(&record), expected);
    assert_eq!(std::str::from_utf8(record.value().unwrap()).unwrap(), BODY);
    let read: Option<CashierCreated> = decode_if(raw(&expected).into_iter(), Some(BODY.as_bytes()));
    assert_eq!(read, Some(created()));
}

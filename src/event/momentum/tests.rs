//! Golden bytes: what Momentum writes, to the byte, written and read by carom.

mod golden;
mod refused;
mod spelling;
mod two_keys;

use super::*;
use crate::{
    event::{Environment, Profile, attributes::Attributes, envelope::Encoder, trace::TraceContext},
    kafka::record::{Header, OutRecord},
};

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
    record.headers().map(|(name, value)| (text(name), text(value.unwrap()))).collect()
}

fn raw(headers: &[(&'static str, &'static str)]) -> Vec<Header<'static>> {
    headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_bytes()))).collect()
}

//! A dead letter of an order, and its headers told apart: ours, and those of the record.

mod headers;
mod reduced;
mod verbatim;
mod whatever_comes;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{
    super::dead_letter_headers::{ErrorClass, ErrorText},
    *,
};
use crate::kafka::record::{Batch, HeldBytes, Timestamp, TopicPartition};

const ROOMY: usize = 1_000_000;

type Headers<'a> = &'a [(&'a [u8], Option<&'a [u8]>)];

fn record(key: Option<&[u8]>, value: Option<&[u8]>, headers: Headers<'_>) -> Record {
    let mut batch = Batch::new(TopicPartition::new("dev.sales.public.orders.v1", 3));
    batch.push(42, Timestamp::Create(1_700_000_000_123), key, value);
    batch.push_headers(headers.iter().copied());
    batch.seal(&HeldBytes::unlimited()).records().next().unwrap()
}

fn order(headers: Headers<'_>) -> Record {
    record(Some(b"42"), Some(b"{}"), headers)
}

fn at(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap()
}

fn why() -> DeadLetterInfo<'static> {
    DeadLetterInfo {
        topic: "dev.sales.public.orders.v1.billing.dlq".into(),
        partitions: 12,
        group: "billing",
        handler: "Billing",
        event_type: Some("sales.order-placed.v1"),
        attempts: 5,
        retry_stage: None,
        first_failure: at(1_700_000_001_000_002),
        last_failure: at(1_700_000_009_500_000),
        class: ErrorClass::Transient,
        error: ErrorText {
            kind: Some("GatewayError".into()),
            message: Some("charge failed".into()),
            chain: vec!["http".into(), "connection refused".into()],
        },
        service_name: "billing",
        service_version: "1.2.3",
        service_instance: "billing-0",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "a=b",
        original_key: None,
        fence_id: "",
        trusted: false,
    }
}

fn is_ours(name: &[u8]) -> bool {
    name.starts_with(b"carom-")
}

fn ours(out: &OutRecord) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let ours = out.headers().filter(|(name, _)| is_ours(name));
    ours.map(|(name, value)| (text(name), text(value.unwrap()))).collect()
}

fn header(out: &OutRecord, name: &str) -> Option<String> {
    ours(out).remove(name)
}

fn theirs(out: &OutRecord) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let theirs = out.headers().filter(|(name, _)| !is_ours(name));
    theirs.map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect()
}

fn originals(record: &Record) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let theirs = record.headers().filter(|(name, _)| !is_ours(name));
    theirs.map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect()
}

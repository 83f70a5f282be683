//! The records of one batch.

use carom::{Event, testing::TestRecord};
use rdkafka::message::Headers as _;

use crate::{
    actors::Nothing,
    load::{OrderPlaced, headers, id},
};

/// Records in a batch.
pub(crate) const BATCH: usize = 256;

/// How much the headers of a batch have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Headers {
    /// All but the id: as the benchmark on a broker has them.
    OfOneMoment,
    /// Neither id nor time nor trace: as most services have them.
    Spread,
}

/// Orders with a key each.
pub(crate) fn orders(alike: Headers) -> Vec<TestRecord> {
    let order = |n| {
        let mut record = record(n, &OrderPlaced::nth(n));
        if alike == Headers::Spread {
            set(&mut record, "ce_time", &format!("2026-01-15T10:30:00.{n:06}Z"));
            set(&mut record, "ce_traceparent", &format!("00-4bf92f3577b34da6a3ce{n:012x}-00f067aa0ba9{n:04x}-01"));
        }
        record
    };
    (0..BATCH as u64).map(order).collect()
}

/// The same with an event that has no fields.
pub(crate) fn nothings() -> Vec<TestRecord> {
    let nothing = |n| {
        let mut record = record(n, &OrderPlaced::nth(n));
        record.value = Some(b"{}".to_vec());
        set(&mut record, "ce_type", Nothing::descriptor().event_type);
        record
    };
    (0..BATCH as u64).map(nothing).collect()
}

fn record(n: u64, order: &OrderPlaced) -> TestRecord {
    let headers = headers(&id(n));
    let headers = headers.iter().map(|header| (header.key.as_bytes().to_vec(), header.value.map(<[u8]>::to_vec)));
    TestRecord {
        topic: String::new(),
        key: Some(order.order_id.clone().into_bytes()),
        value: serde_json::to_vec(order).ok(),
        headers: headers.collect(),
    }
}

fn set(record: &mut TestRecord, name: &str, value: &str) {
    for (_, old) in record.headers.iter_mut().filter(|(header, _)| header == name.as_bytes()) {
        *old = Some(value.as_bytes().to_vec());
    }
}

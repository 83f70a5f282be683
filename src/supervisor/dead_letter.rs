//! What a dead letter looks like: pure. The record as it was, then `carom-` headers that say why it is here.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::headers::{Headers, is_ours};
use crate::kafka::record::{HeaderName, OutRecord, Record, Timestamp};

/// A dead letter is never larger than this once everything that can be left out is.
pub(crate) const SMALLEST: usize = 16 * 1024;

/// Why a record is dead.
#[derive(Debug, Clone, Default)]
pub(crate) struct Obituary {
    pub(crate) group: String,
    pub(crate) handler: Option<String>,
    pub(crate) event_type: Option<String>,
    pub(crate) attempts: u32,
    /// RFC 3339.
    pub(crate) first_failure: Option<String>,
    pub(crate) last_failure: Option<String>,
    pub(crate) class: &'static str,
    pub(crate) error_type: Option<String>,
    pub(crate) message: String,
    /// The sources of the error, outermost first.
    pub(crate) chain: Vec<String>,
    pub(crate) service: String,
}

/// How much is left out, from nothing to all that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reduced {
    No,
    Chain,
    Message,
    Pointer,
    /// Also key and attributes, which may be as large as anything.
    Position,
}

/// The dead letter of a record, not larger than `limit` bytes on the wire unless `limit` is below [`SMALLEST`].
///
/// Topic and partition are for the caller to fill in.
pub(crate) fn build(record: &Record, why: &Obituary, limit: usize) -> OutRecord {
    let steps = [Reduced::No, Reduced::Chain, Reduced::Message, Reduced::Pointer, Reduced::Position];
    let mut letter = reduced(record, why, Reduced::No);
    for step in &steps[1..] {
        if letter.wire_size() <= limit {
            break;
        }
        letter = reduced(record, why, *step);
    }
    letter
}

fn reduced(record: &Record, why: &Obituary, reduced: Reduced) -> OutRecord {
    let keep: fn(&[u8]) -> bool = match reduced {
        Reduced::No | Reduced::Chain | Reduced::Message => |name| !is_ours(name) || name == b"carom-replay-count",
        Reduced::Pointer => is_attribute,
        Reduced::Position => |_| false,
    };
    let originals = record.headers().filter(|(name, _)| keep(name));
    let mut headers: Vec<_> = originals
        .map(|(name, value)| (HeaderName::Bytes(Bytes::copy_from_slice(name)), value.map(Bytes::copy_from_slice)))
        .collect();
    headers.extend(ours(record, why, reduced));
    let whole = reduced < Reduced::Pointer;
    OutRecord {
        topic: record.from().topic.clone(),
        partition: None,
        key: record.key().filter(|_| reduced < Reduced::Position).map(Bytes::copy_from_slice),
        value: if whole { record.value().map(Bytes::copy_from_slice) } else { Some(Bytes::new()) },
        headers,
    }
}

fn is_attribute(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-type") || name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"ce_"))
}

/// The `carom-` headers, in the order of the documentation.
fn ours(record: &Record, why: &Obituary, reduced: Reduced) -> Vec<(HeaderName, Option<Bytes>)> {
    let from = record.from();
    let mut headers = Headers::default();
    headers.put("carom-version", "1", 4);
    headers.put("carom-original-topic", &from.topic, 249);
    headers.put("carom-original-partition", from.partition.to_string(), 11);
    headers.put("carom-original-offset", record.offset().to_string(), 20);
    match record.timestamp() {
        Timestamp::None => {}
        Timestamp::Create(at) => headers.stamp(at, "create"),
        Timestamp::Append(at) => headers.stamp(at, "append"),
    }
    if let Some(key) = record.key() {
        headers.put("carom-key-hash", format!("{:016x}", key_hash(&from.topic, key)), 16);
    }
    headers.put("carom-group", &why.group, 255);
    headers.put_some("carom-handler", why.handler.as_deref(), 255);
    headers.put_some("carom-event-type", why.event_type.as_deref(), 255);
    headers.put("carom-attempts", why.attempts.to_string(), 10);
    headers.put_some("carom-first-failure-time", why.first_failure.as_deref(), 32);
    headers.put_some("carom-last-failure-time", why.last_failure.as_deref(), 32);
    headers.put("carom-error-class", why.class, 16);
    headers.put_some("carom-error-type", why.error_type.as_deref(), 256);
    if reduced < Reduced::Message {
        headers.put("carom-error-message", &why.message, 1_024);
    }
    if reduced < Reduced::Chain {
        headers.put("carom-error-chain", why.chain.join(" <- "), 4_096);
    }
    headers.put("carom-service-name", &why.service, 255);
    match reduced {
        Reduced::No => {}
        Reduced::Chain => headers.put("carom-reduced", "chain", 16),
        Reduced::Message => headers.put("carom-reduced", "message", 16),
        Reduced::Pointer | Reduced::Position => {
            headers.put("carom-reduced", "pointer", 16);
            if let Some(value) = record.value() {
                headers.put("carom-original-size", value.len().to_string(), 20);
                headers.put("carom-original-sha256", hex(&Sha256::digest(value)), 64);
            }
        }
    }
    headers.done()
}

/// FNV-1a, 64 bits, over the topic, a zero byte and the key: tells records of one key apart from others without showing it.
pub(crate) fn key_hash(topic: &str, key: &[u8]) -> u64 {
    let bytes = topic.bytes().chain([0]).chain(key.iter().copied());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::kafka::record::{Batch, TopicPartition};

    type Bytes2 = (Vec<u8>, Option<Vec<u8>>);

    fn record(key: Option<&[u8]>, value: Option<&[u8]>, headers: &[Bytes2]) -> Record {
        let mut batch = Batch::new(TopicPartition::new("dev.sales.public.orders.v1", 3));
        batch.push(42, Timestamp::Create(1_700_000_000_000), key, value);
        for (name, value) in headers {
            batch.push_header(name, value.as_deref());
        }
        let batch = batch.seal(&Arc::default());
        let first = batch.records().next();
        first.unwrap()
    }

    fn why() -> Obituary {
        Obituary {
            group: "billing-dev".into(),
            handler: Some("shop::Billing/sales.order-placed.v1".into()),
            event_type: Some("sales.order-placed.v1".into()),
            attempts: 5,
            first_failure: Some("2026-01-01T00:00:00.000000Z".into()),
            last_failure: Some("2026-01-01T00:00:09.000000Z".into()),
            class: "transient",
            error_type: None,
            message: "the card\nwas declined".into(),
            chain: vec!["outer".into(), "inner".into()],
            service: "billing".into(),
        }
    }

    fn header<'a>(letter: &'a OutRecord, name: &str) -> Option<&'a str> {
        let (_, value) = letter.headers.iter().find(|(key, _)| key.as_bytes() == name.as_bytes())?;
        std::str::from_utf8(value.as_deref()?).ok()
    }

    #[test]
    fn the_headers_say_what_happened() {
        let letter = build(&record(Some(b"k"), Some(b"{}"), &[]), &why(), 1_000_000);
        for (name, value) in [
            ("carom-version", "1"),
            ("carom-original-topic", "dev.sales.public.orders.v1"),
            ("carom-original-partition", "3"),
            ("carom-original-offset", "42"),
            ("carom-original-timestamp", "1700000000000"),
            ("carom-original-timestamp-type", "create"),
            ("carom-group", "billing-dev"),
            ("carom-handler", "shop::Billing/sales.order-placed.v1"),
            ("carom-event-type", "sales.order-placed.v1"),
            ("carom-attempts", "5"),
            ("carom-first-failure-time", "2026-01-01T00:00:00.000000Z"),
            ("carom-last-failure-time", "2026-01-01T00:00:09.000000Z"),
            ("carom-error-class", "transient"),
            ("carom-error-message", "the card was declined"),
            ("carom-error-chain", "outer <- inner"),
            ("carom-service-name", "billing"),
        ] {
            assert_eq!(header(&letter, name), Some(value), "{name}");
        }
        assert_eq!(header(&letter, "carom-error-type"), None, "absent rather than empty");
        assert_eq!(header(&letter, "carom-key-hash").map(str::len), Some(16));
    }

    #[test]
    fn an_oversize_letter_loses_the_least_first() {
        let why = Obituary { message: "m".repeat(900), chain: vec!["c".repeat(4_000)], ..why() };
        let record =
            record(Some(b"k"), Some(&[b'v'; 50_000]), &[(b"ce_id".into(), Some(b"1".into())), (b"x".into(), None)]);
        let full = build(&record, &why, usize::MAX).wire_size();
        for (limit, reduced) in
            [(full, None), (full - 1, Some("chain")), (full - 4_200, Some("message")), (50_000, Some("pointer"))]
        {
            let letter = build(&record, &why, limit);
            assert_eq!(header(&letter, "carom-reduced"), reduced);
            assert!(letter.wire_size() <= limit);
        }
        let pointer = build(&record, &why, 50_000);
        assert_eq!(pointer.value.as_deref(), Some(&b""[..]), "empty, not null");
        assert_eq!((header(&pointer, "ce_id"), header(&pointer, "carom-original-size")), (Some("1"), Some("50000")));
        assert_eq!(header(&pointer, "x"), None);
        assert_eq!(header(&pointer, "carom-original-sha256").map(str::len), Some(64));
    }

    #[test]
    fn foreign_carom_headers_do_not_pass() {
        let headers =
            [(b"carom-attempts".to_vec(), Some(b"99".to_vec())), (b"carom-replay-count".to_vec(), Some(b"2".to_vec()))];
        let letter = build(&record(None, None, &headers), &why(), 1_000_000);
        assert_eq!(header(&letter, "carom-attempts"), Some("5"));
        assert_eq!(header(&letter, "carom-replay-count"), Some("2"));
    }

    fn some_headers() -> impl Strategy<Value = Vec<Bytes2>> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..20);
        proptest::collection::vec((bytes(), proptest::option::of(bytes())), 0..20)
    }

    proptest! {
        // Fails when `reduced` drops a header that is not ours, and when a null value becomes an empty one.
        #[test]
        fn without_our_headers_both_records_are_equal(
            key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)),
            value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..99)),
            headers in some_headers(),
        ) {
            let record = record(key.as_deref(), value.as_deref(), &headers);
            let letter = build(&record, &why(), 1_000_000);
            prop_assert_eq!(letter.key.as_deref(), record.key());
            prop_assert_eq!(letter.value.as_deref(), record.value());
            let theirs: Vec<_> = letter.headers.iter().filter(|(name, _)| !is_ours(name.as_bytes()))
                .map(|(name, value)| (name.as_bytes(), value.as_deref())).collect();
            prop_assert_eq!(theirs, record.headers().filter(|(name, _)| !is_ours(name)).collect::<Vec<_>>());
        }

        // Fails when `Reduced::Position` is left out of the steps, and when a cap is lifted.
        #[test]
        fn a_letter_always_fits(
            sizes in (0..200_000_usize, 0..200_000_usize, 0..200_000_usize), text in 0..9_000_usize, limit in SMALLEST..400_000_usize,
        ) {
            let (key, value, attribute) = sizes;
            let record = record(Some(&vec![b'k'; key]), Some(&vec![b'v'; value]), &[(b"ce_id".into(), Some(vec![b'i'; attribute]))]);
            let long = "ä".repeat(text);
            let why = Obituary { group: long.clone(), handler: Some(long.clone()), event_type: Some(long.clone()), message: long.clone(),
                chain: vec![long.clone(), long.clone()], service: long.clone(), error_type: Some(long), ..why() };
            let letter = build(&record, &why, limit);
            prop_assert!(letter.wire_size() <= limit, "{} > {limit}", letter.wire_size());
            let ours: usize = letter.headers.iter().filter(|(name, _)| is_ours(name.as_bytes()))
                .map(|(name, value)| name.as_bytes().len() + value.as_ref().map_or(0, bytes::Bytes::len)).sum();
            prop_assert!(ours < 10 * 1024);
        }
    }
}

//! Makes a dead letter of a record: verbatim if it fits, reduced step by step if it does not.
//!
//! Key, value and headers go unchanged into the dead-letter topic, then the `carom-*` headers say what happened. A record
//! near the size limit can become too large by that. Then the first of these forms that fits is taken, and
//! `carom-reduced` names it:
//!
//! 1. `chain`: without the error's source chain;
//! 2. `message`: without its message too;
//! 3. `pointer`: key, CloudEvents headers and an empty value, with size and digest of the value left out. If even that is
//!    too large (a huge key, say) it loses error texts, CloudEvents headers and key, and at the very end `carom-*` headers.

use std::iter;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::dead_letter_headers::{
    CaromHeaders, DeadLetterInfo, ERROR_CHAIN, ERROR_MESSAGE, ORIGINAL_SHA256, ORIGINAL_SIZE, PREFIX, REDUCED,
};
use crate::kafka::record::{Header, HeaderName, OutRecord, Record};

/// What the protocol adds to a record, at most: lengths, timestamp and its share of the batch.
const RECORD_OVERHEAD: usize = 128;

/// What the protocol adds to each header, at most: two lengths.
const HEADER_OVERHEAD: usize = 10;

/// Builds the dead letter of `record`; key, value, headers and the protocol's overhead together stay within `limit`.
///
/// It never fails: with a `limit` that leaves no room at all, an empty record remains, which still marks the place. If a
/// broker refuses the result as too large, call again with a smaller `limit`.
pub(crate) fn dead_letter(record: &Record, why: &DeadLetterInfo<'_>, limit: usize) -> OutRecord {
    let draft = Draft { record, why };
    let full = CaromHeaders::of(record, why);
    let fits = |form: &OutRecord| weight(form) <= limit;
    draft
        .verbatim(&full)
        .find(fits)
        .or_else(|| draft.pointers(&full).find(fits))
        .unwrap_or_else(|| draft.last_resort(&full, limit))
}

/// What was left out of a dead letter; to be logged as an error and counted.
pub(crate) fn reduced(dead_letter: &OutRecord) -> Option<&str> {
    let mut headers = dead_letter.headers.iter();
    let (_, value) = headers.find(|(name, _)| name.as_bytes() == REDUCED.as_bytes())?;
    str::from_utf8(value.as_ref()?).ok()
}

/// Size of a record as the broker counts it, at most.
fn weight(record: &OutRecord) -> usize {
    record.size() + record.headers.len() * HEADER_OVERHEAD + RECORD_OVERHEAD
}

struct Draft<'a> {
    record: &'a Record,
    why: &'a DeadLetterInfo<'a>,
}

impl<'a> Draft<'a> {
    /// Key, value and all headers unchanged; then the same with less about the error. Steps that leave out nothing are
    /// left out themselves.
    fn verbatim(&self, full: &CaromHeaders) -> impl Iterator<Item = OutRecord> {
        let no_chain = full.without(ERROR_CHAIN);
        let chain = full.contains(ERROR_CHAIN).then(|| no_chain.reduced_to("chain"));
        let message = full.contains(ERROR_MESSAGE).then(|| no_chain.without(ERROR_MESSAGE).reduced_to("message"));
        let forms = iter::once(full.clone()).chain(chain).chain(message);
        forms.map(|carom| self.build(self.record.key(), self.record.value(), self.originals(|_| true), &carom))
    }

    /// Without the value, and with ever less beside it.
    fn pointers(&self, full: &CaromHeaders) -> impl Iterator<Item = OutRecord> {
        let full = self.pointer_headers(full);
        let slim = full.without(ERROR_CHAIN).without(ERROR_MESSAGE);
        let forms = [
            (true, true, full),
            (true, true, slim.clone()),
            (true, false, slim.clone()),
            (false, true, slim.clone()),
            (false, false, slim),
        ];
        forms.into_iter().map(|(key, cloudevents, carom)| {
            let key = self.record.key().filter(|_| key);
            let headers = self.originals(move |name| cloudevents && describes_event(name));
            self.build(key, Some(&[]), headers, &carom)
        })
    }

    /// As many of our own headers as there is room for, but none without the mark: it would look like a verbatim copy.
    fn last_resort(&self, full: &CaromHeaders, limit: usize) -> OutRecord {
        let mut form = self.build(None, Some(&[]), iter::empty(), &CaromHeaders::default());
        for (name, value) in self.pointer_headers(full).iter() {
            form.headers.push((name.into(), Some(value)));
            if weight(&form) > limit {
                form.headers.pop();
            }
            if form.headers.is_empty() {
                break;
            }
        }
        form
    }

    /// Our headers, with size and digest of the value; a null value has neither, which tells it from an empty one.
    fn pointer_headers(&self, full: &CaromHeaders) -> CaromHeaders {
        let mut headers = full.reduced_to("pointer");
        if let Some(value) = self.record.value() {
            let digest: String = Sha256::digest(value).iter().map(|byte| format!("{byte:02x}")).collect();
            headers.text(ORIGINAL_SIZE, &value.len().to_string(), 20);
            headers.text(ORIGINAL_SHA256, &digest, 64);
        }
        headers
    }

    /// The headers of the record, without `carom-*`: those are ours to write.
    fn originals(&self, keep: impl Fn(&[u8]) -> bool) -> impl Iterator<Item = Header<'a>> {
        self.record.headers().filter(move |(name, _)| !name.starts_with(PREFIX) && keep(name))
    }

    fn build(
        &self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        originals: impl Iterator<Item = Header<'a>>,
        carom: &CaromHeaders,
    ) -> OutRecord {
        let originals = originals
            .map(|(name, value)| (HeaderName::Bytes(Bytes::copy_from_slice(name)), value.map(Bytes::copy_from_slice)));
        let partition = self.record.from().partition;
        OutRecord {
            topic: self.why.topic.clone(),
            partition: (0..self.why.partitions).contains(&partition).then_some(partition),
            key: key.map(Bytes::copy_from_slice),
            value: value.map(Bytes::copy_from_slice),
            headers: originals.chain(carom.iter().map(|(name, value)| (name.into(), Some(value)))).collect(),
        }
    }
}

/// Whether a pointer keeps the header: it says what the event is.
fn describes_event(name: &[u8]) -> bool {
    name.starts_with(b"ce_") || name == b"content-type"
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::{
        super::dead_letter_headers::{ErrorClass, ErrorText},
        *,
    };
    use crate::kafka::{
        held::HeldBytes,
        record::{Batch, Timestamp, TopicPartition},
    };

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
            redact: None,
        }
    }

    /// Everything at and over its cap.
    fn longest(text: &str) -> DeadLetterInfo<'_> {
        DeadLetterInfo {
            group: text,
            handler: text,
            event_type: Some(text),
            attempts: u32::MAX,
            retry_stage: Some(u32::MAX),
            error: ErrorText { kind: Some(text.into()), message: Some(text.into()), chain: vec![text.into(); 3] },
            service_name: text,
            service_version: text,
            service_instance: text,
            tracestate: &text[..512],
            original_key: Some(&text.as_bytes()[..512]),
            fence_id: text,
            ..why()
        }
    }

    fn is_ours(name: &[u8]) -> bool {
        name.starts_with(b"carom-")
    }

    fn ours(out: &OutRecord) -> BTreeMap<String, String> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let ours = out.headers.iter().filter(|(name, _)| is_ours(name.as_bytes()));
        ours.map(|(name, value)| (text(name.as_bytes()), text(value.as_ref().unwrap()))).collect()
    }

    fn header(out: &OutRecord, name: &str) -> Option<String> {
        ours(out).remove(name)
    }

    fn theirs(out: &OutRecord) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let theirs = out.headers.iter().filter(|(name, _)| !is_ours(name.as_bytes()));
        theirs.map(|(name, value)| (name.as_bytes().to_vec(), value.as_ref().map(|value| value.to_vec()))).collect()
    }

    fn originals(record: &Record) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let theirs = record.headers().filter(|(name, _)| !is_ours(name));
        theirs.map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect()
    }

    #[test]
    fn a_dead_letter_says_all_that_is_known() {
        let out = dead_letter(&order(&[]), &why(), ROOMY);
        let expected = [
            ("carom-attempts", "5"),
            ("carom-error-chain", "http <- connection refused"),
            ("carom-error-class", "transient"),
            ("carom-error-message", "charge failed"),
            ("carom-error-type", "GatewayError"),
            ("carom-event-type", "sales.order-placed.v1"),
            ("carom-first-failure-time", "2023-11-14T22:13:21.000002Z"),
            ("carom-group", "billing"),
            ("carom-handler", "Billing"),
            ("carom-key-hash", "5b4e186fbdb427db"),
            ("carom-last-failure-time", "2023-11-14T22:13:29.500000Z"),
            ("carom-original-offset", "42"),
            ("carom-original-partition", "3"),
            ("carom-original-timestamp", "1700000000123"),
            ("carom-original-timestamp-type", "create"),
            ("carom-original-topic", "dev.sales.public.orders.v1"),
            ("carom-service-instance", "billing-0"),
            ("carom-service-name", "billing"),
            ("carom-service-version", "1.2.3"),
            ("carom-traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("carom-tracestate", "a=b"),
            ("carom-version", "1"),
        ];
        let got = ours(&out);
        let got: Vec<_> = got.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(got, expected);
        assert_eq!((&*out.topic, out.partition), ("dev.sales.public.orders.v1.billing.dlq", Some(3)));
    }

    #[test]
    fn what_is_not_known_is_absent_rather_than_empty() {
        // Fails if `CaromHeaders::text` writes empty text.
        let bare = DeadLetterInfo {
            event_type: None,
            attempts: 0,
            class: ErrorClass::Decode,
            error: ErrorText::default(),
            service_name: "",
            service_version: "",
            service_instance: "",
            traceparent: "",
            tracestate: "",
            ..why()
        };
        let mut batch = Batch::new(TopicPartition::new("t", 0));
        batch.push(0, Timestamp::None, None, None);
        let record = batch.seal(&HeldBytes::unlimited()).records().next().unwrap();
        let names: Vec<_> = ours(&dead_letter(&record, &bare, ROOMY)).into_keys().collect();
        let expected = [
            "attempts",
            "error-class",
            "first-failure-time",
            "group",
            "handler",
            "last-failure-time",
            "original-offset",
            "original-partition",
            "original-topic",
            "version",
        ];
        assert_eq!(names, expected.map(|name| format!("carom-{name}")));
    }

    #[test]
    fn the_rarer_headers() {
        let rare = DeadLetterInfo { retry_stage: Some(2), original_key: Some(b"a\xff"), fence_id: "f-1", ..why() };
        let out = ours(&dead_letter(&order(&[(b"carom-replay-count", Some(b"3"))]), &rare, ROOMY));
        assert_eq!(out["carom-retry-stage"], "2");
        assert_eq!(out["carom-original-key"], "Yf8=");
        assert_eq!(out["carom-fence-id"], "f-1");
        assert_eq!(out["carom-replay-count"], "3");
        let huge = DeadLetterInfo { original_key: Some(&[0; 514]), traceparent: "00-".repeat(20).leak(), ..why() };
        let out = ours(&dead_letter(&order(&[]), &huge, ROOMY));
        assert!(!out.contains_key("carom-original-key"), "absent if over the cap");
        assert!(!out.contains_key("carom-traceparent"), "means nothing when cut");
    }

    #[test]
    fn the_record_goes_verbatim() {
        // Fails if `originals` keeps one header of each name, or `build` turns null into empty.
        let headers: Headers<'_> = &[
            (b"ce_id", Some(b"1")),
            (b"traceparent", Some(b"00-x")),
            (b"dup", Some(b"a")),
            (b"dup", None),
            (b"dup", Some(b"")),
            (b"\xff\xfe", Some(b"\0\xff")),
            (b"", Some(b"no name")),
            (b"Carom-Not-Ours", Some(b"x")),
        ];
        for (key, value) in [(Some(&b""[..]), None), (None, Some(&b""[..])), (Some(b"\xff"), Some(b"\0"))] {
            let record = record(key, value, headers);
            let out = dead_letter(&record, &why(), ROOMY);
            assert_eq!((out.key.as_deref(), out.value.as_deref()), (key, value));
            assert_eq!(theirs(&out), originals(&record));
            assert_eq!(reduced(&out), None);
        }
    }

    #[test]
    fn incoming_headers_of_our_name_are_dropped_unless_trusted() {
        // Fails if `originals` lets `carom-` pass, or `trusted_text` forgets to ask.
        let headers: Headers<'_> = &[
            (b"carom-original-topic", Some(b"first")),
            (b"carom-original-offset", Some(b"7")),
            (b"carom-first-failure-time", Some(b"2020-01-01T00:00:00.000000Z")),
            (b"carom-group", Some(b"evil")),
            (b"carom-unknown", Some(b"x")),
            (b"carom-replay-count", Some(b"many")),
        ];
        let distrusted = dead_letter(&order(headers), &why(), ROOMY);
        assert_eq!(distrusted, dead_letter(&order(&[]), &why(), ROOMY));
        let trusted = ours(&dead_letter(&order(headers), &DeadLetterInfo { trusted: true, ..why() }, ROOMY));
        assert_eq!(trusted["carom-original-topic"], "first");
        assert_eq!(trusted["carom-original-offset"], "7");
        assert_eq!(trusted["carom-first-failure-time"], "2020-01-01T00:00:00.000000Z");
        assert_eq!(trusted["carom-group"], "billing", "ours is the newer");
        for absent in ["carom-original-timestamp", "carom-unknown", "carom-replay-count"] {
            assert!(!trusted.contains_key(absent), "{absent}");
        }
    }

    #[test]
    fn redaction_comes_before_the_cap() {
        // Fails if the hook gets the joined or the capped text.
        let redact = |text: &str| text.replace("secret", "***");
        let long = format!("{}secret", "x".repeat(1_019));
        let error = ErrorText { kind: None, message: Some(long), chain: vec!["secret".into(), "a\nsecret".into()] };
        let out = dead_letter(&order(&[]), &DeadLetterInfo { error, redact: Some(&redact), ..why() }, ROOMY);
        assert_eq!(header(&out, ERROR_MESSAGE).unwrap(), format!("{}***", "x".repeat(1_019)));
        assert_eq!(header(&out, ERROR_CHAIN).unwrap(), "*** <- a ***");
    }

    #[test]
    fn caps_hold_and_all_our_headers_stay_below_10_kib() {
        // Fails if `number` or `text` is called twice with one name, or a cap is raised far.
        let text = "x".repeat(20_000);
        let mut wide = longest(&text);
        for pointer in [false, true] {
            wide.partitions = 1;
            let limit = if pointer { 12_000 } else { ROOMY };
            let out = dead_letter(
                &record(Some(&[1; 512]), Some(&[0; 20_000]), &[(b"carom-replay-count", Some(b"4294967295"))]),
                &wide,
                limit,
            );
            assert_eq!(reduced(&out), pointer.then_some("pointer"));
            let names: BTreeSet<_> = ours(&out).into_keys().collect();
            assert_eq!(names.len(), out.headers.len(), "each at most once");
            let total: usize = ours(&out).iter().map(|(name, value)| name.len() + value.len()).sum();
            assert!(total < 10 * 1024, "{total}");
            assert_eq!(header(&out, ERROR_MESSAGE).unwrap().len(), 1_024);
            assert_eq!(header(&out, ERROR_CHAIN).unwrap().len(), 4_096);
            assert_eq!(header(&out, "carom-service-version").unwrap().len(), 64);
        }
    }

    // Fails if `build` takes the range up to and with `partitions`.
    #[test]
    fn the_partition_is_kept_if_the_topic_has_it() {
        for (partitions, expected) in [(4, Some(3)), (3, None), (0, None), (-1, None)] {
            assert_eq!(dead_letter(&order(&[]), &DeadLetterInfo { partitions, ..why() }, ROOMY).partition, expected);
        }
    }

    #[test]
    fn a_record_too_large_is_reduced_step_by_step() {
        // Fails if any form is left out of `verbatim` or `pointers`, or they change places.
        let value = [7; 3_000];
        let record =
            record(Some(b"key"), Some(&value), &[(b"ce_id", Some(b"1")), (b"content-type", Some(b"t")), (b"x", None)]);
        let full = dead_letter(&record, &why(), ROOMY);
        let chain = dead_letter(&record, &why(), weight(&full) - 1);
        assert_eq!((reduced(&full), reduced(&chain)), (None, Some("chain")));
        assert_eq!((header(&chain, ERROR_CHAIN), header(&chain, ERROR_MESSAGE).is_some()), (None, true));
        let message = dead_letter(&record, &why(), weight(&chain) - 1);
        assert_eq!((reduced(&message), header(&message, ERROR_MESSAGE)), (Some("message"), None));
        assert_eq!((message.value.as_deref(), theirs(&message)), (Some(&value[..]), originals(&record)));
        let pointer = dead_letter(&record, &why(), weight(&message) - 1);
        assert_eq!(reduced(&pointer), Some("pointer"));
        assert_eq!((pointer.key.as_deref(), pointer.value.as_deref()), (Some(&b"key"[..]), Some(&b""[..])));
        assert_eq!(
            theirs(&pointer),
            [(b"ce_id".to_vec(), Some(b"1".to_vec())), (b"content-type".to_vec(), Some(b"t".to_vec()))]
        );
        assert_eq!(header(&pointer, ORIGINAL_SIZE).unwrap(), "3000");
        assert_eq!(
            header(&pointer, ORIGINAL_SHA256).unwrap(),
            "48c187767dddb44e5b7af78dabdec2b14f0f983e86e1fe695c65bc6a2a3cb42f"
        );
        assert!(header(&pointer, ERROR_CHAIN).is_some(), "there is room for it again");
    }

    #[test]
    fn a_step_that_leaves_out_nothing_is_left_out() {
        let quiet = DeadLetterInfo { error: ErrorText::default(), ..why() };
        let full = dead_letter(&order(&[]), &quiet, ROOMY);
        assert_eq!(reduced(&dead_letter(&order(&[]), &quiet, weight(&full) - 1)), Some("pointer"));
    }

    #[test]
    fn a_tombstone_as_pointer_has_no_size() {
        let record = record(Some(b"k"), None, &[(b"x", Some(&[0; 5_000]))]);
        let out = dead_letter(&record, &why(), 4_000);
        assert_eq!((reduced(&out), out.value.as_deref()), (Some("pointer"), Some(&b""[..])));
        assert_eq!((header(&out, ORIGINAL_SIZE), header(&out, ORIGINAL_SHA256)), (None, None));
    }

    // Fails if `pointers` leaves out a form, or `last_resort` does not stop without the mark or keeps what does not fit.
    #[test]
    fn even_a_huge_key_or_huge_event_headers_leave_a_dead_letter() {
        let huge = [1; 50_000];
        let by_key = dead_letter(&record(Some(&huge), Some(b"v"), &[(b"ce_id", Some(b"1"))]), &why(), 4_000);
        assert_eq!((by_key.key.as_deref(), theirs(&by_key).len()), (None, 1));
        assert!(header(&by_key, "carom-key-hash").is_some());
        let by_headers = dead_letter(&record(Some(b"k"), Some(b"v"), &[(b"ce_x", Some(&huge))]), &why(), 4_000);
        assert_eq!((by_headers.key.as_deref(), theirs(&by_headers).len()), (Some(&b"k"[..]), 0));
        let by_both = dead_letter(&record(Some(&huge), Some(b"v"), &[(b"ce_x", Some(&huge))]), &why(), 4_000);
        assert_eq!((by_both.key.as_deref(), header(&by_both, "carom-group").as_deref()), (None, Some("billing")));
        let tiny = dead_letter(&order(&[]), &why(), 250);
        assert_eq!((reduced(&tiny), header(&tiny, "carom-version").as_deref()), (Some("pointer"), Some("1")));
        let no_room_for_the_mark = dead_letter(&order(&[]), &why(), RECORD_OVERHEAD + 28);
        assert_eq!(no_room_for_the_mark.headers, [], "the version alone would fit, and mislead");
        let nothing = dead_letter(&order(&[]), &why(), 0);
        assert_eq!((nothing.size(), nothing.value.as_deref()), (0, Some(&b""[..])));
    }

    fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(any::<u8>(), 0..max)
    }

    fn any_header() -> impl Strategy<Value = (Vec<u8>, Option<Vec<u8>>)> {
        let name = prop_oneof![
            bytes(8),
            Just(b"ce_id".to_vec()),
            Just(b"carom-group".to_vec()),
            Just(b"carom-original-topic".to_vec()),
            Just(b"carom-replay-count".to_vec()),
        ];
        (name, prop::option::of(bytes(300)))
    }

    proptest! {
        // Fails if `last_resort` does not pop, or goes on without the mark, or `clean` keeps control characters.
        #[test]
        fn whatever_comes_a_dead_letter_fits_and_is_verbatim_or_says_what_is_missing(
            key in prop::option::of(bytes(400)),
            value in prop::option::of(bytes(3_000)),
            headers in prop::collection::vec(any_header(), 0..12),
            (message, handler) in (any::<String>(), any::<String>()),
            trusted in any::<bool>(),
            limit in prop_oneof![0..6_000usize, Just(ROOMY)],
        ) {
            let borrowed: Vec<_> = headers.iter().map(|(name, value)| (name.as_slice(), value.as_deref())).collect();
            let record = record(key.as_deref(), value.as_deref(), &borrowed);
            let error = ErrorText { kind: None, message: Some(message.clone()), chain: vec![message] };
            let out = dead_letter(&record, &DeadLetterInfo { handler: &handler, error, trusted, ..why() }, limit);
            prop_assert!(out.size() <= limit);
            let names: Vec<_> = out.headers.iter().map(|(name, _)| name.as_bytes()).filter(|name| is_ours(name)).collect();
            prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
            prop_assert!(ours(&out).values().all(|value| !value.is_empty() && !value.contains(char::is_control)));
            if reduced(&out) != Some("pointer") && header(&out, "carom-version").is_some() {
                prop_assert_eq!((out.key.as_deref(), out.value.as_deref()), (key.as_deref(), value.as_deref()));
                prop_assert_eq!(theirs(&out), originals(&record));
            } else {
                prop_assert_eq!(out.value.as_deref(), Some(&b""[..]));
            }
        }
    }
}

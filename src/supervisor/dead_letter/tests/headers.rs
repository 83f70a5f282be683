//! What a dead letter says in its headers: all that is known, each within its cap.

use std::collections::BTreeSet;

use super::*;

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
        ("carom-key-hash", "5b4e186fe6fa3fb4"),
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
fn redaction_comes_before_the_cap() {
    // Fails if the hook gets the joined or the capped text.
    let long = format!("{}secret", "x".repeat(1_019));
    let error = ErrorText { kind: None, message: Some(long), chain: vec!["secret".into(), "a\nsecret".into()] };
    let error = error.shown(|text| Some(text.replace("secret", "***")));
    let out = dead_letter(&order(&[]), &DeadLetterInfo { error, ..why() }, ROOMY);
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
        assert_eq!(names.len(), out.header_count(), "each at most once");
        let total: usize = ours(&out).iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(total < 10 * 1024, "{total}");
        assert_eq!(header(&out, ERROR_MESSAGE).unwrap().len(), 1_024);
        assert_eq!(header(&out, ERROR_CHAIN).unwrap().len(), 4_096);
        assert_eq!(header(&out, "carom-service-version").unwrap().len(), 64);
    }
}

//! The record goes as it came, to its partition; headers of our name only if they are trusted.

use super::*;

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
        assert_eq!((out.key(), out.value()), (key, value));
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

// Fails if `build` takes the range up to and with `partitions`.
#[test]
fn the_partition_is_kept_if_the_topic_has_it() {
    for (partitions, expected) in [(4, Some(3)), (3, None), (0, None), (-1, None)] {
        assert_eq!(dead_letter(&order(&[]), &DeadLetterInfo { partitions, ..why() }, ROOMY).partition, expected);
    }
}

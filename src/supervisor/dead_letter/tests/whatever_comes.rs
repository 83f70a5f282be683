//! Any record with any limit: the dead letter fits, and is verbatim or says what is missing.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

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
        let names: Vec<_> = out.headers().map(|(name, _)| name).filter(|name| is_ours(name)).collect();
        prop_assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        prop_assert!(ours(&out).values().all(|value| !value.is_empty() && !value.contains(char::is_control)));
        if reduced(&out) != Some("pointer") && header(&out, "carom-version").is_some() {
            prop_assert_eq!((out.key(), out.value()), (key.as_deref(), value.as_deref()));
            prop_assert_eq!(theirs(&out), originals(&record));
        } else {
            prop_assert_eq!(out.value(), Some(&b""[..]));
        }
    }
}

//! A record that is too large is reduced, step by step, until it fits.

use super::*;

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
    assert_eq!((message.value(), theirs(&message)), (Some(&value[..]), originals(&record)));
    let pointer = dead_letter(&record, &why(), weight(&message) - 1);
    assert_eq!(reduced(&pointer), Some("pointer"));
    assert_eq!((pointer.key(), pointer.value()), (Some(&b"key"[..]), Some(&b""[..])));
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

// Fails if names are compared byte for byte: readers take these for attributes, so the pointer needs them.
#[test]
fn a_pointer_keeps_the_attributes_in_any_spelling() {
    let names: [&[u8]; 5] = [b"CE_ID", b"Ce_SpecVersion", b"Content-Type", b"ce_type", b"ce"];
    let headers = names.map(|name| (name, Some(&b"1"[..])));
    let out = dead_letter(&record(Some(b"k"), Some(&[7; 3_000]), &headers), &why(), 2_000);
    let kept: Vec<_> = theirs(&out).into_iter().map(|(name, _)| name).collect();
    assert_eq!((reduced(&out), kept), (Some("pointer"), names[..4].iter().map(|name| name.to_vec()).collect()));
}

#[test]
fn a_tombstone_as_pointer_has_no_size() {
    let record = record(Some(b"k"), None, &[(b"x", Some(&[0; 5_000]))]);
    let out = dead_letter(&record, &why(), 4_000);
    assert_eq!((reduced(&out), out.value()), (Some("pointer"), Some(&b""[..])));
    assert_eq!((header(&out, ORIGINAL_SIZE), header(&out, ORIGINAL_SHA256)), (None, None));
}

// Fails if `pointers` leaves out a form, or `last_resort` does not stop without the mark or keeps what does not fit.
#[test]
fn even_a_huge_key_or_huge_event_headers_leave_a_dead_letter() {
    let huge = [1; 50_000];
    let by_key = dead_letter(&record(Some(&huge), Some(b"v"), &[(b"ce_id", Some(b"1"))]), &why(), 4_000);
    assert_eq!((by_key.key(), theirs(&by_key).len()), (None, 1));
    assert!(header(&by_key, "carom-key-hash").is_some());
    let by_headers = dead_letter(&record(Some(b"k"), Some(b"v"), &[(b"ce_x", Some(&huge))]), &why(), 4_000);
    assert_eq!((by_headers.key(), theirs(&by_headers).len()), (Some(&b"k"[..]), 0));
    let by_both = dead_letter(&record(Some(&huge), Some(b"v"), &[(b"ce_x", Some(&huge))]), &why(), 4_000);
    assert_eq!((by_both.key(), header(&by_both, "carom-group").as_deref()), (None, Some("billing")));
    let tiny = dead_letter(&order(&[]), &why(), 250);
    assert_eq!((reduced(&tiny), header(&tiny, "carom-version").as_deref()), (Some("pointer"), Some("1")));
    let no_room_for_the_mark = dead_letter(&order(&[]), &why(), RECORD_OVERHEAD + 28);
    assert_eq!(no_room_for_the_mark.header_count(), 0, "the version alone would fit, and mislead");
    let nothing = dead_letter(&order(&[]), &why(), 0);
    assert_eq!((nothing.size(), nothing.value()), (0, Some(&b""[..])));
}

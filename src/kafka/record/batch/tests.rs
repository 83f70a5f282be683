use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{super::BufferPool, *};
use crate::event::read;

type Pairs = Vec<(Vec<u8>, Option<Vec<u8>>)>;

fn pairs(headers: impl IntoIterator<Item = (&'static str, String)>) -> Pairs {
    headers.into_iter().map(|(name, value)| (name.as_bytes().to_vec(), Some(value.into_bytes()))).collect()
}

fn push(batch: &mut Batch, offset: i64, value: Option<&[u8]>, headers: &Pairs) {
    batch.push(offset, Timestamp::None, Some(&[offset as u8]), value);
    batch.push_headers(headers.iter().map(|(name, value)| (&name[..], value.as_deref())));
}

/// A pool whose buffers have been used before.
fn dirty_pool() -> Arc<BufferPool> {
    let pool = BufferPool::new();
    let mut dirt = Batch::pooled(TopicPartition::new("dirt", 0), &pool);
    for offset in 0..128 {
        push(&mut dirt, offset, Some(&[7; 1_000]), &pairs([("ce_type", "dirt".to_owned())]));
    }
    drop(dirt);
    pool
}

// Fails without `fitted`: a record that waits behind a parked key would hold the memory of 256 and count as one.
#[test]
fn a_small_batch_does_not_hold_a_large_buffer() {
    let pool = dirty_pool();
    let mut batch = Batch::pooled(TopicPartition::new("slow", 0), &pool);
    push(&mut batch, 0, Some(b"{}"), &Pairs::new());
    assert!(batch.buffers.capacity() > 100_000, "the pool gave a used buffer");
    let batch = batch.seal(&HeldBytes::unlimited());
    assert!(batch.buffers.capacity() <= ROOMY * batch.size());
    assert!(pool.take().capacity() > 100_000, "the used buffer went back");
}

/// Null, empty, and data.
const DATA: [Option<&[u8]>; 5] = [None, Some(b""), Some(b"{}"), Some("\"ä\"".as_bytes()), Some(b"\xc3{}")];

// Fails when an empty key has a hash: all records with one would wait for each other.
#[test]
fn the_same_key_has_the_same_lane_wherever_its_record_is() {
    const KEYS: [Option<&[u8]>; 5] = [None, Some(b""), Some(b"a"), Some(b"b"), Some(b"a")];
    let held = HeldBytes::unlimited();
    let hashes = || {
        let mut batch = Batch::new(TopicPartition::new("t", 0));
        KEYS.iter().for_each(|key| batch.push(0, Timestamp::None, *key, None));
        let hashes = |record: Record| [record.lane_hash(), record.detach(&held).lane_hash()];
        batch.seal(&held).records().map(hashes).collect::<Vec<_>>()
    };
    let [null, empty, a, b, again] = hashes()[..] else { unreachable!() };
    assert_eq!((null, empty), ([None; 2], [None; 2]));
    assert!(a[0].is_some() && a[0] == a[1] && a == again && a != b, "{a:?} {b:?}");
    // Fails when each batch has a hash of its own.
    assert_eq!(hashes()[2], a);
}

fn header() -> impl Strategy<Value = (Vec<u8>, Option<Vec<u8>>)> {
    const NAMES: [&str; 9] =
        ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type", "CE_ID", "ce_x", ""];
    const VALUES: [&str; 6] = ["1.0", "a", "b", "", "application/json", "2026-01-15T10:30:00Z"];
    let value = prop_oneof![6 => select(&VALUES[..]).prop_map(Some), 1 => Just(None)];
    (select(&NAMES[..]), value)
        .prop_map(|(name, value)| (name.as_bytes().to_vec(), value.map(|value| value.as_bytes().to_vec())))
}

fn headers() -> impl Strategy<Value = Pairs> {
    let plain = ("[ab]{1,2}", "[ab]{1,2}").prop_map(|(id, event_type)| {
        let version = ("ce_specversion", "1.0".to_owned());
        pairs([version, ("ce_id", id), ("ce_type", event_type), ("ce_source", "/s".to_owned())])
    });
    let nearly_plain = (plain, vec(header(), 0..2), 0..5_usize).prop_map(|(mut plain, more, at)| {
        more.into_iter().for_each(|one| plain.insert(at.min(plain.len()), one));
        plain
    });
    prop_oneof![1 => Just(Pairs::new()), 2 => vec(header(), 0..6), 4 => nearly_plain]
}

proptest! {
    // Fails when a header that has a twin is taken for the twin by its name alone, or `last.looks` leaves twins out.
    #[test]
    fn what_records_have_in_common_changes_nothing_about_any(
        records in vec((headers(), select(&DATA[..]), any::<bool>()), 1..8),
    ) {
        let mut batch = Batch::pooled(TopicPartition::new("t", 0), &dirty_pool());
        for (at, (headers, value, _)) in records.iter().enumerate() {
            push(&mut batch, at as i64, *value, headers);
        }
        batch.retain(|offset| records[offset as usize].2);
        let held = HeldBytes::unlimited();
        for record in batch.seal(&held).records() {
            for record in [record.detach(&held), record] {
                let (headers, value, _) = &records[record.offset() as usize];
                let got: Pairs =
                    record.headers().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect();
                prop_assert_eq!(&got, headers);
                prop_assert_eq!(record.value(), *value);
                prop_assert_eq!(record.text(), value.and_then(|value| std::str::from_utf8(value).ok()));
                prop_assert_eq!(record.key(), Some(&[record.offset() as u8][..]));
                let Some(event_type) = record.plain_type() else { continue };
                let read = read(record.headers(), record.value());
                prop_assert!(read.is_ok(), "{:?}", read);
                let read = read.unwrap();
                prop_assert_eq!(read.event_type.as_bytes(), event_type);
            }
        }
    }
}

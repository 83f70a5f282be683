//! The text of an offset map: frozen, within its limit, and read again or rejected.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::leb128::written as varint;

fn map(offsets: impl IntoIterator<Item = i64>) -> OffsetMap {
    let mut map = OffsetMap::default();
    for offset in offsets.into_iter().collect::<BTreeSet<_>>() {
        map.push(offset..offset + 1);
    }
    map
}

fn offsets(map: &OffsetMap) -> Vec<i64> {
    map.runs().iter().cloned().flatten().collect()
}

/// A map that is written as a bitmap and whose highest offset lies `span - 1` beyond the base.
fn scattered(base: i64, span: i64) -> OffsetMap {
    map((base..base + span).rev().step_by(2))
}

#[test]
fn nothing_beyond_the_base_needs_no_metadata() {
    assert_eq!(OffsetMap::default().encode(7), None);
    assert_eq!(map([3, 4]).encode(7), None, "all of it lies below");
    assert_eq!(map([3, 4]).encoded_len(7), 0);
    assert_eq!(OffsetMap::decode(b"", 7), Ok(OffsetMap::default()));
}

#[test]
fn the_text_is_frozen() {
    // Computed apart from this code, in another language; a change here needs a new magic.
    assert_eq!(map([101, 102, 105]).encode(100).unwrap(), "carom1:b:100:9gwXGyY");
    assert_eq!(map(1_001..9_000).encode(1_000).unwrap(), "carom1:r:1000:NyjpTQG/Pg");
}

#[test]
fn the_base_itself_may_be_finished() {
    // Happens when all received records finished and a former owner had finished the next.
    let done = map(7..12);
    assert_eq!(OffsetMap::decode(done.encode(7).unwrap().as_bytes(), 7), Ok(done));
}

#[test]
fn metadata_of_another_offset_is_stale() {
    // Fails if `open` leaves out `written_for != base`.
    let text = map([101, 105]).encode(100).unwrap();
    assert_eq!(OffsetMap::decode(text.as_bytes(), 99), Err(Rejected::Stale));
    assert_eq!(OffsetMap::decode(text.as_bytes(), 101), Err(Rejected::Stale));
}

#[test]
fn foreign_metadata_is_recognised() {
    for text in [&b"x"[..], b"carom", b"carom2:b:1:AAAA", b"\xff\xfe", b"consumer-1-host"] {
        assert_eq!(OffsetMap::decode(text, 1), Err(Rejected::Foreign), "{text:?}");
    }
}

#[test]
fn damaged_metadata_is_broken() {
    for text in ["", "b", "b:", "b:1", "b:1:", "b:x:AAAAAA", "x:1:AAAAAA", "b:1:AAAAAA", "r:1:?", "b::AAAA", "b:1:é"] {
        assert_eq!(OffsetMap::decode(format!("{MAGIC}{text}").as_bytes(), 1), Err(Rejected::Broken), "{text}");
    }
    assert_eq!(OffsetMap::decode(b"carom1:b:1:\xff\xff", 1), Err(Rejected::Broken));
}

#[test]
fn any_flipped_character_is_noticed() {
    // Fails if `open` leaves out the checksum.
    let text = scattered(100, 200).encode(100).unwrap();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(OffsetMap::decode(&bytes, 100).is_err(), "at {at}");
    }
    for end in 1..text.len() {
        assert!(OffsetMap::decode(&text.as_bytes()[..end], 100).is_err(), "cut at {end}");
    }
}

#[test]
fn hostile_lengths_neither_panic_nor_cost_memory() {
    let huge: Vec<u8> = varint(1).chain(varint(i64::MAX as u64)).collect();
    assert_eq!(OffsetMap::decode(seal(Tag::Runs, 5, &huge).as_bytes(), 5), Err(Rejected::Broken));
    let endless = [0xff; 2_000];
    assert_eq!(OffsetMap::decode(seal(Tag::Runs, 5, &endless).as_bytes(), 5), Err(Rejected::Broken));
    let wide: Vec<u8> = varint(1).chain(varint(1 << 60)).collect();
    let read = OffsetMap::decode(seal(Tag::Runs, 5, &wide).as_bytes(), 5).unwrap();
    assert_eq!(read.runs().len(), 1);
    let full = [0xff; 8];
    assert_eq!(
        OffsetMap::decode(seal(Tag::Bitmap, i64::MAX - 3, &full).as_bytes(), i64::MAX - 3),
        Err(Rejected::Broken)
    );
}

/// Bases with different numbers of digits move the length by one.
fn of_length(length: usize) -> (i64, OffsetMap) {
    (0..8)
        .map(|digits| 10i64.pow(digits))
        .flat_map(|base| (24_200..24_500).step_by(8).map(move |span| (base, scattered(base, span))))
        .find(|(base, map)| map.encoded_len(*base) == length)
        .expect("some base gives this length")
}

#[test]
fn the_limit_is_exact() {
    // Fails if `encode` compares with `>=`.
    for length in [4095, 4096] {
        let (base, map) = of_length(length);
        let text = map.encode(base).unwrap();
        assert_eq!((text.len(), map.overflows(base)), (length, false));
        assert_eq!(OffsetMap::decode(text.as_bytes(), base), Ok(map));
    }
    let (base, map) = of_length(4097);
    assert_eq!((map.encode(base), map.overflows(base)), (None, true));
    let text = seal(Tag::Bitmap, base, &map.bitmap(base));
    assert_eq!(OffsetMap::decode(text.as_bytes(), base), Err(Rejected::Broken), "longer than any of ours");
}

#[test]
fn the_hold_comes_before_the_offset_window_of_20_000_if_nothing_compresses() {
    let hold = (1..).find(|&span| longest(span) >= HOLD_AT).unwrap();
    assert!((18_000..20_000).contains(&hold), "{hold}");
    assert!(longest(u64::MAX) > LIMIT);
}

/// Sets with short and long runs, close to the base and far from it.
fn any_map() -> impl Strategy<Value = (i64, OffsetMap)> {
    let base = prop_oneof![0..2_000i64, 0..i64::MAX / 2];
    let lengths = prop::collection::vec((0..300u64, prop_oneof![1..4u64, 1..100_000u64]), 0..200);
    (base, lengths).prop_map(|(base, lengths)| {
        let mut map = OffsetMap::default();
        let mut at = base;
        for (gap, run) in lengths {
            at += gap as i64;
            map.push(at..at + run as i64);
            at += run as i64;
        }
        (base, map)
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read((base, map) in any_map()) {
        match map.encode(base) {
            Some(text) => {
                prop_assert!(text.is_ascii() && text.len() <= LIMIT);
                prop_assert_eq!(text.len(), map.encoded_len(base));
                prop_assert_eq!(OffsetMap::decode(text.as_bytes(), base), Ok(map));
            }
            None => prop_assert!(map.is_empty() || map.overflows(base)),
        }
    }

    #[test]
    fn both_encodings_say_the_same(base in 0..1_000i64, set in prop::collection::btree_set(0..600i64, 1..80)) {
        let map = map(set.iter().map(|offset| base + offset));
        let bitmap = OffsetMap::from_bitmap(base, &map.bitmap(base)).unwrap();
        let lengths: Vec<u8> = map.lengths(base).flat_map(varint).collect();
        prop_assert_eq!(&bitmap, &map);
        prop_assert_eq!(OffsetMap::from_lengths(base, &lengths).unwrap(), map);
        prop_assert_eq!(offsets(&bitmap), set.iter().map(|offset| base + offset).collect::<Vec<_>>());
    }

    #[test]
    fn what_lies_below_the_base_is_left_out(base in 0..200i64, set in prop::collection::btree_set(0..300i64, 1..80)) {
        let expected = map(set.iter().copied().filter(|&offset| offset >= base));
        let text = map(set).encode(base).unwrap_or_default();
        prop_assert_eq!(OffsetMap::decode(text.as_bytes(), base), Ok(expected));
    }

    #[test]
    fn the_bound_by_span_holds((base, map) in any_map()) {
        let end = map.runs().last().map_or(base, |run| run.end);
        prop_assert!(map.encoded_len(base) <= longest(end.abs_diff(base)));
    }

    #[test]
    fn garbage_never_panics(garbage in prop::collection::vec(any::<u8>(), 0..5_000), base in any::<i64>()) {
        let _ = OffsetMap::decode(&garbage, base);
        let _ = OffsetMap::decode(&[MAGIC.as_bytes(), &garbage].concat(), base);
    }

    #[test]
    fn garbage_with_a_right_checksum_never_panics(
        data in prop::collection::vec(any::<u8>(), 0..3_200), base in any::<i64>(), bitmap in any::<bool>(),
    ) {
        let tag = if bitmap { Tag::Bitmap } else { Tag::Runs };
        if let Ok(map) = OffsetMap::decode(seal(tag, base, &data).as_bytes(), base) {
            prop_assert!(map.runs().len() <= 8 * data.len());
            prop_assert!(map.runs().is_sorted_by(|a, b| a.end < b.start), "touching runs");
        }
    }

    #[test]
    fn varints_round_trip(value in any::<u64>()) {
        let bytes: Vec<u8> = varint(value).collect();
        let read = read_length(&mut bytes.as_slice());
        prop_assert_eq!(read, (value < 1 << 63).then_some(value), "63 bits hold every offset");
    }
}

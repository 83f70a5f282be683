//! The offset map: what finished beyond the committed offset, as text that travels in the commit metadata.
//!
//! It saves repeats after a crash or a rebalance and is never needed for safety: whatever cannot be read is ignored and
//! the records in question are handled again. So everything here fails towards an empty map.
//!
//! The text is `carom1:{tag}:{base}:{payload}`. `base` is the committed offset in decimal; a text whose base is not the
//! offset it was found at belongs to another position (an operator's tool moved the offset and kept the metadata) and
//! is stale. `payload` is unpadded base64 of a CRC-32 over all before it and the data, then the data:
//!
//! * tag `b`: a bitmap from the base on, lowest bit first;
//! * tag `r`: LEB128 lengths of runs from the base on, by turns unfinished and finished, the first may be 0.
//!
//! The shorter of the two is written.

use std::{iter, ops::Range};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};

/// Longest metadata that a broker takes, in characters; the text is ASCII.
pub(crate) const LIMIT: usize = 4096;

/// From this length on a partition takes no new records: 75 % of [`LIMIT`].
pub(crate) const HOLD_AT: usize = LIMIT / 4 * 3;

const MAGIC: &str = "carom1:";
const CHECKSUM: usize = 4;

/// Finished offsets, as ascending runs that neither overlap nor touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OffsetMap {
    runs: Vec<Range<i64>>,
}

/// Why metadata is not an offset map for this position. All of it is ignored; the kinds are for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// Somebody else's metadata, or a later version of ours.
    Foreign,
    /// Ours, but written for another offset.
    Stale,
    /// Ours, but damaged.
    Broken,
}

/// How the data of a map is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Bitmap,
    Runs,
}

impl Tag {
    fn letter(self) -> char {
        match self {
            Self::Bitmap => 'b',
            Self::Runs => 'r',
        }
    }
}

/// Length that no text of a map exceeds whose highest offset lies less than `span` beyond the base.
///
/// Costs nothing, so the exact [`OffsetMap::encoded_len`] has to be asked only when this comes near a limit.
pub(crate) fn longest(span: u64) -> usize {
    let data = usize::try_from(span.div_ceil(8)).unwrap_or(usize::MAX);
    text_len(19, data)
}

impl OffsetMap {
    /// Adds a run at the end; it may touch or overlap the last one, but not start before it.
    pub(crate) fn push(&mut self, run: Range<i64>) {
        if run.is_empty() {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
            _ => self.runs.push(run),
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs, ascending.
    pub(crate) fn runs(&self) -> &[Range<i64>] {
        &self.runs
    }

    /// Whether every offset of `range` is in the map; so an empty range is.
    pub(crate) fn covers(&self, range: &Range<i64>) -> bool {
        range.is_empty() || self.runs.iter().any(|run| run.start <= range.start && range.end <= run.end)
    }

    /// The text for a commit of `base`; `None` if nothing beyond it finished, or if the map [`overflows`](Self::overflows).
    pub(crate) fn encode(&self, base: i64) -> Option<String> {
        let (tag, len) = self.shorter(base)?;
        if len > LIMIT {
            return None;
        }
        let data = match tag {
            Tag::Bitmap => self.bitmap(base),
            Tag::Runs => self.lengths(base).flat_map(varint).collect(),
        };
        Some(seal(tag, base, &data))
    }

    /// Length of the text, whether it fits or not; 0 if nothing beyond `base` finished.
    pub(crate) fn encoded_len(&self, base: i64) -> usize {
        self.shorter(base).map_or(0, |(_, len)| len)
    }

    /// Whether the text is longer than a broker takes, so that the commit has to go without it.
    pub(crate) fn overflows(&self, base: i64) -> bool {
        self.encoded_len(base) > LIMIT
    }

    /// Reads the metadata found at the committed offset `base`; none is an empty map.
    ///
    /// Takes any bytes. Work and memory are bounded by the length of the text, which is bounded by [`LIMIT`].
    pub(crate) fn decode(metadata: &[u8], base: i64) -> Result<Self, Rejected> {
        if metadata.is_empty() {
            return Ok(Self::default());
        }
        if !metadata.starts_with(MAGIC.as_bytes()) {
            return Err(Rejected::Foreign);
        }
        if metadata.len() > LIMIT {
            return Err(Rejected::Broken);
        }
        let text = str::from_utf8(metadata).map_err(|_| Rejected::Broken)?;
        let (tag, data) = open(text, base)?;
        match tag {
            Tag::Bitmap => Self::from_bitmap(base, &data),
            Tag::Runs => Self::from_lengths(base, &data),
        }
        .ok_or(Rejected::Broken)
    }

    fn shorter(&self, base: i64) -> Option<(Tag, usize)> {
        let end = self.beyond(base).last()?.end;
        let bitmap = usize::try_from(end.abs_diff(base).div_ceil(8)).unwrap_or(usize::MAX);
        let runs: usize = self.lengths(base).map(|length| varint(length).count()).sum();
        let tag = if runs < bitmap { Tag::Runs } else { Tag::Bitmap };
        Some((tag, text_len(base.to_string().len(), runs.min(bitmap))))
    }

    /// The runs, cut to what lies at or beyond `base`.
    fn beyond(&self, base: i64) -> impl Iterator<Item = Range<i64>> + '_ {
        self.runs.iter().filter(move |run| run.end > base).map(move |run| run.start.max(base)..run.end)
    }

    fn lengths(&self, base: i64) -> impl Iterator<Item = u64> + '_ {
        let mut at = base;
        self.beyond(base).flat_map(move |run| {
            let pair = [run.start.abs_diff(at), run.end.abs_diff(run.start)];
            at = run.end;
            pair
        })
    }

    fn from_lengths(base: i64, mut data: &[u8]) -> Option<Self> {
        let mut map = Self::default();
        let mut at = base;
        while !data.is_empty() {
            let unfinished = read_varint(&mut data)?;
            let finished = read_varint(&mut data)?;
            let start = at.checked_add(i64::try_from(unfinished).ok()?)?;
            at = start.checked_add(i64::try_from(finished).ok()?)?;
            map.push(start..at);
        }
        Some(map)
    }

    fn bitmap(&self, base: i64) -> Vec<u8> {
        let mut bits = Vec::new();
        for bit in self.beyond(base).flatten().map(|offset| offset.abs_diff(base) as usize) {
            bits.resize((bit / 8 + 1).max(bits.len()), 0);
            bits[bit / 8] |= 1 << (bit % 8);
        }
        bits
    }

    fn from_bitmap(base: i64, data: &[u8]) -> Option<Self> {
        let mut map = Self::default();
        let bits = data.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
        for (at, _) in bits.enumerate().filter(|&(_, finished)| finished) {
            let offset = base.checked_add(i64::try_from(at).ok()?)?;
            map.push(offset..offset.checked_add(1)?);
        }
        Some(map)
    }
}

fn text_len(digits: usize, data: usize) -> usize {
    let payload = data.saturating_add(CHECKSUM).saturating_mul(4).div_ceil(3);
    payload.saturating_add(MAGIC.len() + "t:".len() + digits + ":".len())
}

fn head(tag: Tag, base: i64) -> String {
    format!("{MAGIC}{}:{base}:", tag.letter())
}

fn checksum(head: &str, data: &[u8]) -> [u8; CHECKSUM] {
    let mut crc = crc32fast::Hasher::new();
    crc.update(head.as_bytes());
    crc.update(data);
    crc.finalize().to_be_bytes()
}

fn seal(tag: Tag, base: i64, data: &[u8]) -> String {
    let mut text = head(tag, base);
    let payload = [&checksum(&text, data), data].concat();
    BASE64.encode_string(payload, &mut text);
    text
}

/// The reverse of [`seal`]; `text` starts with the magic.
fn open(text: &str, base: i64) -> Result<(Tag, Vec<u8>), Rejected> {
    let mut parts = text[MAGIC.len()..].splitn(3, ':');
    let tag = match parts.next() {
        Some("b") => Tag::Bitmap,
        Some("r") => Tag::Runs,
        _ => return Err(Rejected::Broken),
    };
    let written_for: i64 = parts.next().and_then(|base| base.parse().ok()).ok_or(Rejected::Broken)?;
    let payload = parts.next().and_then(|payload| BASE64.decode(payload).ok()).ok_or(Rejected::Broken)?;
    let (sum, data) = payload.split_first_chunk().ok_or(Rejected::Broken)?;
    if *sum != checksum(&head(tag, written_for), data) {
        return Err(Rejected::Broken);
    }
    if written_for != base {
        return Err(Rejected::Stale);
    }
    Ok((tag, data.to_vec()))
}

/// LEB128: seven bits a byte, lowest first, the top bit set on all but the last.
fn varint(value: u64) -> impl Iterator<Item = u8> {
    let mut rest = Some(value);
    iter::from_fn(move || {
        let value = rest?;
        rest = (value >= 0x80).then_some(value >> 7);
        Some(if rest.is_some() { value as u8 | 0x80 } else { value as u8 })
    })
}

fn read_varint(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = data.split_first()?;
        *data = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

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
        for text in
            ["", "b", "b:", "b:1", "b:1:", "b:x:AAAAAA", "x:1:AAAAAA", "b:1:AAAAAA", "r:1:?", "b::AAAA", "b:1:é"]
        {
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
            let read = read_varint(&mut bytes.as_slice());
            prop_assert_eq!(read, (value < 1 << 63).then_some(value), "63 bits hold every offset");
        }
    }
}

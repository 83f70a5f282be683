//! What is finished beyond the committed offset, as text for the commit's metadata: pure.
//!
//! Kafka keeps up to 4,096 characters beside every committed offset (`offset.metadata.max.bytes`; counted in UTF-16 units,
//! so only ASCII is written). Losing the text costs duplicates, never a record.

use std::{fmt, ops::Range};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// First word of the text; the digit is the version.
const MAGIC: &str = "carom1";

/// Most characters that a broker keeps.
pub(crate) const LIMIT: usize = 4_096;

/// Characters beyond which no new records are taken: 75 % of the limit.
pub(crate) const HOLD_AT: usize = 3_072;

/// A span of this many offsets fits below [`HOLD_AT`] whatever its pattern: 6 bits a character, and the first words.
pub(crate) const SAFE_SPAN: u64 = 6 * (HOLD_AT as u64 - 32);

/// Offsets that are finished, as runs in ascending order that do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OffsetMap {
    runs: Vec<Range<i64>>,
}

/// Why a text is not an offset map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAMap {
    /// Another program's metadata.
    Foreign,
    /// Ours, for another committed offset: somebody moved the offset and kept the text.
    Stale,
    /// Ours, and damaged.
    Broken,
}

impl fmt::Display for NotAMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "it was written by another program",
            Self::Stale => "it belongs to another offset",
            Self::Broken => "it is damaged",
        })
    }
}

impl OffsetMap {
    /// Adds a run that starts where the last one ended, or later.
    pub(crate) fn insert(&mut self, run: Range<i64>) {
        if run.is_empty() {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if last.end >= run.start => last.end = last.end.max(run.end),
            _ => self.runs.push(run),
        }
    }

    pub(crate) fn contains(&self, offset: i64) -> bool {
        let at = self.runs.partition_point(|run| run.end <= offset);
        self.runs.get(at).is_some_and(|run| run.contains(&offset))
    }

    pub(crate) fn runs(&self) -> impl Iterator<Item = &Range<i64>> {
        self.runs.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The text to commit beside `base`; `None` if there is nothing to say, or too much.
    pub(crate) fn encode(&self, base: i64) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let (runs, bitmap) = (self.as_runs(base), self.bitmap_bytes(base));
        let text = if runs.len() as u64 <= bitmap {
            format!("{MAGIC}:{base}:r:{}", STANDARD_NO_PAD.encode(runs))
        } else if bitmap <= LIMIT as u64 {
            format!("{MAGIC}:{base}:b:{}", STANDARD_NO_PAD.encode(self.as_bitmap(base, bitmap as usize)))
        } else {
            return None;
        };
        (text.len() <= LIMIT).then_some(text)
    }

    /// Whether the text is so long that no new records should be taken.
    pub(crate) fn is_nearly_full(&self, base: i64) -> bool {
        !self.is_empty() && self.encode(base).is_none_or(|text| text.len() > HOLD_AT)
    }

    /// Lengths of runs from `base` on, unfinished and finished in turn, as base-128 numbers.
    fn as_runs(&self, base: i64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut at = base;
        for run in &self.runs {
            put(&mut bytes, run.start.abs_diff(at));
            put(&mut bytes, run.end.abs_diff(run.start));
            at = run.end;
        }
        bytes
    }

    fn bitmap_bytes(&self, base: i64) -> u64 {
        self.runs.last().map_or(0, |run| run.end.abs_diff(base).div_ceil(8))
    }

    /// One bit for each offset from `base` on, lowest first.
    fn as_bitmap(&self, base: i64, bytes: usize) -> Vec<u8> {
        let mut bitmap = vec![0; bytes];
        for offset in self.runs.iter().cloned().flatten() {
            let bit = offset.abs_diff(base) as usize;
            bitmap[bit / 8] |= 1 << (bit % 8);
        }
        bitmap
    }

    /// Reads the text that was committed beside `base`. An empty text is an empty map.
    pub(crate) fn decode(metadata: &[u8], base: i64) -> Result<Self, NotAMap> {
        if metadata.is_empty() {
            return Ok(Self::default());
        }
        let text = std::str::from_utf8(metadata).map_err(|_| NotAMap::Foreign)?;
        let rest = text.strip_prefix(MAGIC).and_then(|rest| rest.strip_prefix(':')).ok_or(NotAMap::Foreign)?;
        let mut words = rest.splitn(3, ':');
        let (Some(written), Some(form), Some(data)) = (words.next(), words.next(), words.next()) else {
            return Err(NotAMap::Broken);
        };
        if written.parse::<i64>().map_err(|_| NotAMap::Broken)? != base {
            return Err(NotAMap::Stale);
        }
        if data.len() > LIMIT {
            return Err(NotAMap::Broken);
        }
        let data = STANDARD_NO_PAD.decode(data).map_err(|_| NotAMap::Broken)?;
        match form {
            "r" => Self::from_runs(&data, base),
            "b" => Self::from_bitmap(&data, base),
            _ => Err(NotAMap::Broken),
        }
    }

    fn from_runs(mut data: &[u8], base: i64) -> Result<Self, NotAMap> {
        let mut map = Self::default();
        let mut at = base;
        while !data.is_empty() {
            let start = at.checked_add_unsigned(take(&mut data)?).ok_or(NotAMap::Broken)?;
            let end = start.checked_add_unsigned(take(&mut data)?).ok_or(NotAMap::Broken)?;
            map.insert(start..end);
            at = end;
        }
        Ok(map)
    }

    fn from_bitmap(data: &[u8], base: i64) -> Result<Self, NotAMap> {
        let mut map = Self::default();
        for bit in 0..data.len() * 8 {
            if data[bit / 8] & (1 << (bit % 8)) != 0 {
                let offset = base.checked_add_unsigned(bit as u64).filter(|offset| *offset < i64::MAX);
                let offset = offset.ok_or(NotAMap::Broken)?;
                map.insert(offset..offset + 1);
            }
        }
        Ok(map)
    }
}

/// Appends a number, seven bits a byte, lowest first.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(data: &mut &[u8]) -> Result<u64, NotAMap> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = data.split_first().ok_or(NotAMap::Broken)?;
        *data = rest;
        let bits = u64::from(byte & 0x7f);
        number |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits).ok_or(NotAMap::Broken)?;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(NotAMap::Broken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(runs: impl IntoIterator<Item = Range<i64>>) -> OffsetMap {
        let mut map = OffsetMap::default();
        runs.into_iter().for_each(|run| map.insert(run));
        map
    }

    fn read(text: &str, base: i64) -> Result<OffsetMap, NotAMap> {
        OffsetMap::decode(text.as_bytes(), base)
    }

    #[test]
    fn the_text_is_frozen() {
        assert_eq!(map([12..60]).encode(10).unwrap(), "carom1:10:r:AjA");
        let odd = map((0..9).map(|n| 11 + 2 * n..12 + 2 * n));
        assert_eq!(odd.encode(10).unwrap(), "carom1:10:b:qqoC");
        assert_eq!(read("carom1:10:b:qqoC", 10), Ok(odd));
        assert_eq!(map([]).encode(10), None);
    }

    #[test]
    fn foreign_stale_and_broken_texts_are_told_apart() {
        assert_eq!(read("", 10), Ok(OffsetMap::default()));
        for foreign in ["x", "carom", "carom2:10:r:AgM", "bjQE//8="] {
            assert_eq!(read(foreign, 10), Err(NotAMap::Foreign), "{foreign}");
        }
        assert_eq!(OffsetMap::decode(b"\xff\xfe", 10), Err(NotAMap::Foreign));
        assert_eq!(read("carom1:10:r:AgM", 10), Ok(map([12..15])));
        assert_eq!(read("carom1:10:r:AgM", 9), Err(NotAMap::Stale));
        for broken in [
            "carom1:",
            "carom1:x:r:AgM",
            "carom1:10:r:%",
            "carom1:10:q:AgM",
            "carom1:10:r:Ag",
            "carom1:10:r://///////////w",
        ] {
            assert_eq!(read(broken, 10), Err(NotAMap::Broken), "{broken}");
        }
    }

    // Fails when `encode` compares with LIMIT + 1.
    #[test]
    fn a_text_that_is_too_long_is_left_out() {
        let odd = |count: i64| map((0..count).map(|n| 1 + 2 * n..2 + 2 * n));
        let longest = (1..20_000).rev().find(|count| odd(*count).encode(0).is_some()).unwrap();
        let text = odd(longest).encode(0).unwrap();
        assert!((LIMIT - 3..=LIMIT).contains(&text.len()), "{}", text.len());
        assert_eq!(odd(longest + 24).encode(0), None);
        assert!(odd(longest).is_nearly_full(0) && !odd(100).is_nearly_full(0));
    }

    #[test]
    fn a_safe_span_never_holds() {
        let worst = map((0..SAFE_SPAN as i64 / 2).map(|n| i64::MAX / 2 + 1 + 2 * n..i64::MAX / 2 + 2 + 2 * n));
        assert!(!worst.is_nearly_full(i64::MAX / 2));
    }

    proptest! {
        // Fails when `as_bitmap` or `as_runs` forgets `base`, and when `insert` does not join runs.
        #[test]
        fn what_is_written_is_read(base in 0..1_i64 << 60, lengths in proptest::collection::vec((1..400_i64, 1..400_i64), 0..60)) {
            let mut at = base;
            let runs = lengths.into_iter().map(|(unfinished, finished)| {
                let start = at + unfinished;
                at = start + finished;
                start..at
            });
            let map = map(runs);
            match map.encode(base) {
                Some(text) => {
                    prop_assert!(text.is_ascii() && text.len() <= LIMIT);
                    prop_assert_eq!(OffsetMap::decode(text.as_bytes(), base), Ok(map));
                }
                None => prop_assert!(map.is_empty()),
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "(carom1:)?[0-9]{1,3}:[rb]:[A-Za-z0-9+/]{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..60), base in 0..1000_i64) {
            let _ = OffsetMap::decode(text.as_bytes(), base);
            let _ = OffsetMap::decode(&bytes, base);
            let _ = OffsetMap::decode(format!("carom1:{base}:r:{}", STANDARD_NO_PAD.encode(&bytes)).as_bytes(), base);
        }
    }
}

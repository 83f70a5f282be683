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

use std::ops::Range;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD as BASE64};

use crate::leb128;

/// Longest metadata that a broker takes, in characters; the text is ASCII.
pub(crate) const LIMIT: usize = 4096;

/// From this length on a partition takes no new records: 75 % of [`LIMIT`].
pub(crate) const HOLD_AT: usize = LIMIT / 4 * 3;

/// By which our text is known; another version of it would have another number.
const MAGIC: &str = "carom1:";
/// Bytes of the CRC-32. It covers the head too, so a damaged base is noticed.
const CHECKSUM: usize = 4;

/// Finished offsets, as ascending runs that neither overlap nor touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OffsetMap {
    /// Half-open: `end` is not finished.
    runs: Vec<Range<i64>>,
}

/// Why metadata is not an offset map for this position. All of it is ignored; the kind is for the log.
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
    /// Short where finished and unfinished offsets alternate.
    Bitmap,
    /// Short where they come in long stretches.
    Runs,
}

impl Tag {
    /// How it stands in the text.
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

    /// The text for a commit of `base`; `None` if nothing beyond it finished, or if the map
    /// [`overflows`](Self::overflows).
    pub(crate) fn encode(&self, base: i64) -> Option<String> {
        let (tag, len) = self.shorter(base)?;
        if len > LIMIT {
            return None;
        }
        let data = match tag {
            Tag::Bitmap => self.bitmap(base),
            Tag::Runs => self.lengths(base).flat_map(leb128::written).collect(),
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

    /// Which form is the shorter one, and how long the text is with it; `None` if there is nothing to write.
    fn shorter(&self, base: i64) -> Option<(Tag, usize)> {
        let end = self.beyond(base).last()?.end;
        let bitmap = usize::try_from(end.abs_diff(base).div_ceil(8)).unwrap_or(usize::MAX);
        let runs: usize = self.lengths(base).map(|length| leb128::written(length).count()).sum();
        let tag = if runs < bitmap { Tag::Runs } else { Tag::Bitmap };
        Some((tag, text_len(base.to_string().len(), runs.min(bitmap))))
    }

    /// The runs, cut to what lies at or beyond `base`.
    fn beyond(&self, base: i64) -> impl Iterator<Item = Range<i64>> + '_ {
        self.runs.iter().filter(move |run| run.end > base).map(move |run| run.start.max(base)..run.end)
    }

    /// The runs as lengths, by turns unfinished and finished.
    fn lengths(&self, base: i64) -> impl Iterator<Item = u64> + '_ {
        let mut at = base;
        self.beyond(base).flat_map(move |run| {
            let pair = [run.start.abs_diff(at), run.end.abs_diff(run.start)];
            at = run.end;
            pair
        })
    }

    /// The reverse; `None` if a length is broken off, or the offsets run over.
    fn from_lengths(base: i64, mut data: &[u8]) -> Option<Self> {
        let mut map = Self::default();
        let mut at = base;
        while !data.is_empty() {
            let unfinished = read_length(&mut data)?;
            let finished = read_length(&mut data)?;
            let start = at.checked_add(i64::try_from(unfinished).ok()?)?;
            at = start.checked_add(i64::try_from(finished).ok()?)?;
            map.push(start..at);
        }
        Some(map)
    }

    /// One bit for each offset, up to the last one that is finished.
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

/// Characters of a text whose base has so many `digits`, with so many bytes of data.
fn text_len(digits: usize, data: usize) -> usize {
    let payload = data.saturating_add(CHECKSUM).saturating_mul(4).div_ceil(3);
    payload.saturating_add(MAGIC.len() + "t:".len() + digits + ":".len())
}

/// What stands before the payload, which the checksum covers too.
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

/// A length; none has more than nine bytes.
fn read_length(data: &mut &[u8]) -> Option<u64> {
    leb128::read(data, 9)
}

#[cfg(test)]
mod tests;

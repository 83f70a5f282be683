//! The headers of a record as they are on the wire, read and written.
//!
//! A count (that [`OutRecord`](super::OutRecord) keeps apart), then name and value of each, all with their lengths
//! before them; the lengths are zigzag varints, −1 stands for null
//! (<https://kafka.apache.org/documentation/#recordheader>).

use bytes::{BufMut, BytesMut};

use super::Header;
use crate::leb128;

/// Reads headers where they lie.
#[derive(Debug, Clone)]
pub(crate) struct WireHeaders<'a> {
    left: i64,
    bytes: &'a [u8],
}

impl<'a> WireHeaders<'a> {
    /// `bytes` are those of a record behind its value. The headers end where they cannot be read.
    pub(in crate::kafka) fn new(mut bytes: &'a [u8]) -> Self {
        let left = varint(&mut bytes).unwrap_or(0);
        Self { left, bytes }
    }

    /// So many headers, without a count before them.
    pub(super) fn counted(count: usize, bytes: &'a [u8]) -> Self {
        Self { left: count as i64, bytes }
    }

    fn read(&mut self) -> Option<Header<'a>> {
        let name = part(&mut self.bytes)??;
        Some((name, part(&mut self.bytes)?))
    }
}

impl<'a> Iterator for WireHeaders<'a> {
    type Item = Header<'a>;

    #[inline]
    fn next(&mut self) -> Option<Header<'a>> {
        if self.left <= 0 {
            return None;
        }
        let header = self.read();
        self.left = if header.is_some() { self.left - 1 } else { 0 };
        header
    }
}

/// Appends bytes with their length before them; null has no bytes.
#[inline]
pub(super) fn put_part(bytes: &mut BytesMut, part: Option<&[u8]>) {
    let length = part.map_or(-1, |part| part.len() as i64);
    let zigzag = (length << 1) ^ (length >> 63);
    if zigzag < 0x80 {
        bytes.put_u8(zigzag as u8);
    } else {
        leb128::written(zigzag.cast_unsigned()).for_each(|byte| bytes.put_u8(byte));
    }
    bytes.put_slice(part.unwrap_or_default());
}

/// Bytes with their length before them, which may be null; `None` if they are not there.
#[inline]
fn part<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    match varint(bytes)? {
        -1 => Some(None),
        length => {
            let (part, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
            *bytes = rest;
            Some(Some(part))
        }
    }
}

#[inline]
fn varint(bytes: &mut &[u8]) -> Option<i64> {
    // Nearly all lengths are below 64.
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        *bytes = rest;
        return Some(zigzag(u64::from(first)));
    }
    leb128::read(bytes, 10).map(zigzag)
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    type Pairs = Vec<(Vec<u8>, Option<Vec<u8>>)>;

    fn put(bytes: &mut Vec<u8>, value: i64) {
        bytes.extend(leb128::written((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned()));
    }

    // Spelled out, so that it is no mirror of `put_part`.
    fn written(headers: &Pairs) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, headers.len() as i64);
        for (name, value) in headers {
            put(&mut bytes, name.len() as i64);
            bytes.extend(name);
            put(&mut bytes, value.as_ref().map_or(-1, |value| value.len() as i64));
            bytes.extend(value.iter().flatten());
        }
        bytes
    }

    fn put_in_parts(headers: &Pairs) -> BytesMut {
        let mut bytes = BytesMut::new();
        for (name, value) in headers {
            put_part(&mut bytes, Some(name));
            put_part(&mut bytes, value.as_deref());
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Pairs {
        WireHeaders::new(bytes).map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect()
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(headers in vec((vec(any::<u8>(), 0..300), option::of(vec(any::<u8>(), 0..300))), 0..9)) {
            let bytes = written(&headers);
            prop_assert_eq!(read(&bytes), headers.clone());
            // There are less than 64, so the count is one byte.
            prop_assert_eq!(&put_in_parts(&headers)[..], &bytes[1..]);
        }

        // Anybody may write to a topic.
        #[test]
        fn what_is_cut_off_ends_the_headers(headers in vec((vec(any::<u8>(), 0..9), option::of(vec(any::<u8>(), 0..200))), 0..9), at in 0..500_usize) {
            let bytes = written(&headers);
            let found = read(&bytes[..at.min(bytes.len())]);
            prop_assert_eq!(&found[..], &headers[..found.len()]);
        }

        #[test]
        fn any_bytes_end(bytes in vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&bytes).len() <= bytes.len());
        }
    }

    #[test]
    fn lengths_that_cannot_be_end_the_headers() {
        for bad in [&[][..], &[1], &[0], &[2, 1], &[2, 3], &[2, 2, b'a', 3], &[2, 200, 200], &[2; 1]] {
            assert_eq!(read(bad), [], "{bad:?}");
        }
        // A varint of eleven bytes, and a length beyond every address.
        assert_eq!(read(&[&[2][..], &[0xff; 10], &[0]].concat()), []);
        assert_eq!(read(&[&[2][..], &[0xfe], &[0xff; 8], &[1]].concat()), []);
    }

    // librdkafka gives none beyond 100,000: what is dead-lettered would not be what came.
    #[test]
    fn there_may_be_very_many() {
        let headers = vec![(b"a".to_vec(), None); 200_000];
        assert_eq!(read(&written(&headers)).len(), headers.len());
        let mut more = Vec::new();
        put(&mut more, i64::MAX);
        assert_eq!(read(&[&more[..], &[0, 0, 0, 0]].concat()).len(), 2, "as many as there are bytes for");
    }
}

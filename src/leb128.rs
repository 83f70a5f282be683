//! LEB128: seven bits a byte, lowest first, the top bit set on all but the last. Kafka's records count in it, and so do
//! offset maps.

use std::iter;

/// The bytes of a number.
pub(crate) fn written(value: u64) -> impl Iterator<Item = u8> {
    let mut rest = Some(value);
    iter::from_fn(move || {
        let value = rest?;
        rest = (value >= 0x80).then_some(value >> 7);
        Some(if rest.is_some() { value as u8 | 0x80 } else { value as u8 })
    })
}

/// Takes a number off the front; `None` if it is broken off, or has more than `most` bytes, of which there may be ten.
pub(crate) fn read(data: &mut &[u8], most: u32) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..7 * most).step_by(7) {
        let (&byte, rest) = data.split_first()?;
        *data = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

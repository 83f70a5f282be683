//! Headers as the broker sent them, read in the message: carom's way (decision 28).

use std::{
    ffi::{c_int, c_void},
    ptr, slice,
};

use rdkafka::bindings as sys;

use super::Message;

/// What librdkafka 2.12.1 keeps with a message, as far as needed.
#[repr(C)]
struct Inside {
    message: sys::rd_kafka_message_t,
    link: [*mut c_void; 2],
    flags: c_int,
    timestamp_type: c_int,
    timestamp: i64,
    headers: *mut sys::rd_kafka_headers_t,
    status: c_int,
    broker: i32,
    wire_headers_len: i32,
    wire_headers: *const c_void,
}

impl Message {
    /// The values of `ce_type` and `ce_id`; looks no further than it must.
    pub(in super::super) fn type_and_id(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        // SAFETY: in this version a message that was fetched is the first field of such a structure.
        let inside = unsafe { &*ptr::from_ref(self.raw()).cast::<Inside>() };
        let behind: *const c_void = self.payload().as_ptr_range().end.cast();
        assert_eq!(inside.wire_headers, behind, "this is another version of librdkafka");
        let len = usize::try_from(inside.wire_headers_len).unwrap_or(0);
        // SAFETY: so many bytes of the answer are there, and live as long as the message.
        let mut bytes = unsafe { slice::from_raw_parts(inside.wire_headers.cast::<u8>(), len) };
        let (mut kind, mut id) = (None, None);
        for _ in 0..length(&mut bytes) {
            let (name, value) = (part(&mut bytes), part(&mut bytes));
            match name {
                Some(b"ce_type") => kind = value,
                Some(b"ce_id") => id = value,
                _ => {}
            }
            if kind.is_some() && id.is_some() {
                break;
            }
        }
        (kind, id)
    }
}

fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(length(bytes)).ok()?;
    let (part, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(part)
}

/// A zigzag varint.
fn length(bytes: &mut &[u8]) -> i64 {
    let (mut value, mut shift) = (0_u64, 0);
    while let Some((&byte, rest)) = bytes.split_first() {
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 || shift > 56 {
            break;
        }
    }
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

//! The only module with `unsafe`: what librdkafka offers and rdkafka does not, or does at too high a price.
#![allow(unsafe_code)]

mod batch;
mod brokers;
mod conf;
mod members;
mod message;
pub(in crate::kafka) mod mock;
mod offsets;
pub(in crate::kafka) mod produce;
mod queue;
#[cfg(test)]
pub(super) mod testing;

use std::{
    ffi::{CStr, c_char, c_void},
    slice,
    time::Duration,
};

pub(super) use batch::{PartitionQueue, RecordError};
pub(super) use brokers::add_brokers;
pub(super) use conf::option_names;
pub(super) use members::client_ids;
pub(super) use offsets::{CommitAnswer, CommitQueue, committed, low, set_leader_epoch};

/// A time as librdkafka takes it.
fn millis(time: Duration) -> i32 {
    time.as_millis().try_into().unwrap_or(i32::MAX)
}

/// # Safety
/// `data` is null or points to `len` bytes that live for `'a`.
unsafe fn bytes<'a>(data: *const c_void, len: usize) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    (!data.is_null()).then(|| unsafe { slice::from_raw_parts(data.cast(), len) })
}

/// `len` elements from `data` on; none if there is nothing.
///
/// # Safety
/// `data` is null or points to `len` elements that live for `'a`.
unsafe fn elements<'a, T>(data: *const T, len: i32) -> &'a [T] {
    match usize::try_from(len) {
        // SAFETY: as the caller promises.
        Ok(len) if !data.is_null() => unsafe { slice::from_raw_parts(data, len) },
        _ => &[],
    }
}

/// # Safety
/// `data` is null or points to a text that ends with a NUL.
unsafe fn text(data: *const c_char) -> String {
    if data.is_null() {
        return String::new();
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(data) }.to_string_lossy().into_owned()
}

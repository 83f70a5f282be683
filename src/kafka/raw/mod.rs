//! The only module with `unsafe`: what librdkafka offers and rdkafka does not, or does at too high a price.
#![allow(unsafe_code)]

mod batch;
mod conf;
mod members;
pub(in crate::kafka) mod mock;
mod offsets;
pub(in crate::kafka) mod produce;
mod queue;
#[cfg(test)]
pub(super) mod testing;

use std::{
    ffi::{CStr, c_char, c_void},
    slice,
};

pub(super) use batch::{PartitionQueue, RecordError};
pub(super) use conf::option_names;
pub(super) use members::client_ids;
pub(super) use offsets::{CommitAnswer, CommitQueue, committed, set_leader_epoch};

/// # Safety
/// `data` is null or points to `len` bytes that live for `'a`.
unsafe fn bytes<'a>(data: *const c_void, len: usize) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    (!data.is_null()).then(|| unsafe { slice::from_raw_parts(data.cast(), len) })
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

//! The names of librdkafka's options, from the dump of a configuration that nobody has changed.

use std::ptr::NonNull;

use rdkafka::{ClientConfig, bindings as sys};

use super::text;

/// The options that have a value from the start: those of clients, then those of topics. An option without a value,
/// such as a password, is not among them.
pub(in crate::kafka) fn option_names() -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(client) = ClientConfig::new().create_native_config() {
        let mut len = 0;
        // SAFETY: the configuration lives until the end of the block; the dump is a copy of it.
        names.extend(unsafe { dumped(sys::rd_kafka_conf_dump(client.ptr(), &raw mut len), &raw const len) });
    }
    // SAFETY: it takes no arguments; null is checked.
    if let Some(topic) = NonNull::new(unsafe { sys::rd_kafka_topic_conf_new() }) {
        let mut len = 0;
        // SAFETY: the configuration is ours until it is destroyed, after the dump, which is a copy of it.
        unsafe {
            names.extend(dumped(sys::rd_kafka_topic_conf_dump(topic.as_ptr(), &raw mut len), &raw const len));
            sys::rd_kafka_topic_conf_destroy(topic.as_ptr());
        }
    }
    names
}

/// The names of a dump, which is freed.
///
/// # Safety
/// `dump` came from one of librdkafka's dump functions, which has written the number of its entries to `len`.
unsafe fn dumped(dump: *mut *const std::ffi::c_char, len: *const usize) -> Vec<String> {
    // SAFETY: as the caller promises; names stand at the even places, their values behind them.
    unsafe {
        let names = (0..*len).step_by(2).map(|at| text(*dump.add(at))).collect();
        sys::rd_kafka_conf_dump_free(dump, *len);
        names
    }
}

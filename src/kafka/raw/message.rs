//! A message of librdkafka's, and its headers without a copy of each.

use std::{
    ffi::{CStr, c_int, c_void},
    marker::PhantomData,
    ptr::{self, NonNull},
    slice,
    sync::LazyLock,
};

use rdkafka::{bindings as sys, error::RDKafkaErrorCode};

use super::{batch::RecordError, bytes, text};
use crate::kafka::record::{Batch, Header, Timestamp, WireHeaders, leader_epochs::LeaderEpochs};

/// Versions of librdkafka whose messages are as [`Inside`] says: looked up in `rdkafka_msg.h` and `rdkafka_proto.h`.
const KNOWN: &[c_int] = &[0x020c_01ff];

static IS_KNOWN: LazyLock<bool> = LazyLock::new(|| {
    // SAFETY: no precondition.
    KNOWN.contains(&unsafe { sys::rd_kafka_version() })
});

/// What librdkafka keeps with a message, as far as needed. It is not part of its interface.
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
    /// The headers as they came, somewhere in the answer that brought the message.
    wire_headers_len: i32,
    wire_headers: *const c_void,
}

/// Destroyed on drop, which is always within the call that fetched it.
pub(super) struct Message(pub(super) NonNull<sys::rd_kafka_message_t>);

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: the message is ours and destroyed once.
        unsafe { sys::rd_kafka_message_destroy(self.0.as_ptr()) };
    }
}

impl Message {
    fn raw(&self) -> &sys::rd_kafka_message_t {
        // SAFETY: the message lives until `self` is dropped.
        unsafe { self.0.as_ref() }
    }

    pub(super) fn error(&self) -> Option<RecordError> {
        let code = RDKafkaErrorCode::from(self.raw().err);
        if code == RDKafkaErrorCode::NoError {
            return None;
        }
        // SAFETY: the message is alive; the text is null or ends with a NUL, and lives as long as the message.
        let reason = unsafe { text(sys::rd_kafka_message_errstr(self.0.as_ptr())) };
        Some(RecordError { code, offset: self.raw().offset, reason })
    }

    /// Only for what is no error.
    pub(super) fn copy_into(&self, batch: &mut Batch, epochs: &mut LeaderEpochs) {
        let raw = self.raw();
        let timestamp = self.timestamp();
        // SAFETY: key and payload are null or as long as the message says, and live as long as the message.
        let (key, value) = unsafe { (bytes(raw.key, raw.key_len), bytes(raw.payload, raw.len)) };
        batch.push(raw.offset, timestamp, key, value);
        match self.wire_headers(value, timestamp) {
            Some(bytes) => batch.push_headers(WireHeaders::new(bytes)),
            None => batch.push_headers(self.headers()),
        }
        // SAFETY: the message is alive.
        epochs.seen(raw.offset, unsafe { sys::rd_kafka_message_leader_epoch(self.0.as_ptr()) });
    }

    fn timestamp(&self) -> Timestamp {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive and `kind` is ours.
        let at = unsafe { sys::rd_kafka_message_timestamp(self.0.as_ptr(), &raw mut kind) };
        match kind {
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_CREATE_TIME => Timestamp::Create(at),
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => Timestamp::Append(at),
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => Timestamp::None,
        }
    }

    /// The headers as the broker sent them, where it is certain that they are.
    ///
    /// They stand behind the value, in the same memory. A message whose inside says so in a place that was looked up
    /// for this very version of librdkafka, and agrees with it about the timestamp, is believed.
    fn wire_headers(&self, value: Option<&[u8]>, timestamp: Timestamp) -> Option<&[u8]> {
        let (value, Timestamp::Create(at) | Timestamp::Append(at)) = (value?, timestamp) else { return None };
        if !*IS_KNOWN {
            return None;
        }
        // SAFETY: in this version a message that was fetched is the first field of such a structure.
        let inside = unsafe { self.0.cast::<Inside>().as_ref() };
        let behind: *const c_void = value.as_ptr_range().end.cast();
        if inside.wire_headers != behind || inside.timestamp != at || !inside.headers.is_null() {
            return None;
        }
        let len = usize::try_from(inside.wire_headers_len).ok()?;
        // SAFETY: so many bytes of the answer are there, and live as long as the message.
        Some(unsafe { slice::from_raw_parts(inside.wire_headers.cast(), len) })
    }

    /// The headers by way of librdkafka, which copies each of them.
    fn headers(&self) -> Headers<'_> {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive; `headers` is set only on success, and belongs to the message.
        let found = unsafe { sys::rd_kafka_message_headers(self.0.as_ptr(), &raw mut headers) };
        let none = found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
        Headers { list: if none { ptr::null_mut() } else { headers }, at: 0, message: PhantomData }
    }
}

/// The headers of a message, in their order.
struct Headers<'m> {
    /// Null if there are none.
    list: *mut sys::rd_kafka_headers_t,
    at: usize,
    message: PhantomData<&'m Message>,
}

impl<'m> Iterator for Headers<'m> {
    type Item = Header<'m>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.list.is_null() {
            return None;
        }
        let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the headers live as long as the message; the three results are ours.
        let err =
            unsafe { sys::rd_kafka_header_get_all(self.list, self.at, &raw mut name, &raw mut value, &raw mut size) };
        if err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return None;
        }
        self.at += 1;
        // SAFETY: the name ends with a NUL, the value is null or `size` long; both live as long as the message.
        let (name, value) = unsafe { (CStr::from_ptr(name), bytes(value, size)) };
        Some((name.to_bytes(), value))
    }
}

#[cfg(test)]
mod tests;

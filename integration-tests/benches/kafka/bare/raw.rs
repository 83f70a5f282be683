//! The calls that rdkafka has no safe form of: raw batches, and headers without a copy.
#![allow(unsafe_code, reason = "see above; a benchmark, and never part of the library")]

mod in_place;

use std::{
    ffi::{CStr, CString, c_char, c_void},
    ptr, slice,
    sync::OnceLock,
    thread::{self, Thread},
};

use rdkafka::{
    bindings as sys,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
};

/// Records of one batch call, at most.
const MOST: usize = 1_024;

/// The queue of one partition, split off the main queue. Its consumer has to outlive it.
pub(super) struct Queue {
    ptr: *mut sys::rd_kafka_queue_t,
    pub(super) partition: i32,
}

// SAFETY: librdkafka's queues may be used from any thread.
unsafe impl Send for Queue {}

/// The thread to wake when a queue is no longer empty.
static CONSUMER: OnceLock<Thread> = OnceLock::new();

/// Has this thread woken when a queue is no longer empty.
pub(super) fn wake_this_thread() {
    let _ = CONSUMER.set(thread::current());
}

/// # Safety
///
/// For librdkafka only; it uses neither argument.
unsafe extern "C" fn non_empty(_: *mut sys::rd_kafka_t, _: *mut c_void) {
    if let Some(thread) = CONSUMER.get() {
        thread.unpark();
    }
}

impl Queue {
    /// Splits; before the assign.
    pub(super) fn split<C: ConsumerContext>(client: &BaseConsumer<C>, topic: &str, partition: i32) -> Option<Self> {
        let topic = CString::new(topic).ok()?;
        let native = client.client().native_ptr();
        // SAFETY: the client is alive and the topic ends with a NUL; the queue belongs to us from here on.
        let ptr = unsafe { sys::rd_kafka_queue_get_partition(native, topic.as_ptr(), partition) };
        if ptr.is_null() {
            return None;
        }
        // SAFETY: the queue is alive; null means "forward to nowhere"; the callback uses no argument and lives for
        // ever.
        unsafe {
            sys::rd_kafka_queue_forward(ptr, ptr::null_mut());
            sys::rd_kafka_queue_cb_event_enable(ptr, Some(non_empty), ptr::null_mut());
        }
        Some(Self { ptr, partition })
    }

    /// Shows up to `most` messages, at most [`MOST`], to `see`, without waiting; how many there were.
    pub(super) fn take<E>(&mut self, most: usize, mut see: impl FnMut(&Message) -> Result<(), E>) -> Result<usize, E> {
        let mut messages = [ptr::null_mut::<sys::rd_kafka_message_t>(); MOST];
        let most = most.min(MOST);
        // SAFETY: the queue is alive, `&mut self` makes this its only reader, and there is room for `most` messages.
        let got = unsafe { sys::rd_kafka_consume_batch_queue(self.ptr, 0, messages.as_mut_ptr(), most) };
        let got = usize::try_from(got).unwrap_or(0);
        let mut seen = Ok(got);
        for message in messages.into_iter().take(got).map(Message) {
            if seen.is_ok() {
                seen = see(&message).map(|()| got);
            }
        }
        seen
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: the queue is ours and alive.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.ptr, None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.ptr);
        }
    }
}

/// One message, until it is dropped.
pub(super) struct Message(*mut sys::rd_kafka_message_t);

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: the message is ours and destroyed once.
        unsafe { sys::rd_kafka_message_destroy(self.0) };
    }
}

impl Message {
    fn raw(&self) -> &sys::rd_kafka_message_t {
        // SAFETY: the message lives until `self` is dropped.
        unsafe { &*self.0 }
    }

    /// Not an error in place of a record.
    pub(super) fn is_record(&self) -> bool {
        self.raw().err == sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
    }

    pub(super) fn offset(&self) -> i64 {
        self.raw().offset
    }

    pub(super) fn payload(&self) -> &[u8] {
        let raw = self.raw();
        if raw.payload.is_null() {
            return &[];
        }
        // SAFETY: the payload is as long as the message says, and lives as long.
        unsafe { slice::from_raw_parts(raw.payload.cast::<u8>(), raw.len) }
    }

    /// The values of `ce_type` and `ce_id`, from librdkafka's list; looks no further than it must.
    pub(super) fn listed_type_and_id(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        let (mut kind, mut id) = (None, None);
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive, and `headers` is ours.
        let found = unsafe { sys::rd_kafka_message_headers(self.0, &raw mut headers) };
        if found != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return (kind, id);
        }
        for at in 0.. {
            if kind.is_some() && id.is_some() {
                break;
            }
            let (mut name, mut value, mut size) = (ptr::null::<c_char>(), ptr::null::<c_void>(), 0);
            // SAFETY: the headers belong to the message; the results are ours.
            let err =
                unsafe { sys::rd_kafka_header_get_all(headers, at, &raw mut name, &raw mut value, &raw mut size) };
            if err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                break;
            }
            if value.is_null() {
                continue;
            }
            // SAFETY: the name ends with a NUL, the value is `size` long; both live as long as the message.
            let (name, value) = unsafe { (CStr::from_ptr(name), slice::from_raw_parts(value.cast::<u8>(), size)) };
            match name.to_bytes() {
                b"ce_type" => kind = Some(value),
                b"ce_id" => id = Some(value),
                _ => {}
            }
        }
        (kind, id)
    }
}

//! A producer client: headers as bytes, delivery reports with their status, one queue for all events.

use std::{
    ffi::{CString, c_int, c_void},
    ptr,
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext,
    bindings::{self as sys, rd_kafka_vtype_t as vtype, rd_kafka_vu_s as Argument},
    client::Client,
    error::{KafkaResult, RDKafkaErrorCode},
    types::{RDKafkaRespErr, RDKafkaType},
};

use super::text;
use crate::kafka::record::OutRecord;

/// Leaves logging to the caller: all callbacks of the client come as [`Event`]s.
struct NoCallbacks;

impl ClientContext for NoCallbacks {}

/// A producer client. It does nothing by itself: one thread has to call [`RawProducer::poll`].
pub(in crate::kafka) struct RawProducer {
    // Dropped in this order: librdkafka wants the queue gone before the client.
    queue: Queue,
    client: Client<NoCallbacks>,
}

struct Queue(*mut sys::rd_kafka_queue_t);

// SAFETY: librdkafka's queues are counted and locked inside, any thread may poll, wake and destroy them.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: the handle came from `rd_kafka_queue_get_main` and is destroyed once, before its client.
        unsafe { sys::rd_kafka_queue_destroy(self.0) }
    }
}

/// How far a record got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kafka) enum Persisted {
    No,
    Possibly,
    Yes,
}

/// The end of one record, as librdkafka tells it.
#[derive(Debug, Clone)]
pub(in crate::kafka) struct Report {
    pub(in crate::kafka) opaque: usize,
    pub(in crate::kafka) error: Option<RDKafkaErrorCode>,
    pub(in crate::kafka) persisted: Persisted,
    pub(in crate::kafka) partition: i32,
    pub(in crate::kafka) offset: i64,
}

/// What [`RawProducer::poll`] found.
#[derive(Debug)]
pub(in crate::kafka) enum Event {
    Nothing,
    /// Reports were appended.
    Reports,
    Log {
        level: i32,
        facility: String,
        text: String,
    },
    /// librdkafka's statistics, as JSON. They come through the queue because rdkafka has a callback for them.
    Statistics(String),
    Error {
        code: RDKafkaErrorCode,
        fatal: bool,
        text: String,
    },
}

/// Why a record could not be enqueued; nothing of it stays in the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kafka) struct Refused {
    pub(in crate::kafka) code: RDKafkaErrorCode,
    /// The client is dead.
    pub(in crate::kafka) fatal: bool,
}

impl RawProducer {
    pub(in crate::kafka) fn new(config: &ClientConfig) -> KafkaResult<Self> {
        let native = config.create_native_config()?;
        // SAFETY: the configuration is alive and not yet given to a client.
        unsafe { sys::rd_kafka_conf_set_events(native.ptr(), sys::RD_KAFKA_EVENT_DR | sys::RD_KAFKA_EVENT_ERROR) }
        let client = Client::new(config, native, RDKafkaType::RD_KAFKA_PRODUCER, NoCallbacks)?;
        // SAFETY: the client is alive; the handle counts for itself.
        let queue = Queue(unsafe { sys::rd_kafka_queue_get_main(client.native_ptr()) });
        Ok(Self { queue, client })
    }

    /// Enqueues a copy of the record, without waiting. Its report comes with `opaque`.
    pub(in crate::kafka) fn produce(&self, record: &OutRecord, opaque: usize) -> Result<(), Refused> {
        let Ok(topic) = CString::new(&*record.topic) else {
            return Err(Refused { code: RDKafkaErrorCode::InvalidTopic, fatal: false });
        };
        let headers = headers(record);
        let mut arguments = [
            // By name: a kept topic handle is no faster to measure, and has to be kept right.
            argument(vtype::RD_KAFKA_VTYPE_TOPIC, |u| u.cstr = topic.as_ptr()),
            argument(vtype::RD_KAFKA_VTYPE_PARTITION, |u| u.i32_ = record.partition.unwrap_or(-1)),
            argument(vtype::RD_KAFKA_VTYPE_MSGFLAGS, |u| u.i = sys::RD_KAFKA_MSG_F_COPY),
            argument(vtype::RD_KAFKA_VTYPE_VALUE, |u| u.mem = memory(record.value())),
            argument(vtype::RD_KAFKA_VTYPE_KEY, |u| u.mem = memory(record.key())),
            argument(vtype::RD_KAFKA_VTYPE_OPAQUE, |u| u.ptr = opaque as *mut c_void),
            argument(vtype::RD_KAFKA_VTYPE_HEADERS, |u| u.headers = headers),
        ];
        let count = arguments.len() - usize::from(headers.is_null());
        // SAFETY: each argument has the field that its type names; topic, key and value outlive the call, which
        // copies them; the client takes the headers if it succeeds.
        let error = unsafe { sys::rd_kafka_produceva(self.client.native_ptr(), arguments.as_mut_ptr(), count) };
        if error.is_null() {
            return Ok(());
        }
        if !headers.is_null() {
            // SAFETY: the client did not take them.
            unsafe { sys::rd_kafka_headers_destroy(headers) }
        }
        // SAFETY: the error is ours, read and destroyed once.
        let (code, fatal) = unsafe {
            let found = (sys::rd_kafka_error_code(error).into(), sys::rd_kafka_error_is_fatal(error) != 0);
            sys::rd_kafka_error_destroy(error);
            found
        };
        Err(Refused { code, fatal })
    }

    /// Serves the client: waits for one event, appends the reports it carries. The records that are reported have
    /// left the client's queue when this returns. For one thread at a time.
    pub(in crate::kafka) fn poll(&self, within: Duration, reports: &mut Vec<Report>) -> Event {
        // Rounded up: a remaining half millisecond must not turn into a busy loop.
        let millis = within.as_micros().div_ceil(1000).min(60_000) as c_int;
        // SAFETY: the queue is alive; the event is ours until it is destroyed below.
        let event = unsafe { sys::rd_kafka_queue_poll(self.queue.0, millis) };
        if event.is_null() {
            return Event::Nothing;
        }
        // SAFETY: the event is alive; what is read of it is copied.
        let found = unsafe { read(event, reports) };
        // SAFETY: destroyed once, nothing borrowed from it is left.
        unsafe { sys::rd_kafka_event_destroy(event) }
        found
    }

    /// Makes the running or else the next [`RawProducer::poll`] return at once.
    pub(in crate::kafka) fn wake(&self) {
        // SAFETY: the queue is alive.
        unsafe { sys::rd_kafka_queue_yield(self.queue.0) }
    }

    /// Gives up everything that is not acknowledged; the reports follow.
    pub(in crate::kafka) fn purge(&self) {
        let what = sys::RD_KAFKA_PURGE_F_QUEUE | sys::RD_KAFKA_PURGE_F_INFLIGHT | sys::RD_KAFKA_PURGE_F_NON_BLOCKING;
        // SAFETY: the client is alive. The only errors are wrong flags and a client that is no producer.
        unsafe { sys::rd_kafka_purge(self.client.native_ptr(), what) };
    }

    /// Asks the cluster how many partitions a topic has. Blocks.
    pub(in crate::kafka) fn partition_count(&self, topic: &str, within: Duration) -> Result<i32, RDKafkaErrorCode> {
        let metadata = self
            .client
            .fetch_metadata(Some(topic), within)
            .map_err(|error| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail))?;
        let topic = metadata.topics().first().ok_or(RDKafkaErrorCode::UnknownTopic)?;
        topic.error().map_or_else(|| Ok(topic.partitions().len() as i32), |error| Err(error.into()))
    }

    /// The client, for what is not about publishing.
    pub(in crate::kafka) fn client(&self) -> &Client<impl ClientContext> {
        &self.client
    }

    /// Kills the client as a broker's answer would.
    #[cfg(test)]
    pub(in crate::kafka) fn fail(&self) {
        let code = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
        // SAFETY: the client and the text are alive.
        unsafe { sys::rd_kafka_test_fatal_error(self.client.native_ptr(), code, c"asked for by a test".as_ptr()) };
    }
}

fn argument(kind: vtype, fill: impl FnOnce(&mut sys::rd_kafka_vu_s__bindgen_ty_1)) -> Argument {
    let mut value = sys::rd_kafka_vu_s__bindgen_ty_1 { _pad: [0; 64] };
    fill(&mut value);
    Argument { vtype: kind, u: value }
}

/// Null stays null; the empty slice has an address.
fn memory(bytes: Option<&[u8]>) -> sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 {
    let (ptr, size) = bytes.map_or((ptr::null(), 0), |bytes| (bytes.as_ptr(), bytes.len()));
    sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 { ptr: ptr.cast_mut().cast(), size }
}

/// The record's headers as librdkafka wants them; null if there are none.
fn headers(record: &OutRecord) -> *mut sys::rd_kafka_headers_t {
    if record.header_count() == 0 {
        return ptr::null_mut();
    }
    // SAFETY: no precondition.
    let headers = unsafe { sys::rd_kafka_headers_new(record.header_count()) };
    for (name, value) in record.headers() {
        let value = memory(value);
        // SAFETY: the list is alive, name and value are copied before the call returns. A length is given for
        // both, so neither has to end with a NUL. The only error is a list that is read-only.
        unsafe {
            let size = name.len() as isize;
            sys::rd_kafka_header_add(headers, name.as_ptr().cast(), size, value.ptr, value.size as isize)
        };
    }
    headers
}

/// # Safety
/// The event is alive.
unsafe fn read(event: *mut sys::rd_kafka_event_t, reports: &mut Vec<Report>) -> Event {
    // SAFETY: the event is alive, by contract.
    match unsafe { sys::rd_kafka_event_type(event) } {
        sys::RD_KAFKA_EVENT_DR => {
            // SAFETY: the messages belong to the event, which outlives the loop.
            while let Some(message) = unsafe { sys::rd_kafka_event_message_next(event).as_ref() } {
                reports.push(report(message));
            }
            Event::Reports
        }
        sys::RD_KAFKA_EVENT_LOG => {
            let (mut facility, mut line, mut level) = (ptr::null(), ptr::null(), 0);
            // SAFETY: it is a log event; the texts belong to it and are copied.
            unsafe {
                sys::rd_kafka_event_log(event, &raw mut facility, &raw mut line, &raw mut level);
                Event::Log { level, facility: text(facility), text: text(line) }
            }
        }
        // SAFETY: it is an event with statistics; the text belongs to it and is copied.
        sys::RD_KAFKA_EVENT_STATS => Event::Statistics(unsafe { text(sys::rd_kafka_event_stats(event)) }),
        // SAFETY: it is an error event; its text belongs to it and is copied.
        sys::RD_KAFKA_EVENT_ERROR => unsafe {
            let code = sys::rd_kafka_event_error(event).into();
            let fatal = sys::rd_kafka_event_error_is_fatal(event) != 0 || code == RDKafkaErrorCode::Fatal;
            Event::Error { code, fatal, text: text(sys::rd_kafka_event_error_string(event)) }
        },
        _ => Event::Nothing,
    }
}

fn report(message: &sys::rd_kafka_message_t) -> Report {
    // SAFETY: the message is alive.
    let persisted = match unsafe { sys::rd_kafka_message_status(message) } {
        sys::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED => Persisted::No,
        sys::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED => Persisted::Possibly,
        sys::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_PERSISTED => Persisted::Yes,
    };
    let error = (message.err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| message.err.into());
    let (partition, offset) = (message.partition, message.offset);
    Report { opaque: message._private as usize, error, persisted, partition, offset }
}

/// The headers of a consumed record as they were on the wire.
#[cfg(test)]
pub(in crate::kafka) fn headers_of(message: &rdkafka::message::BorrowedMessage<'_>) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let mut headers = ptr::null_mut();
    let mut found = Vec::new();
    // SAFETY: the message is alive and owns its headers, its names and its values; all are copied.
    unsafe {
        sys::rd_kafka_message_headers(message.ptr(), &raw mut headers);
        let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
        while !headers.is_null()
            && sys::rd_kafka_header_get_all(headers, found.len(), &raw mut name, &raw mut value, &raw mut size)
                == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR
        {
            let bytes = (!value.is_null()).then(|| std::slice::from_raw_parts(value.cast(), size).to_vec());
            found.push((std::ffi::CStr::from_ptr(name).to_bytes().to_vec(), bytes));
        }
    }
    found
}

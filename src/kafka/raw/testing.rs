//! Writing records that rdkafka's producer cannot: header names that are no text.

use std::{
    ffi::{CString, c_void},
    ptr,
};

use rdkafka::{
    bindings::{self as sys, rd_kafka_vtype_t as vtype, rd_kafka_vu_s as Argument},
    producer::{BaseProducer, Producer},
};

/// A record to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::kafka) struct Written {
    pub(in crate::kafka) key: Option<Vec<u8>>,
    pub(in crate::kafka) value: Option<Vec<u8>>,
    pub(in crate::kafka) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Enqueues a copy; panics where a test would anyway.
pub(in crate::kafka) fn produce(producer: &BaseProducer, topic: &str, partition: i32, record: &Written) {
    let topic = CString::new(topic).unwrap();
    // SAFETY: no precondition; the producer takes the list below.
    let headers = unsafe { sys::rd_kafka_headers_new(record.headers.len()) };
    for (name, value) in &record.headers {
        let (value, size) = memory(value.as_ref());
        // SAFETY: the list is alive; name and value are copied, with their lengths.
        unsafe { sys::rd_kafka_header_add(headers, name.as_ptr().cast(), name.len() as isize, value, size as isize) };
    }
    let mem = |bytes| {
        let (ptr, size) = memory(bytes);
        sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 { ptr, size }
    };
    let mut arguments = [
        argument(vtype::RD_KAFKA_VTYPE_TOPIC, |u| u.cstr = topic.as_ptr()),
        argument(vtype::RD_KAFKA_VTYPE_PARTITION, |u| u.i32_ = partition),
        argument(vtype::RD_KAFKA_VTYPE_MSGFLAGS, |u| u.i = sys::RD_KAFKA_MSG_F_COPY),
        argument(vtype::RD_KAFKA_VTYPE_KEY, |u| u.mem = mem(record.key.as_ref())),
        argument(vtype::RD_KAFKA_VTYPE_VALUE, |u| u.mem = mem(record.value.as_ref())),
        argument(vtype::RD_KAFKA_VTYPE_HEADERS, |u| u.headers = headers),
    ];
    let native = producer.client().native_ptr();
    // SAFETY: each argument has the field that its type names, and everything outlives the call, which copies it.
    let error = unsafe { sys::rd_kafka_produceva(native, arguments.as_mut_ptr(), arguments.len()) };
    assert!(error.is_null(), "the producer refused a record");
}

fn argument(kind: vtype, fill: impl FnOnce(&mut sys::rd_kafka_vu_s__bindgen_ty_1)) -> Argument {
    let mut value = sys::rd_kafka_vu_s__bindgen_ty_1 { _pad: [0; 64] };
    fill(&mut value);
    Argument { vtype: kind, u: value }
}

/// Null stays null; the empty slice has an address.
fn memory(bytes: Option<&Vec<u8>>) -> (*mut c_void, usize) {
    bytes.map_or((ptr::null_mut(), 0), |bytes| (bytes.as_ptr().cast_mut().cast(), bytes.len()))
}

/// Answers the first join of a group at once. By default it waits longer than a short session lasts, so that the member
/// is evicted before its answer.
pub(in crate::kafka) fn join_at_once(cluster: &BaseProducer) {
    // SAFETY: the client is alive, and owns the cluster as long as it lives.
    unsafe {
        let cluster = sys::rd_kafka_handle_mock_cluster(cluster.client().native_ptr());
        assert!(!cluster.is_null(), "this client has no mock cluster");
        sys::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 10);
    }
}

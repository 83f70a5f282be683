//! The brokers that a client knows.

use std::ffi::CString;

use rdkafka::{
    bindings as sys,
    client::{Client, ClientContext},
};

/// Tells a client of brokers, as `bootstrap.servers` does at its start.
///
/// The client keeps the text of each call for good.
pub(in crate::kafka) fn add_brokers<C: ClientContext>(client: &Client<C>, servers: &str) {
    let Ok(servers) = CString::new(servers) else { return };
    // SAFETY: the client is alive; the addresses end with a NUL and are copied before the call returns. It says how
    // many of them are brokers; that they are was checked when the client was made.
    unsafe { sys::rd_kafka_brokers_add(client.native_ptr(), servers.as_ptr()) };
}

//! What happened to a client, and to its connection.

use std::{fmt::Display, sync::Arc, time::Duration};

pub(crate) use crate::telemetry::names::value::{ADMIN, CONSUMER, DEAD_LETTERS, PRODUCER};

/// Which client a line is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Name {
    /// Whose it is; empty where it is nobody's.
    pub(crate) service: Arc<str>,
    /// [`CONSUMER`], [`PRODUCER`], [`DEAD_LETTERS`] or [`ADMIN`].
    pub(crate) client: &'static str,
}

/// A client reaches the cluster again, or for the first time.
pub(crate) fn broker_up(service: &str, client: &str, detail: &str) {
    say!(INFO BUS BROKER_UP, SERVICE = service, CLIENT = client, REASON = detail);
}

/// A client no longer reaches the cluster.
pub(crate) fn broker_down(service: &str, client: &str, detail: &str) {
    say!(WARN BUS BROKER_DOWN, SERVICE = service, CLIENT = client, REASON = detail);
}

/// A client got its first addresses again.
pub(crate) fn forgot_brokers(client: &str, sentence: &str) {
    say!(WARN BUS FORGOT_BROKERS, CLIENT = client; sentence);
}

/// The client of a consumer is dead.
pub(crate) fn consumer_dead(reason: &str) {
    say!(ERROR BUS CONSUMER_DEAD, REASON = reason);
}

/// A consumer's client did not close `within` its time.
pub(crate) fn consumer_left_behind(within: Duration) {
    say!(WARN BUS CONSUMER_LEFT_BEHIND, AFTER_MS = within.as_millis() as u64);
}

/// A producer cannot do what it should.
pub(crate) fn producer_error(name: &Name, reason: &str) {
    say!(ERROR BUS PRODUCER_ERROR, SERVICE = &*name.service, CLIENT = name.client, REASON = reason);
}

/// The client of a producer is dead.
pub(crate) fn producer_dead(name: &Name, reason: &str) {
    say!(ERROR BUS PRODUCER_DEAD, SERVICE = &*name.service, CLIENT = name.client, REASON = reason);
}

/// There is no other client yet for one that is dead; said at each try.
pub(crate) fn producer_not_replaced(name: &Name, reason: &str) {
    say!(ERROR BUS PRODUCER_NOT_REPLACED, SERVICE = &*name.service, CLIENT = name.client, REASON = reason);
}

/// No thread could be had to end the dead client of a producer on, so it ended where it was served.
pub(crate) fn producer_ends_here(name: &Name, error: &dyn Display) {
    say!(WARN BUS PRODUCER_ENDS_HERE, SERVICE = &*name.service, CLIENT = name.client, ERROR = tracing::field::display(error));
}

/// A producer's client ends before all records have.
pub(crate) fn given_up(name: &Name, records: usize) {
    say!(WARN BUS GIVEN_UP, SERVICE = &*name.service, CLIENT = name.client, RECORDS = records);
}

/// The bus stops, and records are still on their way.
pub(crate) fn in_doubt(service: &str, client: &str, records: usize) {
    say!(ERROR BUS IN_DOUBT, SERVICE = service, CLIENT = client, RECORDS = records);
}

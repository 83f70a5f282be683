//! What happened to a client, and to its connection.

use std::time::Duration;

/// A client reaches the cluster again, or for the first time.
pub(crate) fn broker_up(service: &str, client: &str, detail: &str) {
    line!(INFO BUS BROKER_UP, SERVICE = service, CLIENT = client, REASON = detail);
}

/// A client no longer reaches the cluster.
pub(crate) fn broker_down(service: &str, client: &str, detail: &str) {
    line!(WARN BUS BROKER_DOWN, SERVICE = service, CLIENT = client, REASON = detail);
}

/// The client got its first addresses again.
pub(crate) fn forgot_brokers(sentence: &str) {
    line!(WARN BUS FORGOT_BROKERS; sentence);
}

/// The producer cannot do what it should.
pub(crate) fn error(reason: &str) {
    line!(WARN BUS CLIENT_ERROR, CLIENT = "producer", REASON = reason);
}

/// A client is dead.
pub(crate) fn dead(client: &str, reason: &str) {
    line!(ERROR BUS CLIENT_DEAD, CLIENT = client, REASON = reason);
}

/// The client that would replace a dead producer could not be made; said at each try.
pub(crate) fn not_replaced(reason: &str) {
    line!(ERROR BUS NOT_REPLACED, CLIENT = "producer", REASON = reason);
}

/// The consumer did not close in time.
pub(crate) fn left_behind(within: Duration) {
    line!(WARN BUS LEFT_BEHIND, CLIENT = "consumer", AFTER_MS = within.as_millis() as u64);
}

/// The bus stops, and records are still on their way.
pub(crate) fn in_doubt(records: usize) {
    line!(ERROR BUS IN_DOUBT, RECORDS = records);
}

/// The producer ends, and records are still on their way.
pub(crate) fn given_up(records: usize) {
    line!(WARN BUS GIVEN_UP, RECORDS = records);
}

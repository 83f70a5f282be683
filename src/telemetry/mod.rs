//! What a bus tells about itself while it runs: spans and log lines, by `tracing`. Their names are in one place
//! (`src/telemetry/names.rs`), and `docs/telemetry.md` in the repository lists them.
//!
//! A program sees them with a subscriber of its own. Filters go by target: `carom::process` has the spans of attempts,
//! `carom::send` those of publishing, `carom::record` the lines of records that failed, `carom::bus` what an operator
//! has to know; librdkafka's own lines are under `librdkafka`.
//!
//! ```
//! use tracing_subscriber::EnvFilter;
//!
//! // Lines from INFO on, and no spans: of a record that succeeds, nothing is said.
//! let filter = EnvFilter::try_new("info,carom::process=off,carom::send=off")?;
//! let subscriber = tracing_subscriber::fmt().with_env_filter(filter).finish();
//! tracing::subscriber::with_default(subscriber, || {
//!     // A service calls `tracing_subscriber::fmt()..init()` once, at the start of `main`.
//! });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What may be seen of keys and of errors, which can be personal data, [`Keys`] and [`ErrorDetail`] say. How traces go
//! on through a bus, [`Bus::trace_context`](crate::Bus::trace_context) and
//! [`Bus::trace_parent`](crate::Bus::trace_parent) say: the latter's hook gets an [`IncomingTrace`].

mod blocked;
mod error_detail;
#[cfg(test)]
pub(crate) mod heard;
mod hooks;
mod hop;
mod incoming;
mod listed;
pub(crate) mod logs;
pub(crate) mod names;
mod process;
mod send;

use std::fmt;

pub(crate) use self::blocked::Blocked;
pub use self::{
    error_detail::ErrorDetail,
    incoming::{IncomingTrace, W3cContext},
};
pub(crate) use self::{hooks::Hooks, process::Attempt, send::Sending};
use crate::clock::Clock;

/// Where record keys may be shown: they can be personal data.
///
/// Where a key is not shown, log lines carry its hash, the one of the dead-letter header `carom-key-hash` and of
/// [`Stats`](crate::stats::Stats). Dead letters keep their keys: they are the record itself.
///
/// ```
/// use carom::{Bus, Kafka, Settings, telemetry::Keys};
///
/// let bus = Bus::new(Kafka::embedded()).telemetry_keys(Keys::Hidden);
///
/// // Or where the service runs: CAROM__TELEMETRY_KEYS=hidden
/// let settings = Settings::from_vars("CAROM", [("CAROM__TELEMETRY_KEYS", "hidden")])?;
/// assert_eq!(settings.telemetry_keys, Some(Keys::Hidden));
/// # Ok::<(), carom::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Keys {
    /// Nowhere. Lines of records that failed have `key_hash` in place of `key`.
    Hidden,
    /// In the log line of a record that failed, because an operator has to find it. The default.
    #[default]
    InFailures,
    /// There, and on spans, as `messaging.kafka.message.key`.
    Everywhere,
}

/// What all spans and log lines of one bus have in common.
#[derive(Default)]
pub(crate) struct Telemetry {
    pub(crate) keys: Keys,
    pub(crate) errors: ErrorDetail,
    pub(crate) hooks: Hooks,
    /// The `client.id` of the consumer; `messaging.client.id` of spans `process`.
    pub(crate) consumer: String,
    /// The `client.id` of the producer; that of spans `send`.
    pub(crate) producer: String,
    /// The broker, where just one is named: of several, none is the one that a span talks to.
    pub(crate) server: Option<(String, u16)>,
    /// As the cluster calls itself; not known of a test bus, and where nobody looked at topics.
    pub(crate) cluster_id: Option<String>,
    /// Of the service, for dead letters; empty if it is not known.
    pub(crate) version: String,
    /// Which instance of the service this is, for dead letters.
    pub(crate) instance: String,
    /// Which handlers kept their threads busy.
    pub(crate) blocked: Blocked,
}

impl Telemetry {
    /// A key as a span may show it.
    fn span_key<'a>(&self, key: Option<&'a [u8]>) -> Option<std::borrow::Cow<'a, str>> {
        key.filter(|_| self.keys == Keys::Everywhere).map(String::from_utf8_lossy)
    }

    /// An error's text as it may be shown.
    pub(crate) fn error_text(&self, text: &str) -> Option<String> {
        match self.errors {
            ErrorDetail::Full => self.hooks.redacted(text),
            ErrorDetail::None => None,
        }
    }

    /// For spans, as the next one; `None` where several servers are named, or addresses are not to be shown.
    fn server_address(&self) -> Option<&str> {
        self.server.as_ref().map(|(address, _)| address.as_str())
    }

    /// Signed, as all whole numbers on spans: OpenTelemetry's layer makes text of the others.
    fn server_port(&self) -> Option<i64> {
        self.server.as_ref().map(|&(_, port)| port.into())
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").field("keys", &self.keys).field("hooks", &self.hooks).finish_non_exhaustive()
    }
}

/// Which instance of a service this is, if nobody says: host and process, or, where the host has no name, anything that
/// no other instance has.
pub(crate) fn instance_id(clock: &Clock) -> String {
    let named = std::env::var("HOSTNAME").ok().or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
    match named.as_deref().map(str::trim).filter(|host| !host.is_empty()) {
        Some(host) => format!("{host}-{}", std::process::id()),
        None => clock.uuid().hyphenated().to_string(),
    }
}

/// Host and port of a list of bootstrap servers that names just one.
pub(crate) fn only_server(servers: &str) -> Option<(String, u16)> {
    if servers.contains(',') {
        return None;
    }
    let server = servers.rsplit_once("://").map_or(servers, |(_, server)| server).trim();
    // Of what stands before it, if anything, no client makes use.
    let server = server.rsplit_once('@').map_or(server, |(_, server)| server);
    match server.rsplit_once(':') {
        Some((host, port)) => Some((host.to_owned(), port.parse().ok()?)),
        None if server.is_empty() => None,
        // librdkafka's default.
        None => Some((server.to_owned(), 9092)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_where_just_one_is_named() {
        let named = |servers| only_server(servers).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(named("kafka-1:9093").as_deref(), Some("kafka-1 9093"));
        assert_eq!(named("SASL_SSL://kafka-1").as_deref(), Some("kafka-1 9092"));
        assert_eq!(named("SASL_SSL://***@kafka-1:9093").as_deref(), Some("kafka-1 9093"));
        // Fails without the look for a comma: spans would name a host called `kafka-1:9092,kafka-2`.
        assert_eq!(named("kafka-1:9092,kafka-2:9092"), None);
        assert_eq!(named(""), None);
    }
}

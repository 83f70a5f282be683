//! The `carom-*` headers of a dead letter: what we know about its end, as text that any tool can show.
//!
//! Each is there at most once, and absent rather than empty. Values are UTF-8 without control characters, and capped,
//! so that all of them together stay below 10 KiB.

mod error;

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};

pub(crate) use self::error::{ErrorClass, ErrorText};
use super::key_hash::key_hash;
use crate::kafka::record::{Header, Record, Timestamp};

/// What begins so is ours to write. Of what a record brings of it, the number of replays is kept, and, from this
/// group's own topics, its origin and the time of its first failure.
pub(crate) const PREFIX: &[u8] = b"carom-";
pub(crate) const ERROR_MESSAGE: &str = "carom-error-message";
pub(crate) const ERROR_CHAIN: &str = "carom-error-chain";
/// Says what was left out, in the words of [`dead_letter`](super::dead_letter). Without it a dead letter is the whole
/// record, unless the limit had no room for the mark itself.
pub(crate) const REDUCED: &str = "carom-reduced";
pub(crate) const ORIGINAL_SIZE: &str = "carom-original-size";
pub(crate) const ORIGINAL_SHA256: &str = "carom-original-sha256";
const ORIGINAL_TOPIC: &str = "carom-original-topic";
const FIRST_FAILURE_TIME: &str = "carom-first-failure-time";
const REPLAY_COUNT: &str = "carom-replay-count";

/// Where a record was read first, with the caps; from a retry topic of this group these pass unchanged.
const ORIGIN: [(&str, usize); 7] = [
    (ORIGINAL_TOPIC, 249),
    ("carom-original-partition", 11),
    ("carom-original-offset", 20),
    ("carom-original-timestamp", 20),
    ("carom-original-timestamp-type", 8),
    ("carom-original-key", 684),
    ("carom-key-hash", 16),
];

/// What the supervisor knows about the end of a record. Empty text is the same as none.
pub(crate) struct DeadLetterInfo<'a> {
    /// The dead-letter topic.
    pub(crate) topic: Arc<str>,
    /// How many partitions it has; the source's partition is kept if it is one of them.
    pub(crate) partitions: i32,
    pub(crate) group: &'a str,
    pub(crate) handler: &'a str,
    /// `None` if undecodable.
    pub(crate) event_type: Option<&'a str>,
    /// Handler starts so far in this group; 0 for decode errors and for types that nobody handles.
    pub(crate) attempts: u32,
    pub(crate) retry_stage: Option<u32>,
    pub(crate) first_failure: DateTime<Utc>,
    pub(crate) last_failure: DateTime<Utc>,
    pub(crate) class: ErrorClass,
    pub(crate) error: ErrorText,
    pub(crate) service_name: &'a str,
    pub(crate) service_version: &'a str,
    pub(crate) service_instance: &'a str,
    /// Context of the failing `process` span.
    pub(crate) traceparent: &'a str,
    pub(crate) tracestate: &'a str,
    /// The key as it came, only if a policy changed the record's.
    pub(crate) original_key: Option<&'a [u8]>,
    /// Id of the key fence that parked the record.
    pub(crate) fence_id: &'a str,
    /// Whether incoming `carom-*` headers may be believed: only on a retry or dead-letter topic of this group.
    pub(crate) trusted: bool,
}

impl fmt::Debug for DeadLetterInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeadLetterInfo({}, {})", self.topic, self.class.as_str())
    }
}

/// The headers, in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CaromHeaders(Vec<(&'static str, Bytes)>);

impl CaromHeaders {
    /// Everything that is known about `record` and its end.
    pub(crate) fn of(record: &Record, why: &DeadLetterInfo<'_>) -> Self {
        let mut headers = Self::default();
        headers.text("carom-version", "1", 4);
        let incoming = Incoming { record, trusted: why.trusted };
        match incoming.origin() {
            Some(origin) => headers.0.extend(origin.0),
            None => headers.origin(record, why.original_key),
        }
        headers.handling(why, &incoming);
        headers.error(why);
        headers.text("carom-service-name", why.service_name, 255);
        headers.text("carom-service-version", why.service_version, 64);
        headers.text("carom-service-instance", why.service_instance, 128);
        headers.number(REPLAY_COUNT, incoming.replay_count());
        headers.text("carom-fence-id", why.fence_id, 64);
        headers.whole("carom-traceparent", why.traceparent, 55);
        headers.whole("carom-tracestate", why.tracestate, 512);
        headers
    }

    /// With names that are in the program, and values that are shared: a copy of the list costs little.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, Bytes)> + '_ {
        self.0.iter().cloned()
    }

    /// The same, as they are written.
    pub(crate) fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.0.iter().map(|(name, value)| (name.as_bytes(), Some(&value[..])))
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| *other == name)
    }

    /// The same and one header more.
    pub(crate) fn with(&self, header: (&'static str, Bytes)) -> Self {
        Self(self.iter().chain([header]).collect())
    }

    /// The same without one header.
    pub(crate) fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(other, _)| *other != name).cloned().collect())
    }

    /// The same with the name of the form that a record was reduced to, first of all.
    pub(crate) fn reduced_to(&self, form: &str) -> Self {
        let mut headers = Self::default();
        headers.text(REDUCED, form, 16);
        headers.0.extend(self.iter());
        headers
    }

    /// Adds a header; control characters become spaces, what exceeds `cap` bytes is cut, empty text is left out.
    pub(crate) fn text(&mut self, name: &'static str, text: &str, cap: usize) {
        if !text.is_empty() {
            self.0.push((name, Bytes::from(cut(clean(text), cap))));
        }
    }

    /// Where the record stands, as it is read now.
    fn origin(&mut self, record: &Record, original_key: Option<&[u8]>) {
        let from = record.from();
        self.text(ORIGINAL_TOPIC, &from.topic, 249);
        self.number("carom-original-partition", Some(from.partition));
        self.number("carom-original-offset", Some(record.offset()));
        let (timestamp, kind) = match record.timestamp() {
            Timestamp::None => (None, ""),
            Timestamp::Create(at) => (Some(at), "create"),
            Timestamp::Append(at) => (Some(at), "append"),
        };
        self.number("carom-original-timestamp", timestamp);
        self.text("carom-original-timestamp-type", kind, 8);
        let key = original_key.or(record.key());
        self.whole("carom-original-key", &original_key.map(|key| BASE64.encode(key)).unwrap_or_default(), 684);
        let hash = key.map(|key| format!("{:016x}", key_hash(&from.topic, key)));
        self.text("carom-key-hash", &hash.unwrap_or_default(), 16);
    }

    fn handling(&mut self, why: &DeadLetterInfo<'_>, incoming: &Incoming<'_>) {
        self.text("carom-group", why.group, 255);
        self.text("carom-handler", why.handler, 255);
        self.text("carom-event-type", why.event_type.unwrap_or_default(), 255);
        self.number("carom-attempts", Some(why.attempts));
        self.number("carom-retry-stage", why.retry_stage);
        let first = incoming.trusted_text(FIRST_FAILURE_TIME).map(str::to_owned);
        self.text(FIRST_FAILURE_TIME, &first.unwrap_or_else(|| rfc3339(why.first_failure)), 32);
        self.text("carom-last-failure-time", &rfc3339(why.last_failure), 32);
    }

    /// What went wrong, as far as it may be shown.
    fn error(&mut self, why: &DeadLetterInfo<'_>) {
        self.text("carom-error-class", why.class.as_str(), 16);
        self.text("carom-error-type", why.error.kind.as_deref().unwrap_or_default(), 256);
        self.text(ERROR_MESSAGE, why.error.message.as_deref().unwrap_or_default(), 1024);
        self.text(ERROR_CHAIN, &why.error.chain.join(" <- "), 4096);
    }

    fn number(&mut self, name: &'static str, number: Option<impl ToString>) {
        if let Some(number) = number {
            self.0.push((name, Bytes::from(number.to_string())));
        }
    }

    /// Adds text that means nothing when cut: it is left out if it exceeds the cap.
    fn whole(&mut self, name: &'static str, text: &str, cap: usize) {
        if text.len() <= cap {
            self.text(name, text, cap);
        }
    }
}

/// The `carom-*` headers that came with a record.
struct Incoming<'a> {
    record: &'a Record,
    trusted: bool,
}

impl<'a> Incoming<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        let values = self.record.headers().filter(|(other, _)| *other == name.as_bytes());
        values.filter_map(|(_, value)| str::from_utf8(value?).ok()).filter(|value| !value.is_empty()).last()
    }

    fn trusted_text(&self, name: &str) -> Option<&'a str> {
        if self.trusted { self.text(name) } else { None }
    }

    /// Where the record was read first: all of it or nothing, for a mixture would be false.
    fn origin(&self) -> Option<CaromHeaders> {
        self.trusted_text(ORIGINAL_TOPIC)?;
        let mut headers = CaromHeaders::default();
        for (name, cap) in ORIGIN {
            headers.whole(name, self.trusted_text(name).unwrap_or_default(), cap);
        }
        Some(headers)
    }

    /// Read as information wherever the record came from.
    fn replay_count(&self) -> Option<u32> {
        self.text(REPLAY_COUNT)?.parse().ok()
    }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn clean(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// Cuts at a character boundary; the `…` that then ends the text lies within the cap.
fn cut(mut text: String, cap: usize) -> String {
    const ELLIPSIS: char = '…';
    if text.len() > cap {
        let room = cap.saturating_sub(ELLIPSIS.len_utf8());
        let end = (0..=room).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
        text.truncate(end);
        text.push(ELLIPSIS);
    }
    text
}

#[cfg(test)]
mod tests;

//! What happened to one record.

use std::{borrow::Cow, time::Duration};

use crate::{
    kafka::record::{Record, TopicPartition},
    supervisor::key_hash,
    telemetry::Keys,
};

/// A record that failed, as the line about it says.
pub(crate) struct Failure<'a> {
    pub(crate) record: &'a Record,
    /// `None` if it could not be read as an event.
    pub(crate) event_type: Option<&'a str>,
    pub(crate) handler: Option<&'a str>,
    /// The one that failed; 0 where none was made.
    pub(crate) attempt: u32,
    /// As in the header `carom-error-class`.
    pub(crate) class: &'static str,
    /// `None` if it must not be shown.
    pub(crate) error: Option<String>,
    /// Whether its key may be shown.
    pub(crate) keys: Keys,
}

impl Failure<'_> {
    /// The key, or, where it may not be shown, its hash.
    fn key(&self) -> (Option<Cow<'_, str>>, Option<String>) {
        let Some(key) = self.record.key() else { return (None, None) };
        match self.keys {
            Keys::Hidden => (None, Some(format!("{:016x}", key_hash(&self.record.from().topic, key)))),
            Keys::InFailures | Keys::Everywhere => (Some(String::from_utf8_lossy(key)), None),
        }
    }
}

/// One line for a record that failed.
macro_rules! failure {
    ($level:ident $line:ident, $failure:expr, $after:expr) => {
        failure!($level $line, $failure, $after, None)
    };
    ($level:ident $line:ident, $failure:expr, $after:expr, $dead_letter_topic:expr) => {{
        let failure: &Failure<'_> = $failure;
        let after: Option<Duration> = $after;
        let dead_letter_topic: Option<&str> = $dead_letter_topic;
        let (key, key_hash) = failure.key();
        let from = failure.record.from();
        say!(
            $level RECORD $line,
            EVENT_TYPE = failure.event_type,
            HANDLER = failure.handler,
            KEY = key.as_deref(),
            KEY_HASH = key_hash.as_deref(),
            TOPIC = &*from.topic,
            PARTITION = from.partition,
            OFFSET = failure.record.offset(),
            ATTEMPT = failure.attempt,
            AFTER_MS = after.map(|after| after.as_millis() as u64),
            CLASS = failure.class,
            ERROR = failure.error.as_deref(),
            DEAD_LETTER_TOPIC = dead_letter_topic
        );
    }};
}

/// The record is handled again `after` a while.
pub(crate) fn retried(failure: &Failure<'_>, after: Duration) {
    failure!(WARN RETRIED, failure, Some(after));
}

/// A dependency is unavailable; the record is handled again `after` a while, and no attempt is counted.
/// For `the_first` time, or once more: an outage is not told again and again for each of its records.
pub(crate) fn held(failure: &Failure<'_>, after: Duration, the_first: bool) {
    if the_first {
        failure!(WARN HELD, failure, Some(after));
    } else {
        failure!(DEBUG HELD, failure, Some(after));
    }
}

/// A policy gave the record up.
pub(crate) fn discarded(failure: &Failure<'_>) {
    failure!(WARN DISCARDED, failure, None);
}

/// The broker has the record's dead letter, in this topic.
pub(crate) fn dead_lettered(failure: &Failure<'_>, topic: &str) {
    failure!(ERROR DEAD_LETTERED, failure, None, Some(topic));
}

/// A dead letter had to leave something out.
pub(crate) fn reduced(topic: &str, size: usize, left_out: &str) {
    say!(ERROR RECORD REDUCED, TOPIC = topic, SIZE = size, LEFT_OUT = left_out);
}

/// There are rules, and an error whose type none of them can see.
pub(crate) fn unseen(handler: &str, topic: &str) {
    say!(WARN RECORD UNSEEN, HANDLER = handler, TOPIC = topic);
}

/// Nobody here handles events of this type, and this is the first one.
pub(crate) fn skipped(event_type: &str, from: &TopicPartition, offset: i64) {
    let (topic, partition) = (&*from.topic, from.partition);
    say!(INFO RECORD SKIPPED, EVENT_TYPE = event_type, TOPIC = topic, PARTITION = partition, OFFSET = offset);
}

/// An event type has events over 64 KiB.
pub(crate) fn large(event_type: &str, size: usize, when: &str) {
    say!(WARN RECORD LARGE, EVENT_TYPE = event_type, SIZE = size, WHEN = when);
}

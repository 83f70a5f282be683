//! What librdkafka says, as lines of our log.

use rdkafka::{ClientContext, config::RDKafkaLogLevel, error::KafkaError};

use super::{Secrets, misplaced::ignored};

/// One line of the client's log.
pub(in crate::kafka) fn log(level: RDKafkaLogLevel, fac: &str, message: &str) {
    // What was given for all clients is for those that can use it.
    if ignored(message).is_some() {
        return;
    }
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", fac, "{message}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", fac, "{message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::info!(target: "librdkafka", fac, "{message}"),
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", fac, "{message}"),
    }
}

/// Likewise, at the level it was written with (syslog's numbers).
pub(in crate::kafka) fn log_at(level: i32, text: &str) {
    if ignored(text).is_some() {
        return;
    }
    match level {
        ..=3 => tracing::error!(target: "librdkafka", "{text}"),
        4 => tracing::warn!(target: "librdkafka", "{text}"),
        5 | 6 => tracing::info!(target: "librdkafka", "{text}"),
        _ => tracing::debug!(target: "librdkafka", "{text}"),
    }
}

/// The callbacks of a client that only has something to log.
#[derive(Default)]
pub(in crate::kafka) struct LogContext {
    /// Not to be repeated in what the client says.
    pub(super) secrets: Secrets,
}

impl ClientContext for LogContext {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        log(level, fac, &self.secrets.hide(message));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, "{}", self.secrets.hide(reason));
    }
}

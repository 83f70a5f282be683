//! What leaves the process of an error's text: it is the user's, and may carry personal data.

/// How much of an error is shown, in log lines of failures and in dead letters.
///
/// ```
/// use carom::{Bus, Kafka, telemetry::ErrorDetail};
///
/// let bus = Bus::new(Kafka::embedded()).error_detail(ErrorDetail::None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ErrorDetail {
    /// Its text and those of its sources, after [`Bus::redact_errors`](crate::Bus::redact_errors). The default.
    #[default]
    Full,
    /// Nothing but its class and its type, or its code.
    None,
}

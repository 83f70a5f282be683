//! What can go wrong with a bus as a whole.

use std::{fmt, time::Duration};

use crate::event::Location;

/// Why a bus could not start, or had to end.
///
/// Failures of handlers never end up here: they go to the supervisor.
///
/// `Debug` is the same sentence as `Display`, because it is what a `main` that returns an error prints.
///
/// ```
/// use carom::{Bus, Error, Kafka};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = Bus::new(Kafka::embedded()).service("My Billing").workers(0).spawn().await.unwrap_err();
/// let Error::Misconfigured(problems) = &error else { panic!("{error}") };
/// assert_eq!(problems.len(), 2); // all of them at once
/// assert!(error.to_string().starts_with("the bus cannot start:\n  - `My Billing` is no service name"));
/// # }
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something in the program, its settings or the topics cannot work; every problem that was found. Starting the
    /// program again does not help.
    #[error("the bus cannot start:{}", list(.0))]
    Misconfigured(Vec<Problem>),
    /// No broker answered when the bus started. It may be worth starting it again.
    #[error("no Kafka broker at `{servers}` answered within {}: {reason}; is it running, and is the address right?", seconds(.after))]
    Unreachable {
        /// The bootstrap servers that were tried, without user names and passwords.
        servers: String,
        /// How long was waited: 10 s.
        after: Duration,
        /// What stood in the way, as the system says it (*Connection refused*), else what the client said last.
        reason: String,
    },
    /// The Kafka client failed for good: librdkafka could not make it, so the bus did not start, or said that it cannot
    /// go on, and the bus ended.
    #[error("the Kafka client failed: {0}")]
    Client(String),
    /// A supervisor gave up, because it was told to ([`OnLimit::Escalate`](crate::supervisor::OnLimit::Escalate)). The
    /// record that led to it is uncommitted, and is handled again after the next start.
    #[error("`{actor}` was given up: {reason}")]
    Escalated {
        /// Path of the actor's type.
        actor: String,
        /// Where and what: topic, partition and offset of the record, and its failure.
        reason: String,
    },
    /// `main` published something by hand, and it did not get through; `?` makes this of a [`PublishError`].
    #[error(transparent)]
    NotPublished(#[from] PublishError),
    /// A defect of carom itself.
    #[error("carom failed internally, please report it: {0}")]
    Internal(String),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    pub(crate) fn client(reason: impl Into<String>) -> Self {
        Self::Client(reason.into())
    }

    pub(crate) fn internal(reason: impl Into<String>) -> Self {
        Self::Internal(reason.into())
    }
}

/// One thing that keeps a bus from starting: what is wrong, where, and what to write instead. Its `Display` is a
/// sentence that begins with the place in the source, if there is one.
///
/// ```
/// use carom::{Error, error::Problem};
///
/// /// One line of a log for each thing to mend.
/// fn to_mend(error: &Error) -> Vec<String> {
///     match error {
///         Error::Misconfigured(problems) => problems.iter().map(Problem::to_string).collect(),
///         _ => Vec::new(),
///     }
/// }
/// # use carom::{Bus, Kafka};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = Bus::new(Kafka::embedded()).workers(0).spawn().await.unwrap_err();
/// assert_eq!(to_mend(&error), ["`.workers(0)` leaves no thread to run handlers; use 1 or more"]);
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    text: String,
}

impl Problem {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    pub(crate) fn at(location: Location, text: impl fmt::Display) -> Self {
        Self { text: format!("{location}: {text}") }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  - {problem}")).collect()
}

fn seconds(duration: &Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

/// Why an event was not published. The sentence names its type; [`kind`](Self::kind) says what to do.
///
/// ```
/// use carom::{PublishError, error::PublishErrorKind};
///
/// /// What a web handler answers.
/// fn status(published: Result<(), PublishError>) -> u16 {
///     match published.map_err(|error| error.kind()) {
///         Ok(()) => 202,
///         Err(PublishErrorKind::Invalid) => 422,
///         Err(PublishErrorKind::Unavailable | PublishErrorKind::InDoubt) => 503,
///         Err(_) => 500,
///     }
/// }
/// assert_eq!(status(Ok(())), 202);
/// ```
#[derive(Debug, thiserror::Error)]
#[error("`{event_type}` was not published: {reason}")]
pub struct PublishError {
    event_type: String,
    /// A text, because what lies below (an encoding error, an error of the client) is no part of the public interface.
    reason: String,
    kind: PublishErrorKind,
}

/// What a [`PublishError`] means for the caller.
///
/// ```
/// use carom::error::PublishErrorKind;
///
/// /// Whether the same call may be made again without a second event.
/// fn may_repeat(kind: PublishErrorKind) -> bool {
///     kind == PublishErrorKind::Unavailable
/// }
/// assert!(!may_repeat(PublishErrorKind::InDoubt));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishErrorKind {
    /// The event cannot be turned into a record, or the record is too large: it never can be published as it is.
    Invalid,
    /// The broker refuses it, and will refuse it again: the topic does not exist, or there is no right to write to it.
    Refused,
    /// It was not written, and may get through later: no broker took it within the delivery timeout of 120 s, or, for
    /// the first event to a topic, none answered within 10 s.
    Unavailable,
    /// It may or may not have been written. Publishing it again is safe for consumers that recognise an event by its id
    /// only if the id is the same, so a repeat with [`Publisher::publish`](crate::Publisher::publish) is a second
    /// event.
    InDoubt,
}

impl PublishError {
    pub(crate) fn new(event_type: impl Into<String>, kind: PublishErrorKind, reason: impl fmt::Display) -> Self {
        Self { event_type: event_type.into(), reason: reason.to_string(), kind }
    }

    /// What this means for the caller.
    ///
    /// ```
    /// use carom::{Event, error::PublishErrorKind, testing::RecordingPublisher};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, Event)]
    /// #[event(entity = Invoice, domain = "sales")]
    /// struct InvoiceWritten {
    ///     #[event(key)]
    ///     order_id: u64,
    ///     pdf: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let invoice = InvoiceWritten { order_id: 7, pdf: "%PDF".repeat(500_000) }; // a record takes 1 MB
    /// let error = RecordingPublisher::new().publisher().publish(invoice).await.unwrap_err();
    /// assert_eq!(error.kind(), PublishErrorKind::Invalid);
    /// # }
    /// ```
    pub fn kind(&self) -> PublishErrorKind {
        self.kind
    }

    /// CloudEvents type of the event.
    ///
    /// ```
    /// use carom::PublishError;
    ///
    /// /// The label of a counter: the sentence would be another one each time.
    /// fn label(error: &PublishError) -> String {
    ///     format!("not_published{{type=\"{}\"}}", error.event_type())
    /// }
    /// # use carom::{Event, testing::RecordingPublisher};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Invoice, domain = "sales")]
    /// # struct InvoiceWritten { #[event(key)] order_id: u64, pdf: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let invoice = InvoiceWritten { order_id: 7, pdf: "%PDF".repeat(500_000) };
    /// # let error = RecordingPublisher::new().publisher().publish(invoice).await.unwrap_err();
    /// # assert_eq!(label(&error), "not_published{type=\"sales.invoice-written.v1\"}");
    /// # }
    /// ```
    pub fn event_type(&self) -> &str {
        &self.event_type
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when `Error` derives `Debug`: `main` would print `Misconfigured([Problem { text: "…\"` on one line.
    #[test]
    fn what_main_prints_of_an_error_is_its_sentence() {
        let location = Location { file: "src/main.rs", line: 7 };
        let problems = vec![Problem::new("add `.service(\"..\")`"), Problem::at(location, "`Billing` handles nothing")];
        let printed = format!("Error: {:?}", Error::Misconfigured(problems));
        assert_eq!(
            printed,
            "Error: the bus cannot start:\n  - add `.service(\"..\")`\n  - src/main.rs:7: `Billing` handles nothing"
        );
    }

    #[test]
    fn main_may_use_the_question_mark_after_publish() {
        fn publish() -> Result<(), Error> {
            Err(PublishError::new("sales.order-placed.v1", PublishErrorKind::Unavailable, "no broker took it in time"))?
        }
        let error = publish().unwrap_err();
        assert_eq!(error.to_string(), "`sales.order-placed.v1` was not published: no broker took it in time");
        assert!(matches!(error, Error::NotPublished(error) if error.kind() == PublishErrorKind::Unavailable));
    }
}

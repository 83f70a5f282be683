//! What can go wrong with a bus as a whole.

use std::{fmt, time::Duration};

use crate::event::Location;

/// Why a bus could not start, or had to end.
///
/// Failures of handlers never end up here: they go to the supervisor.
///
/// `Debug` is the same sentence as `Display`, because it is what a `main` that returns an error prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something in the program or its settings cannot work; every problem that was found.
    #[error("the bus cannot start:{}", list(.0))]
    Misconfigured(Vec<Problem>),
    /// No broker answered.
    #[error("no Kafka broker at `{servers}` answered within {}: {reason}; is it running, and is the address right?", seconds(.after))]
    Unreachable {
        /// The bootstrap servers that were tried.
        servers: String,
        /// How long was waited.
        after: Duration,
        /// What the client said last.
        reason: String,
    },
    /// The Kafka client failed for good.
    #[error("the Kafka client failed: {0}")]
    Client(String),
    /// A supervisor gave up, because it was told to (`OnLimit::Escalate`).
    #[error("`{actor}` was given up: {reason}")]
    Escalated {
        /// Path of the actor's type.
        actor: String,
        /// What happened.
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

/// One thing that keeps a bus from starting: what is wrong, where, and what to write instead.
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

/// Why an event was not published.
#[derive(Debug, thiserror::Error)]
#[error("`{event_type}` was not published: {reason}")]
pub struct PublishError {
    event_type: String,
    reason: String,
    kind: PublishErrorKind,
}

/// What a [`PublishError`] means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishErrorKind {
    /// The event cannot be turned into a record, or the record is too large: it never can be published as it is.
    Invalid,
    /// The broker refuses it: the topic does not exist, or there is no right to write to it.
    Refused,
    /// It was not written, and may get through later.
    Unavailable,
    /// It may or may not have been written. Publishing it again is safe for consumers that recognise an event by its id
    /// only if the id is the same, so a repeat with [`Publisher::publish`](crate::Publisher::publish) is a second event.
    InDoubt,
}

impl PublishError {
    pub(crate) fn new(event_type: impl Into<String>, kind: PublishErrorKind, reason: impl fmt::Display) -> Self {
        Self { event_type: event_type.into(), reason: reason.to_string(), kind }
    }

    /// What this means for the caller.
    pub fn kind(&self) -> PublishErrorKind {
        self.kind
    }

    /// CloudEvents type of the event.
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

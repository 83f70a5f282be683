//! Why an event cannot become a record.

use super::{Location, cloudevents::write::AttributeError, topic::TopicNameError};

/// Why an event cannot become a record. Encoding it again will not help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    /// The topic has no legal name.
    #[error(transparent)]
    Topic(#[from] TopicNameError),
    /// The same of an event that is declared in the program.
    #[error("{location}: {reason}")]
    EventTopic { location: Location, reason: TopicNameError },
    /// An attribute is not as CloudEvents wants it.
    #[error("`{event_type}` cannot be published: {reason}")]
    Attribute { event_type: String, reason: AttributeError },
    /// Readers of the profile could not take it.
    #[error("`{event_type}` cannot be published under `Profile::Momentum`: {reason}")]
    Momentum { event_type: String, reason: &'static str },
    /// `source` of the bus is not a URI-reference.
    #[error("the bus cannot publish: {0}")]
    Source(AttributeError),
    /// A header of the application takes a name that is not the application's.
    #[error("the header `{name}` cannot be written: {reason}")]
    Header { name: String, reason: &'static str },
    /// The value does not serialise to JSON.
    #[error("`{event_type}` cannot be written as JSON: {reason}")]
    Json {
        event_type: String,
        #[source]
        reason: serde_json::Error,
    },
    /// Without data the value would be null.
    #[error(
        "`{event_type}` has no data: its record would be a tombstone, which deletes the key on a compacted topic; \
         ask for a tombstone if that is meant"
    )]
    NoData { event_type: String },
}

//! The topics of the records of one call.

use std::sync::Arc;

use super::super::record::OutRecord;

/// The topics of the records of one call, for what is said about them. Mostly it is one.
#[derive(Clone)]
pub(super) enum Topics {
    All(Arc<str>),
    Each(Arc<[Arc<str>]>),
}

impl Topics {
    pub(super) fn of_all(records: &[OutRecord]) -> Self {
        match records {
            [first, rest @ ..] if rest.iter().all(|record| record.topic == first.topic) => {
                Self::All(Arc::clone(&first.topic))
            }
            records => Self::Each(records.iter().map(|record| Arc::clone(&record.topic)).collect()),
        }
    }

    pub(super) fn of(&self, at: usize) -> &str {
        match self {
            Self::All(topic) => topic,
            Self::Each(topics) => &topics[at],
        }
    }
}

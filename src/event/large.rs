//! Events that not everybody has to pass on.
//!
//! Nothing is refused here: Kafka's own limit is another one, and the producer knows it.

use std::{collections::HashSet, sync::Mutex, sync::PoisonError};

use crate::telemetry::logs;

/// What every intermediary of CloudEvents has to pass on, in bytes (CloudEvents 1.0.2, "Size Limits"). Larger events
/// are accepted, and said so once for each type.
pub(super) const LARGE: usize = 64 * 1024;

/// Types that are remembered: those of the CloudEvents SDK may be made up as they go.
const TYPES: usize = 1_000;

/// The types of which a large event was seen: a line for each event would bury the first, which is the one that is
/// read.
#[derive(Debug, Default)]
pub(crate) struct LargeTypes(Mutex<HashSet<String>>);

impl LargeTypes {
    /// Says once for each type that its events are large; `when`: `published` or `read`.
    pub(crate) fn check(&self, event_type: &str, size: usize, when: &str) {
        if size <= LARGE {
            return;
        }
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < TYPES && !said.contains(event_type) {
            said.insert(event_type.to_owned());
            logs::large(event_type, size, when);
        }
    }
}

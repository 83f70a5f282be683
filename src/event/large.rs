//! Events that not everybody has to pass on.
//!
//! Nothing is refused here: Kafka's own limit is another one, and the producer knows it.

use super::said::Said;
use crate::telemetry::logs;

/// What every intermediary of CloudEvents has to pass on, in bytes (CloudEvents 1.0.2, "Size Limits"). Larger events
/// are accepted, and said so once for each type.
pub(super) const LARGE: usize = 64 * 1024;

/// Types that are remembered: those of the CloudEvents SDK may be made up as they go.
const TYPES: usize = 1_000;

/// The types of which a large event was seen. Those that nobody handles have a room of their own, and leave ours alone.
#[derive(Debug)]
pub(crate) struct LargeTypes {
    ours: Said,
    foreign: Said,
}

impl Default for LargeTypes {
    fn default() -> Self {
        Self { ours: Said::up_to(TYPES), foreign: Said::of_foreign_types() }
    }
}

impl LargeTypes {
    /// An event was written.
    pub(super) fn published(&self, event_type: &str, size: usize) {
        say(&self.ours, event_type, size, "published");
    }

    /// An event was read, and has a handler.
    pub(crate) fn read(&self, event_type: &str, size: usize) {
        say(&self.ours, event_type, size, "read");
    }

    /// An event was read, and nobody handles it.
    pub(crate) fn unhandled(&self, event_type: &str, size: usize) {
        say(&self.foreign, event_type, size, "read");
    }
}

fn say(said: &Said, event_type: &str, size: usize, when: &str) {
    if size > LARGE && said.insert(event_type) {
        logs::record::large(event_type, size, when);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails when both share their room.
    #[test]
    fn what_others_make_up_leaves_room_for_our_own_types() {
        let types = LargeTypes::default();
        (0..2 * TYPES).for_each(|n| types.unhandled(&format!("made-up-{n}"), LARGE + 1));
        types.read("small", LARGE);
        assert!(types.ours.insert("small") && types.ours.insert("ours"));
        types.published("published", LARGE + 1);
        assert!(!types.ours.insert("published") && !types.foreign.insert("another"));
    }
}

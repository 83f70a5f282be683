//! Handlers that keep their threads busy: one that always does is not worth a line for each event.
//!
//! What counts is what is handled in one go, 16 records of a batch or one lane's run: over 100 ms of it, everything
//! else on the arbiter waited. The map has an entry for each handler that ever did so, no more.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// One line within this time about what goes on with each event.
const EVERY: Duration = Duration::from_secs(60);

/// Whether to say something `now` that was last `said` then; if so, that is noted.
pub(super) fn is_due(said: &mut Option<Instant>, now: Instant) -> bool {
    let due = said.is_none_or(|said| now.saturating_duration_since(said) >= EVERY);
    if due {
        *said = Some(now);
    }
    due
}

/// What was seen of each handler since its last line.
#[derive(Debug, Default)]
pub(crate) struct Blocked(Mutex<HashMap<String, Seen>>);

/// Of one handler.
#[derive(Debug, Default)]
struct Seen {
    /// When it had its last line.
    said: Option<Instant>,
    /// What the next line will say.
    so_far: Calls,
}

/// How often, and how long at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Calls {
    pub(crate) count: u64,
    pub(crate) longest: Duration,
}

impl Blocked {
    /// Takes note of a call that `took` so long; what to say now, if it is time to say something.
    pub(crate) fn note(&self, handler: &str, took: Duration, now: Instant) -> Option<Calls> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry(handler.to_owned()).or_default();
        seen.so_far.count += 1;
        seen.so_far.longest = seen.so_far.longest.max(took);
        is_due(&mut seen.said, now).then(|| std::mem::take(&mut seen.so_far))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    // Fails when the time of the last line is forgotten, when what was counted is not reset, and when handlers share
    // it.
    #[test]
    fn a_handler_that_always_blocks_has_one_line_a_minute_with_their_number_and_the_longest() {
        let (blocked, start) = (Blocked::default(), Instant::now());
        let note = |handler, took, after| blocked.note(handler, took * MS, start + Duration::from_secs(after));
        let calls = |count, longest| Some(Calls { count, longest: longest * MS });
        assert_eq!(note("a", 150, 0), calls(1, 150));
        assert_eq!((note("a", 900, 1), note("a", 110, 59)), (None, None));
        assert_eq!(note("b", 120, 59), calls(1, 120), "another handler has a line of its own");
        assert_eq!(note("a", 130, 60), calls(3, 900));
        assert_eq!(note("a", 140, 119), None);
        assert_eq!(note("a", 101, 120), calls(2, 140));
    }
}

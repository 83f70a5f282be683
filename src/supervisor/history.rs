//! How often an actor was restarted lately.

use std::{collections::VecDeque, time::Instant};

use super::directive::RestartLimit;

/// Restarts of one actor in one partition, as far back as its limit looks.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    /// Ascending; never more than the limit counts, so that its memory is bounded.
    times: VecDeque<Instant>,
}

impl Restarts {
    /// Restarts within the window of `limit` that ends `now`.
    pub(crate) fn count(&mut self, now: Instant, limit: RestartLimit) -> u32 {
        while self.times.front().is_some_and(|&time| now.saturating_duration_since(time) >= limit.within) {
            self.times.pop_front();
        }
        u32::try_from(self.times.len()).unwrap_or(u32::MAX)
    }

    /// Takes note of a restart.
    pub(crate) fn push(&mut self, now: Instant, limit: RestartLimit) {
        while self.times.len() >= limit.restarts.max(1) as usize {
            self.times.pop_front();
        }
        self.times.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LIMIT: RestartLimit = RestartLimit { restarts: 3, within: Duration::from_secs(5) };

    #[test]
    fn only_restarts_within_the_window_count() {
        // Fails if `count` compares with `>`.
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut restarts = Restarts::default();
        assert_eq!(restarts.count(at(0), LIMIT), 0);
        restarts.push(at(0), LIMIT);
        restarts.push(at(2), LIMIT);
        assert_eq!(restarts.count(at(4), LIMIT), 2);
        assert_eq!(restarts.count(at(5), LIMIT), 1);
        assert_eq!(restarts.count(at(9), LIMIT), 0);
    }

    #[test]
    fn no_more_is_kept_than_the_limit_counts() {
        let now = Instant::now();
        let mut restarts = Restarts::default();
        for _ in 0..1_000 {
            restarts.push(now, LIMIT);
        }
        assert_eq!(restarts.count(now, LIMIT), 3, "the newest are kept");
    }
}

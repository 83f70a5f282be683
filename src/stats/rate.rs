//! Records per second, over the last few seconds.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Over how long a rate is taken.
const WINDOW: Duration = Duration::from_secs(10);

/// What two counters stood at, now and then.
#[derive(Debug, Default)]
pub(super) struct Rates {
    /// About one for each second of the window, oldest first.
    samples: VecDeque<(Instant, [u64; 2])>,
}

impl Rates {
    /// Takes note of the counters; to be called about once a second.
    pub(super) fn note(&mut self, now: Instant, counters: [u64; 2]) {
        self.samples.push_back((now, counters));
        // One sample that is older than the window stays, so that the window is whole.
        while self.samples.get(1).is_some_and(|&(at, _)| now.saturating_duration_since(at) >= WINDOW) {
            self.samples.pop_front();
        }
    }

    /// Per second, each; 0 before there are two samples.
    pub(super) fn per_second(&self) -> [f64; 2] {
        let (Some((begin, first)), Some((end, last))) = (self.samples.front(), self.samples.back()) else {
            return [0.0; 2];
        };
        let seconds = end.saturating_duration_since(*begin).as_secs_f64();
        if seconds == 0.0 {
            return [0.0; 2];
        }
        [0, 1].map(|at| (last[at] - first[at]) as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_ten_seconds() {
        let start = crate::clock::Clock::system().now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut rates = Rates::default();
        assert_eq!(rates.per_second(), [0.0; 2]);
        for second in 0..=20 {
            rates.note(at(second), [second * 100, second * 50]);
        }
        assert_eq!(rates.per_second(), [100.0, 50.0]);
        for second in 21..=31 {
            rates.note(at(second), [2_000, 1_000]);
        }
        // Fails when old samples are kept: the rate would be that of the whole time.
        assert_eq!(rates.per_second(), [0.0; 2]);
        assert!(rates.samples.len() <= 12);
    }
}

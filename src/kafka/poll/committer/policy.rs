//! When commits are due, and what is waited for.

use std::time::Duration;

/// When a [`Committer`](super::Committer) acts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Between two requests under load.
    pub(crate) interval: Duration,
    /// Finished records that do not wait for the interval; nor does what is left when everything received is finished.
    pub(crate) count: u64,
    /// Between two requests, whatever was finished meanwhile: decision 22.
    pub(crate) soonest: Duration,
    /// After this long without an answer a request is in doubt.
    pub(crate) deadline: Duration,
    /// First and longest wait after an error.
    pub(crate) backoff: (Duration, Duration),
    /// How long a partition that seems lost, or needs an operator, is left alone.
    pub(crate) suspend: (Duration, Duration),
    /// How long requests go without metadata after the broker refused it.
    pub(crate) plain: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            count: 5_000,
            soonest: Duration::from_millis(100),
            deadline: Duration::from_secs(10),
            backoff: (Duration::from_millis(100), Duration::from_secs(5)),
            suspend: (Duration::from_secs(2), Duration::from_secs(30)),
            plain: Duration::from_secs(60),
        }
    }
}

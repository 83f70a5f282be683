//! How long things may take that others wait for.

use std::time::Duration;

/// How long a departure may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// For the handlers that run when a partition is revoked.
    pub(crate) drain: Duration,
    /// For the last commit after that.
    pub(crate) last_commit: Duration,
    /// For closing the client.
    pub(crate) close: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { drain: Duration::from_secs(5), last_commit: Duration::from_secs(3), close: Duration::from_secs(5) }
    }
}

/// How long last commits are waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// See [`Bounds`].
    pub(super) last_commit: Duration,
    /// The bus stops, and its handlers may run until then.
    pub(super) stop: Option<Duration>,
    /// There is a broker, as far as the client knows: a stop may wait until the group has joined again.
    pub(super) reachable: bool,
}

impl Patience {
    /// The end of it for what was drained at `since`, and which the client has to give back if `is_revoked`.
    pub(super) fn until(self, since: Duration, is_revoked: bool) -> Duration {
        let from = match self.stop {
            Some(stop) if self.reachable && !is_revoked => stop,
            Some(stop) => since.min(stop),
            None => since,
        };
        from + self.last_commit
    }
}

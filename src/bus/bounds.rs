//! How much a bus may take: threads, and time to end.

use std::time::Duration;

use super::Bus;

impl<S> Bus<S> {
    /// Threads that run handlers. Default: one for each CPU, 8 at most; 0, and more than 256, is an error when
    /// the bus is spawned.
    ///
    /// All handlers of a partition run on one of them, but those of a
    /// [`Supervisor::blocking`](crate::Supervisor::blocking) actor. Handlers that wait need no more threads:
    /// [`Supervisor::concurrency`](crate::Supervisor::concurrency) of them run side by side on one.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// // Handlers that compute a lot, on a machine that is theirs alone.
    /// let bus = Bus::new(Kafka::embedded()).service("pricing").workers(16);
    /// ```
    pub fn workers(mut self, threads: usize) -> Self {
        self.options.workers = Some(threads);
        self
    }

    /// How long running handlers may take to end when the bus stops. Default: 10 s.
    ///
    /// What runs longer is dropped at its next `.await`, and its record is handled again after the next start. The last
    /// commit and closing the clients come on top, see [`BusHandle::shutdown`](crate::BusHandle::shutdown).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Bus, Kafka};
    ///
    /// // Kubernetes kills after 30 s (`terminationGracePeriodSeconds`) unless told otherwise. These 5 s, and closing
    /// // without a broker, are 25 s.
    /// let bus = Bus::new(Kafka::embedded()).service("billing").shutdown_timeout(Duration::from_secs(5));
    /// ```
    pub fn shutdown_timeout(mut self, within: Duration) -> Self {
        self.options.shutdown_timeout = within;
        self
    }

    /// How long running handlers may take to end when their partition moves to another member. Default: 5 s.
    ///
    /// All partitions of this member stand still for that time. Keep it below half of `max.poll.interval.ms`, which is
    /// 300 s unless it was set: a longer one is a warning in the log at start.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Bus, Kafka};
    ///
    /// // Handlers that print take up to 15 s, and must not print twice because another member came.
    /// let bus = Bus::new(Kafka::embedded()).service("printing").drain_timeout(Duration::from_secs(20));
    /// ```
    pub fn drain_timeout(mut self, within: Duration) -> Self {
        self.options.drain_timeout = within;
        self
    }

    /// How many records and bytes of a partition may be in memory unfinished, and how far beyond the lowest unfinished
    /// offset records are taken: small, for tests that reach the limits.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn limits(mut self, records: usize, bytes: usize, window: u64) -> Self {
        self.options.limits = crate::dispatch::Limits { records, bytes, window };
        self
    }

    /// Records in one batch, at most: to find out which size is best.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn batch(mut self, records: usize) -> Self {
        self.options.batch = records.max(1);
        self
    }

    /// Takes no records before [`BusHandle::release`], so that a benchmark can begin with full queues.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn held(mut self) -> Self {
        self.options.held = true;
        self
    }
}

//! What a child process is told to do, and what it answers.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

/// Which program does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    /// A carom bus.
    Carom,
    /// The hand-written loop on raw batches, with headers read where the broker's bytes lie, as carom does it.
    Batches,
    /// The same, with headers read by way of librdkafka's list.
    Listed,
    /// The hand-written loop on `rd_kafka_consumer_poll`, one record at a time.
    Poll,
    /// Two threads on raw batches: carom's shape without its promises.
    TwoThreads,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Carom => "carom",
            Self::Batches | Self::Poll => "loop",
            Self::Listed => "listed loop",
            Self::TwoThreads => "two threads",
        }
    }
}

/// What it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Work {
    /// Handles so many records and ends.
    Consume { records: u64, prefetched: bool },
    /// Handles records and keeps the latency of each.
    Latency { records: u64 },
    /// Handles records by waiting so long.
    Wait { records: u64, each: Duration },
    /// Consumes nothing for so long.
    Idle { lasting: Duration },
    /// Publishes so many records, in calls of so many.
    Publish { records: u64, call: u64 },
    /// Fills the topic.
    Fill { records: u64, partitions: i32 },
    /// Writes so many records a second.
    Trickle { records: u64, per_second: u64 },
}

/// The whole task of a child process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) side: Side,
    pub(crate) work: Work,
    pub(crate) servers: String,
    pub(crate) environment: String,
    pub(crate) group: String,
    /// Options of librdkafka, the same for both sides.
    pub(crate) options: BTreeMap<String, String>,
    /// Threads that run handlers, and lanes of a partition; the loop has neither.
    pub(crate) workers: usize,
    pub(crate) concurrency: Option<usize>,
    /// Records that carom hands over at once; its default where it is `None`.
    pub(crate) batch: Option<usize>,
}

/// What a child process measured.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) records: u64,
    pub(crate) seconds: f64,
    /// User and system time of all threads of the process, in seconds.
    pub(crate) cpu: f64,
    pub(crate) peak_kib: u64,
    /// Event number and nanoseconds from its creation to its handler.
    pub(crate) latencies: Vec<(u64, u64)>,
}

impl Measured {
    /// Records per second.
    pub(crate) fn rate(&self) -> f64 {
        self.records as f64 / self.seconds
    }

    /// Microseconds of CPU for each record.
    pub(crate) fn micros(&self) -> f64 {
        self.cpu * 1e6 / self.records as f64
    }

    /// Peak of the resident set, in megabytes.
    pub(crate) fn megabytes(&self) -> f64 {
        self.peak_kib as f64 * 1024.0 / 1e6
    }
}

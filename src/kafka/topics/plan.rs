//! What provisioning is asked for, and what it finds.

/// One topic that a bus needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TopicPlan {
    pub(crate) name: String,
    /// `None`: the broker's default; for a dead-letter topic as many as its source has.
    pub(crate) partitions: Option<u32>,
    /// `None`: the broker's default.
    pub(crate) replication: Option<u16>,
    /// The topic whose dead letters it takes.
    pub(crate) dead_letter_of: Option<String>,
    pub(crate) config: Vec<(String, String)>,
}

/// Why topics are not as they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotProvisioned {
    /// No broker answered.
    Unreachable { servers: String, reason: String },
    /// All that is in the way.
    Problems(Vec<String>),
}

/// What was found where topics are as they should be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Provisioned {
    pub(crate) warnings: Vec<String>,
    /// As the cluster calls itself; `None` if nobody looked, or the broker does not tell.
    pub(crate) cluster_id: Option<String>,
}

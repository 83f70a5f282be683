//! Where keys land.

/// Which partition a key belongs to. All writers of a topic have to agree, or events of one key lose their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Partitioner {
    /// CRC32, as librdkafka and its descendants (.NET, Go, Python) do by default.
    #[default]
    Librdkafka,
    /// murmur2, as the Java client does by default.
    Java,
}

impl Partitioner {
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Librdkafka => "consistent_random",
            Self::Java => "murmur2_random",
        }
    }
}

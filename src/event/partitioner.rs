//! Which partition a key belongs to. The client places records; this computes the same place without it, which is what
//! a test bus does. Vectors that the clients made show that both agree.

/// How record keys are spread over the partitions of a topic.
///
/// The same key lands on different partitions under the two, so all producers of a topic have to agree. Sharing a
/// topic with .NET Momentum, Python or Go (librdkafka) takes [`Partitioner::Librdkafka`], sharing it with Java takes
/// [`Partitioner::Java`]. Set it with [`Kafka::partitioner`](crate::Kafka::partitioner).
///
/// ```
/// use carom::{Kafka, event::Partitioner};
///
/// let kafka = Kafka::new("localhost:9092").partitioner(Partitioner::Java); // the topic has producers in Java
/// # assert_eq!(kafka.problems(), Vec::<String>::new());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Partitioner {
    /// CRC32 of the key, librdkafka's `consistent_random`. The default.
    #[default]
    Librdkafka,
    /// murmur2 of the key as Java's client computes it, librdkafka's `murmur2_random`.
    Java,
}

impl Partitioner {
    /// The value of librdkafka's `partitioner` option: what a producer in another language that uses librdkafka has to
    /// set, to agree with this one.
    ///
    /// ```
    /// use carom::event::Partitioner;
    ///
    /// assert_eq!(Partitioner::default().config_value(), "consistent_random");
    /// assert_eq!(Partitioner::Java.config_value(), "murmur2_random");
    /// ```
    pub const fn config_value(self) -> &'static str {
        match self {
            Self::Librdkafka => "consistent_random",
            Self::Java => "murmur2_random",
        }
    }

    /// The partition of `key` on a topic with `count` partitions, from 0; `None` where the client picks one at random,
    /// and where `count` is below 1.
    ///
    /// At random is what has a null key, and with [`Partitioner::Librdkafka`] an empty key too.
    ///
    /// ```
    /// use carom::event::Partitioner;
    ///
    /// assert_eq!(Partitioner::Librdkafka.partition(Some(b"1234"), 12), Some(7));
    /// assert_eq!(Partitioner::Java.partition(Some(b"1234"), 12), Some(0));
    /// assert_eq!(Partitioner::Java.partition(None, 12), None);
    /// ```
    pub fn partition(self, key: Option<&[u8]>, count: i32) -> Option<i32> {
        let count = u32::try_from(count).ok().filter(|count| *count > 0)?;
        let hash = match self {
            Self::Librdkafka => crc32fast::hash(key.filter(|key| !key.is_empty())?),
            Self::Java => murmur2(key?) & 0x7fff_ffff,
        };
        i32::try_from(hash % count).ok()
    }
}

/// murmur2 with the seed of Kafka's Java client.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    let mut hash = SEED ^ data.len() as u32;
    let (words, tail) = data.as_chunks::<4>();
    for word in words {
        let mut word = u32::from_le_bytes(*word).wrapping_mul(M);
        word ^= word >> 24;
        hash = hash.wrapping_mul(M) ^ word.wrapping_mul(M);
    }
    if !tail.is_empty() {
        for (at, byte) in tail.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use base64::prelude::*;
    use serde_json::Value;

    use super::*;

    fn key_of(case: &Value) -> Vec<u8> {
        match case["key_base64"].as_str() {
            Some(key) => BASE64_STANDARD.decode(key).unwrap(),
            None => case["key"].as_str().unwrap().as_bytes().to_vec(),
        }
    }

    #[test]
    fn every_key_of_the_vectors_lands_where_the_clients_put_it() {
        let file: Value =
            serde_json::from_str(include_str!("../../integration-tests/vectors/partitioner.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 60);
        for case in cases {
            let key = key_of(case);
            assert_eq!(i64::from(crc32fast::hash(&key)), case["crc32"].as_i64().unwrap(), "{}", case["name"]);
            assert_eq!(i64::from(murmur2(&key) as i32), case["murmur2_hash"].as_i64().unwrap(), "{}", case["name"]);
            places(case, "consistent", &key, Partitioner::Librdkafka);
            places(case, "murmur2", &key, Partitioner::Java);
        }
    }

    fn places(case: &Value, column: &str, key: &[u8], partitioner: Partitioner) {
        let counts = case[column].as_object().unwrap();
        assert_eq!(counts.len(), 10);
        for (count, partition) in counts {
            let random = key.is_empty() && partitioner == Partitioner::Librdkafka;
            let expected = (!random).then(|| partition.as_i64().unwrap() as i32);
            assert_eq!(partitioner.partition(Some(key), count.parse().unwrap()), expected, "{} {count}", case["name"]);
        }
    }

    #[test]
    fn a_null_key_has_no_partition_of_its_own() {
        assert_eq!(Partitioner::Librdkafka.partition(None, 3), None);
        assert_eq!(Partitioner::Java.partition(None, 3), None);
    }

    #[test]
    fn a_topic_without_partitions_takes_no_key() {
        assert_eq!(Partitioner::Java.partition(Some(b"a"), 0), None);
        assert_eq!(Partitioner::Librdkafka.partition(Some(b"a"), -1), None);
    }

    #[test]
    fn the_default_is_what_librdkafka_and_momentum_use() {
        assert_eq!(Partitioner::default().config_value(), "consistent_random");
        assert_eq!(Partitioner::Java.config_value(), "murmur2_random");
    }
}

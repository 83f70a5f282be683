//! The hash that names a key without showing it.

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a, 64 bits, over the topic, one zero byte and the key.
///
/// It is on the wire and decides what shares a bucket elsewhere, so it is frozen.
pub(crate) fn key_hash(topic: &str, key: &[u8]) -> u64 {
    let bytes = topic.as_bytes().iter().chain(&[0]).chain(key);
    bytes.fold(OFFSET_BASIS, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_frozen() {
        // Computed apart from this code, in another language. Fails if multiply and xor change places (FNV-1).
        assert_eq!(format!("{:016x}", key_hash("orders", b"42")), "df3ae0f5ded66666");
        assert_eq!(format!("{:016x}", key_hash("", b"")), "af63bd4c8601b7df");
    }

    #[test]
    fn topic_and_key_do_not_run_together() {
        assert_ne!(key_hash("a", b"bc"), key_hash("ab", b"c"));
    }
}

//! The hash that names a key without showing it.

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a, 64 bits, over the topic, one zero byte and the key; its upper half folded into the lower one, so that a
/// remainder depends on all of it.
///
/// It is on the wire and decides what shares a bucket elsewhere, so it is frozen.
pub(crate) fn key_hash(topic: &str, key: &[u8]) -> u64 {
    let bytes = topic.as_bytes().iter().chain(&[0]).chain(key);
    let hash = bytes.fold(OFFSET_BASIS, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_frozen() {
        // Computed apart from this code, in another language. Fails if multiply and xor change places (FNV-1), and if
        // nothing is folded.
        assert_eq!(format!("{:016x}", key_hash("orders", b"42")), "df3ae0f501ec8693");
        assert_eq!(format!("{:016x}", key_hash("", b"")), "af63bd4c29620a93");
    }

    #[test]
    fn topic_and_key_do_not_run_together() {
        assert_ne!(key_hash("a", b"bc"), key_hash("ab", b"c"));
    }
}

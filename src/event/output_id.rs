//! Ids of what handlers publish: the same input gives the same ids, however often the handler runs.

use uuid::Uuid;

/// Namespace of these ids: UUIDv5 of the URL `https://github.com/carom-rs/carom#output-id`. It never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x754f_457d_e4b3_5466_a05a_b226_32a8_74b1);

/// The id of output number `index` that `handler` of `group` publishes for the event `input_id` of `input_source`.
///
/// UUIDv5 over the four texts, each after its length in bytes, and the index; lengths and index are 64-bit big-endian.
/// With the lengths, no two inputs run together into one text.
pub(crate) fn output_id(group: &str, handler: &str, input_source: &str, input_id: &str, index: usize) -> Uuid {
    let mut name = Vec::with_capacity(128);
    for text in [group, handler, input_source, input_id] {
        name.extend_from_slice(&(text.len() as u64).to_be_bytes());
        name.extend_from_slice(text.as_bytes());
    }
    name.extend_from_slice(&(index as u64).to_be_bytes());
    Uuid::new_v5(&NAMESPACE, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_is_the_documented_one() {
        assert_eq!(NAMESPACE, Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://github.com/carom-rs/carom#output-id"));
    }

    #[test]
    fn the_same_input_gives_the_same_id_for_ever() {
        let id = output_id("billing-dev", "Billing", "/sales/shop", "A-100", 0);
        assert_eq!(id.to_string(), "b6347902-b55b-5981-aa6e-3cd227c0b28a");
        assert_eq!(id.get_version_num(), 5);
    }

    #[test]
    fn every_part_makes_another_id_and_no_two_parts_run_together() {
        let ids = [
            output_id("g", "h", "s", "i", 0),
            output_id("x", "h", "s", "i", 0),
            output_id("g", "x", "s", "i", 0),
            output_id("g", "h", "x", "i", 0),
            output_id("g", "h", "s", "x", 0),
            output_id("g", "h", "s", "i", 1),
            output_id("gh", "", "s", "i", 0),
            output_id("g", "hs", "", "i", 0),
            output_id("g", "h", "si", "", 0),
        ];
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }
}

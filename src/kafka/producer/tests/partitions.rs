//! How many partitions a topic has, and on which of them a key lands.

use super::*;

#[tokio::test]
async fn the_count_of_partitions_is_asked_once_and_kept() {
    let cluster = cluster();
    let sink = sink(&cluster, &[]);
    let (first, second) = (sink.count("t".into(), SOON), sink.count("t".into(), SOON));
    assert_eq!((first.await, second.await), (Ok(PARTITIONS), Ok(PARTITIONS)));
    let unknown = sink.count("typo".into(), SOON).await.unwrap_err();
    assert_eq!(unknown.kind, SendErrorKind::Permanent, "{unknown}");
    cluster.broker_down(1).unwrap();
    assert_eq!(sink.count("t".into(), SOON).await, Ok(PARTITIONS));
    assert_eq!(
        sink.count("other".into(), Duration::from_millis(300)).await.unwrap_err().kind,
        SendErrorKind::Retriable
    );
}

/// The bytes of a key decide its partition, as every other Kafka client would: both hashes, 12 partitions.
#[tokio::test]
async fn keys_land_on_the_partitions_of_the_golden_vectors() {
    let vectors = include_str!("../../../../integration-tests/vectors/partitioner.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    let cluster = cluster();
    for (partitioner, column) in [("consistent_random", "consistent"), ("murmur2_random", "murmur2")] {
        let sink = sink(&cluster, &[("partitioner", partitioner)]);
        let mut checked = 0;
        for case in vectors["cases"].as_array().unwrap() {
            let key = match (&case["key"], &case["key_base64"]) {
                (serde_json::Value::String(text), _) => text.as_bytes().to_vec(),
                (_, raw) => base64::Engine::decode(&base64::prelude::BASE64_STANDARD, raw.as_str().unwrap()).unwrap(),
            };
            if key.is_empty() && column == "consistent" {
                // Spread at random by `consistent_random`.
                continue;
            }
            let delivery = sink.send(vec![record(key, "")]).await.remove(0).unwrap();
            assert_eq!(i64::from(delivery.partition), case[column]["12"].as_i64().unwrap(), "{partitioner}: {case}");
            checked += 1;
        }
        assert!(checked > 30, "{checked}");
    }
}

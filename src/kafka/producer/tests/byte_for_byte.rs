//! What is sent arrives byte for byte.

use super::*;
use crate::kafka::record::HeaderName;

/// Fails with `memory` giving null for empty values, and with `rd_kafka_header_add` taking the name's length as -1.
#[tokio::test]
async fn keys_values_and_headers_arrive_byte_for_byte() {
    let cluster = cluster();
    let sink = sink(&cluster, &[]);
    let headers: Vec<(HeaderName, Option<Bytes>)> = vec![
        (HeaderName::Bytes(Bytes::from_static(b"\xff\xfe")), Some(Bytes::from_static(b"\x00\xff"))),
        ("null".into(), None),
        ("twice".into(), Some(Bytes::from_static(b"1"))),
        ("empty".into(), Some(Bytes::new())),
        ("twice".into(), Some(Bytes::from_static(b"2"))),
        (HeaderName::Bytes(Bytes::from(b"slice of a larger buffer".to_vec()).slice(..5)), Some(Bytes::new())),
    ];
    let sent = [
        OutRecord { topic: "t".into(), partition: Some(3), key: None, value: None, headers: headers.clone() },
        OutRecord {
            topic: "t".into(),
            partition: Some(4),
            key: Some(Bytes::new()),
            value: Some(Bytes::new()),
            headers: Vec::new(),
        },
    ];
    let outcomes = sink.send(sent.to_vec()).await;
    assert_eq!(outcomes[0], Ok(Delivery { partition: 3, offset: 0 }));
    assert_eq!(outcomes[1], Ok(Delivery { partition: 4, offset: 0 }));
    let mut found = read_all(&cluster);
    found.sort_by_key(|read| read.partition);
    let expected: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_ref().map(|value| value.to_vec())))
        .collect();
    assert_eq!((&found[0].key, &found[0].value, &found[0].headers), (&None, &None, &expected));
    assert_eq!((&found[1].key, &found[1].value, found[1].headers.len()), (&Some(vec![]), &Some(vec![]), 0));
}

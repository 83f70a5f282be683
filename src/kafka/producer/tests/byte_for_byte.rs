//! What is sent arrives byte for byte.

use super::*;
use crate::kafka::record::Header;

/// Fails with `memory` giving null for empty values, and with `rd_kafka_header_add` taking the name's length as -1.
#[tokio::test]
async fn keys_values_and_headers_arrive_byte_for_byte() {
    let cluster = cluster();
    let sink = sink(&cluster, &[]);
    let headers: [Header<'_>; 6] = [
        (b"\xff\xfe", Some(b"\x00\xff")),
        (b"null", None),
        (b"twice", Some(b"1")),
        (b"empty", Some(b"")),
        (b"twice", Some(b"2")),
        (&b"slice of a larger buffer"[..5], Some(b"3")),
    ];
    let sent = [
        OutRecord::new("t".into(), Some(3), None, None, &headers),
        OutRecord::new("t".into(), Some(4), Some(b""), Some(b""), &[]),
    ];
    let outcomes = sink.send(sent.to_vec()).await;
    assert_eq!(outcomes[0], Ok(Delivery { partition: 3, offset: 0 }));
    assert_eq!(outcomes[1], Ok(Delivery { partition: 4, offset: 0 }));
    let mut found = read_all(&cluster);
    found.sort_by_key(|read| read.partition);
    let expected: Vec<_> = headers.map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).into();
    assert_eq!((&found[0].key, &found[0].value, &found[0].headers), (&None, &None, &expected));
    assert_eq!((&found[1].key, &found[1].value, found[1].headers.len()), (&Some(vec![]), &Some(vec![]), 0));
}

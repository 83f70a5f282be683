//! Both ways to the headers find the same, in the version of librdkafka that is built in.

use std::{mem::ManuallyDrop, time::Duration};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    mocking::MockCluster,
    producer::{BaseProducer, Producer},
};

use super::*;
use crate::kafka::raw::testing::{Written, produce};

type Pairs = Vec<(Vec<u8>, Option<Vec<u8>>)>;

const SOON: Duration = Duration::from_secs(20);

fn pairs<'a>(headers: impl Iterator<Item = Header<'a>>) -> Pairs {
    headers.map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect()
}

fn record(value: Option<&[u8]>, headers: &[(&[u8], Option<&[u8]>)]) -> Written {
    let headers = headers.iter().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect();
    Written { key: Some(b"key".to_vec()), value: value.map(<[u8]>::to_vec), headers }
}

fn records() -> Vec<Written> {
    let ce: &[(&[u8], Option<&[u8]>)] = &[(b"ce_id", Some(b"1")), (b"ce_type", Some(b"sales.order"))];
    let odd: &[(&[u8], Option<&[u8]>)] = &[(b"", Some(b"")), (b"null", None), (b"a\xff", Some(b"\0")), (b"null", None)];
    let many = vec![(&b"name"[..], Some(&b"value"[..])); 300];
    let large = [(&b"large"[..], Some(&[7; 70_000][..]))];
    vec![
        record(Some(b"{}"), ce),
        record(Some(b"{}"), &[]),
        record(Some(b""), ce),
        record(Some(b"{}"), odd),
        record(Some(&[1; 5_000]), &many),
        record(Some(b"{}"), &large),
        Written { key: None, ..record(Some(b"{}"), ce) },
        record(None, ce),
        record(None, &[]),
    ]
}

// Fails when a field of `Inside` before the last is missing or of another size, and when the version is not in `KNOWN`.
#[test]
fn headers_are_read_where_they_lie() {
    assert!(*IS_KNOWN, "look up whether `Inside` holds for this version of librdkafka, and add it to `KNOWN`");
    let cluster = MockCluster::new(1).unwrap();
    for compression in ["none", "lz4", "gzip"] {
        cluster.create_topic(compression, 1, 1).unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers()).set("compression.type", compression);
        let producer: BaseProducer = config.create().unwrap();
        let written = records();
        written.iter().for_each(|record| produce(&producer, compression, 0, record));
        producer.flush(SOON).unwrap();
        let consumer: BaseConsumer = config.set("group.id", "reader").create().unwrap();
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(compression, 0, Offset::Beginning).unwrap();
        consumer.assign(&from).unwrap();
        for record in written {
            let borrowed = consumer.poll(SOON).expect("a record in time").unwrap();
            let (value, millis) = (borrowed.payload(), borrowed.timestamp().to_millis().unwrap());
            // Not ours to destroy.
            let message = ManuallyDrop::new(Message(NonNull::new(borrowed.ptr()).unwrap()));
            assert_eq!(message.wire_headers(value, Timestamp::Create(millis + 1)), None, "another timestamp");
            let found = message.wire_headers(value, Timestamp::Create(millis));
            let has_bytes = record.value.as_ref().is_some_and(|value| !value.is_empty());
            assert_eq!(found.is_some(), has_bytes, "only they say where they end");
            if let Some(bytes) = found {
                assert_eq!(pairs(WireHeaders::new(bytes)), record.headers);
            }
            assert_eq!(pairs(message.headers()), record.headers);
            let found = message.wire_headers(value, Timestamp::Create(millis));
            assert!(found.is_none() || record.headers.is_empty(), "librdkafka has read them");
        }
    }
}

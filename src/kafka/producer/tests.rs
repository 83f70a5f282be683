//! The sink against librdkafka's mock cluster.

use std::{
    collections::HashMap,
    future::Future,
    pin::pin,
    task::{Context, Wake, Waker},
};

use bytes::Bytes;
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    mocking::MockCluster,
    producer::DefaultProducerContext,
    types::{RDKafkaApiKey, RDKafkaRespErr},
};

use super::*;
use crate::kafka::record::HeaderName;
use crate::kafka::{raw::produce::headers_of, source::SendErrorKind};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const PARTITIONS: i32 = 12;
const SOON: Duration = Duration::from_secs(20);

fn cluster() -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("t", PARTITIONS, 1).unwrap();
    cluster
}

fn config(cluster: &Cluster) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("linger.ms", "5")
        .set("compression.type", "lz4")
        .set("partitioner", "consistent_random");
    config
}

fn sink(cluster: &Cluster, settings: &[(&str, &str)]) -> KafkaSink {
    let mut config = config(cluster);
    for (key, value) in settings {
        config.set(*key, *value);
    }
    KafkaSink::new(&config, Secrets::default()).unwrap()
}

fn record(key: &str, value: &str) -> OutRecord {
    OutRecord {
        topic: "t".into(),
        partition: None,
        key: Some(Bytes::copy_from_slice(key.as_bytes())),
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        headers: vec![("ce_id".into(), Some(Bytes::from_static(b"1")))],
    }
}

fn kinds(outcomes: &[Outcome]) -> Vec<Option<SendErrorKind>> {
    outcomes.iter().map(|outcome| outcome.as_ref().err().map(|error| error.kind)).collect()
}

struct Read {
    partition: i32,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// Everything that topic `t` holds.
fn read_all(cluster: &Cluster) -> Vec<Read> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", "reader")
        .set("fetch.wait.max.ms", "5")
        .create()
        .unwrap();
    let mut assignment = TopicPartitionList::new();
    let mut left = 0;
    for partition in 0..PARTITIONS {
        let (low, high) = consumer.fetch_watermarks("t", partition, SOON).unwrap();
        assert_eq!(low, 0, "the mock cluster dropped records");
        assignment.add_partition_offset("t", partition, Offset::Offset(0)).unwrap();
        left += high;
    }
    consumer.assign(&assignment).unwrap();
    let mut found = Vec::new();
    while found.len() < left as usize {
        let message = consumer.poll(SOON).expect("a record in time").unwrap();
        found.push(Read {
            partition: message.partition(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers_of(&message),
        });
    }
    found
}

/// Values by key, in the order of the log.
fn by_key(log: &[Read]) -> HashMap<String, Vec<u64>> {
    let text = |bytes: &Option<Vec<u8>>| String::from_utf8(bytes.clone().unwrap()).unwrap();
    let mut found = HashMap::<_, Vec<u64>>::new();
    for read in log {
        found.entry(text(&read.key)).or_default().push(text(&read.value).parse().unwrap());
    }
    found
}

/// Fails with twice the `limits.records` in `permits` (the client is full), and with `pump` taking the last of the
/// waiting records instead of the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_permits_keep_the_order_of_each_key_from_many_tasks() {
    let cluster = cluster();
    let sink = Arc::new(sink(&cluster, &[("queue.buffering.max.messages", "10"), ("linger.ms", "0")]));
    let tasks = (0..5).map(|task| {
        let sink = Arc::clone(&sink);
        tokio::spawn(async move {
            let mut sends = Vec::new();
            for round in 0..200_u64 {
                let records = (0..10).map(|key| record(&format!("{task}-{key}"), &round.to_string())).collect();
                sends.push(sink.send(records));
            }
            // Polled in the wrong order: the calls made the order.
            for send in sends.into_iter().rev() {
                assert_eq!(kinds(&send.await), [None; 10]);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let found = by_key(&read_all(&cluster));
    assert_eq!(found.len(), 50);
    for (key, values) in found {
        assert!(values.iter().copied().eq(0..200), "{key}: {values:?}");
    }
    assert_eq!(sink.shared.with_queue(|queue| queue.overfull), 0);
}

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

/// Fails without the call of `oversized`: the small record is in the log.
#[tokio::test]
async fn one_record_too_large_holds_the_whole_call_back() {
    let cluster = cluster();
    let sink = sink(&cluster, &[]);
    let limit = sink.max_record_bytes();
    let mut large = record("k", "");
    large.value = Some(Bytes::from(vec![0; limit - record("k", "").wire_size() + 1]));
    let outcomes = sink.send(vec![record("k", "0"), large.clone()]).now_or_never().expect("at once");
    assert_eq!(kinds(&outcomes), [Some(SendErrorKind::Retriable), Some(SendErrorKind::TooLarge)]);
    let error = outcomes[1].as_ref().unwrap_err().to_string();
    assert!(error.contains("1000001 bytes and at most 1000000"), "{error}");
    // One byte less is allowed, and librdkafka agrees.
    large.value = large.value.map(|value| value.slice(1..));
    assert_eq!(kinds(&sink.send(vec![large]).await), [None]);
    assert_eq!(read_all(&cluster).len(), 1);
}

/// Fails without the bytes in `permits`: the client is full.
#[tokio::test]
async fn few_permits_for_bytes_let_large_records_go_one_by_one() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("queue.buffering.max.kbytes", "1000")]);
    let mut large = record("k", "");
    large.value = Some(Bytes::from(vec![0; 900_000]));
    let sends = [sink.send(vec![large.clone(), large.clone()]), sink.send(vec![large])];
    for send in sends {
        assert!(kinds(&send.await).iter().all(Option::is_none));
    }
    assert_eq!(sink.shared.with_queue(|queue| queue.overfull), 0);
}

#[test]
fn a_queue_with_no_room_for_the_largest_record_is_refused_at_start() {
    let mut config = ClientConfig::new();
    config.set("queue.buffering.max.kbytes", "900");
    let error = KafkaSink::new(&config, Secrets::default()).unwrap_err().to_string();
    assert!(error.contains("`queue.buffering.max.kbytes`") && error.contains("977"), "{error}");
}

#[tokio::test]
async fn errors_of_the_broker_are_healed_once_and_in_order() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("retry.backoff.ms", "10")]);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    cluster.request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 3]);
    let sends: Vec<_> = (1..200).map(|value| sink.send(vec![record("k", &value.to_string())])).collect();
    for send in sends {
        assert_eq!(kinds(&send.await), [None]);
    }
    assert!(by_key(&read_all(&cluster))["k"].iter().copied().eq(0..200));
}

#[tokio::test]
async fn an_unknown_topic_fails_soon_and_may_appear_later() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("topic.metadata.propagation.max.ms", "500")]);
    let mut lost = record("k", "0");
    lost.topic = "typo".into();
    let started = Instant::now();
    let outcomes = sink.send(vec![lost.clone(), record("k", "0")]).await;
    assert_eq!(kinds(&outcomes), [Some(SendErrorKind::Permanent), None]);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let error = outcomes[0].as_ref().unwrap_err().to_string();
    assert_eq!(error, "cannot publish to `typo`: topic `typo` does not exist: create it, or correct the name");
    cluster.create_topic("typo", 1, 1).unwrap();
    // Refused at once until librdkafka looks again, as it does every second.
    while kinds(&sink.send(vec![lost.clone()]).await) == [Some(SendErrorKind::Permanent)] {
        assert!(started.elapsed() < SOON);
        tokio::task::yield_now().await;
    }
    assert_eq!(kinds(&sink.send(vec![lost.clone()]).await), [None]);
    lost.partition = Some(7);
    assert_eq!(kinds(&sink.send(vec![lost]).await), [Some(SendErrorKind::Permanent)]);
}

#[tokio::test]
async fn names_that_no_topic_can_have_are_permanent_failures() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("topic.metadata.propagation.max.ms", "100")]);
    for name in ["a\0b", ""] {
        let mut lost = record("k", "0");
        lost.topic = name.into();
        assert_eq!(kinds(&sink.send(vec![lost]).await), [Some(SendErrorKind::Permanent)], "{name:?}");
    }
}

/// Fails without `expire` in `serve`: those without a permit wait for the next delivery.
#[tokio::test]
async fn records_for_a_broker_that_is_down_end_in_time() {
    let cluster = cluster();
    let settings =
        [("delivery.timeout.ms", "1000"), ("queue.buffering.max.messages", "3"), ("reconnect.backoff.max.ms", "100")];
    let sink = sink(&cluster, &settings);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    cluster.broker_down(1).unwrap();
    let started = Instant::now();
    let outcomes = sink.send((0..10).map(|value| record("k", &value.to_string())).collect()).await;
    for kind in kinds(&outcomes) {
        assert!(matches!(kind, Some(SendErrorKind::Retriable | SendErrorKind::InDoubt)), "{kind:?}");
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    cluster.broker_up(1).unwrap();
    assert_eq!(kinds(&sink.send(vec![record("k", "1")]).await), [None]);
}

/// Fails without the wake in `flush`: 500 ms late.
#[tokio::test]
async fn a_flush_ends_in_time_and_says_what_is_left() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("queue.buffering.max.messages", "3")]);
    let send = sink.send(vec![record("k", "0")]);
    assert_eq!(sink.flush(SOON).await, 0);
    assert_eq!(kinds(&send.now_or_never().expect("flushed")), [None]);
    // A broker that hangs: nothing happens that would wake the thread.
    cluster.broker_round_trip_time(1, SOON).unwrap();
    drop(sink.send((0..10).map(|value| record("k", &value.to_string())).collect()));
    let started = Instant::now();
    let flush = sink.flush(Duration::from_millis(200));
    // Not the flush's to wait for.
    drop(sink.send(vec![record("k", "late")]));
    assert_eq!(flush.await, 10);
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(200) && took < Duration::from_millis(400), "{took:?}");
}

/// Fails without `give_up` in `end`: what never left is in doubt.
#[tokio::test]
async fn dropping_the_sink_returns_at_once_and_ends_what_is_unsent() {
    let cluster = cluster();
    cluster.broker_down(1).unwrap();
    let sink = sink(&cluster, &[("queue.buffering.max.messages", "5")]);
    let send = sink.send((0..10).map(|value| record("k", &value.to_string())).collect());
    let flush = sink.flush(SOON);
    let started = Instant::now();
    drop(sink);
    assert!(started.elapsed() < Duration::from_millis(50), "{:?}", started.elapsed());
    assert_eq!(kinds(&send.await), [Some(SendErrorKind::Retriable); 10]);
    assert_eq!(flush.await, 0);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn dropping_the_sink_does_not_wait_for_a_broker_that_hangs() {
    let cluster = cluster();
    let sink = sink(&cluster, &[]);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    cluster.broker_round_trip_time(1, SOON).unwrap();
    let send = sink.send(vec![record("k", "1")]);
    assert_eq!(sink.flush(Duration::from_millis(300)).await, 1);
    let started = Instant::now();
    drop(sink);
    assert_eq!(kinds(&send.await), [Some(SendErrorKind::InDoubt)]);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

/// Fails without `Next::Rebuild` (both places): everything after it is refused.
#[tokio::test]
async fn a_dead_client_is_replaced_and_nothing_is_sent_twice() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("linger.ms", "100")]);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    for round in 0..2 {
        let on_the_way = sink.send((1..10).map(|value| record("k", &value.to_string())).collect());
        sink.shared.client().unwrap().fail();
        let after = sink.send(vec![record("after", &round.to_string())]);
        // Those that were with the dead client are not sent by the next one.
        for kind in kinds(&on_the_way.await) {
            assert!(matches!(kind, Some(SendErrorKind::Retriable | SendErrorKind::InDoubt)), "{kind:?}");
        }
        assert_eq!(kinds(&after.await), [None]);
    }
    let found = by_key(&read_all(&cluster));
    assert_eq!(found["k"], [0]);
    assert_eq!(found["after"], [0, 1]);
}

/// A sequence error as a broker raises it: healed by librdkafka or ended, but every record ends and later ones pass.
#[tokio::test]
async fn a_sequence_error_of_the_broker_ends_every_record() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("retry.backoff.ms", "10")]);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    cluster.request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER]);
    let outcomes = sink.send((1..50).map(|value| record("k", &value.to_string())).collect()).await;
    assert_eq!(outcomes.len(), 49);
    assert_eq!(kinds(&sink.send(vec![record("after", "1")]).await), [None]);
    let acknowledged: Vec<u64> = (0..)
        .zip([None].into_iter().chain(kinds(&outcomes)))
        .filter(|(_, kind)| kind.is_none())
        .map(|(at, _)| at)
        .collect();
    let found = by_key(&read_all(&cluster));
    assert!(acknowledged.iter().all(|value| found["k"].contains(value)), "lost: {found:?}");
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("woken");
    }
}

/// Fails without the `catch_unwind` in `tell`: `other`, told after it, ends in doubt.
#[tokio::test]
async fn a_panic_in_a_waiting_task_leaves_the_producer_alive() {
    let cluster = cluster();
    let sink = sink(&cluster, &[]);
    let mut send = pin!(sink.send(vec![record("k", "0")]));
    let other = sink.send(vec![record("k", "1")]);
    assert!(send.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Panics)))).is_pending());
    assert_eq!(kinds(&other.await), [None]);
    assert_eq!(kinds(&sink.send(vec![record("k", "2")]).await), [None]);
}

#[test]
fn it_works_from_any_runtime_and_from_none() {
    let cluster = cluster();
    let sink = Arc::new(sink(&cluster, &[]));
    // A dropped future cancels nothing, and no runtime is needed to enqueue.
    drop(sink.send(vec![record("k", "0")]));
    let send = |value: &str| sink.send(vec![record("k", value)]);
    let plain = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(kinds(&plain.block_on(send("1"))), [None]);
    assert_eq!(plain.block_on(sink.flush(SOON)), 0);
    let actix = actix::System::new();
    assert_eq!(kinds(&actix.block_on(send("2"))), [None]);
    assert_eq!(by_key(&read_all(&cluster))["k"], [0, 1, 2]);
}

#[test]
fn defaults_leave_what_the_user_set_alone() {
    let cluster = cluster();
    let patience = |settings| {
        let sink = sink(&cluster, settings);
        let queue = sink.shared.with_queue(|queue| queue.limits());
        queue.patience
    };
    assert_eq!(patience(&[]), Duration::from_secs(120));
    assert_eq!(patience(&[("delivery.timeout.ms", "30000")]), Duration::from_secs(30));
    assert_eq!(patience(&[("message.timeout.ms", "30000")]), Duration::from_secs(30));
    assert_eq!(patience(&[("delivery.timeout.ms", "0")]), FOR_EVER);
}

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
    let vectors = include_str!("../../../integration-tests/vectors/partitioner.json");
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
            let mut keyed = record("", "");
            keyed.key = Some(key.into());
            let delivery = sink.send(vec![keyed]).await.remove(0).unwrap();
            assert_eq!(i64::from(delivery.partition), case[column]["12"].as_i64().unwrap(), "{partitioner}: {case}");
            checked += 1;
        }
        assert!(checked > 30, "{checked}");
    }
}

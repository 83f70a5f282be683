//! A broker that is down or errs, a client that dies: every record ends, and later ones pass.

use std::ops::Range;

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::*;
use crate::clock::monotonic;

/// Sends until the client is connected and a record gets through: on a busy machine that may take a second.
async fn until_connected(sink: &KafkaSink) {
    let started = monotonic();
    while kinds(&sink.send(vec![record("k", "0")]).await) != [None] {
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    }
}

/// Fails without `expire` in `serve`: those without a permit wait for the next delivery.
#[tokio::test]
async fn records_for_a_broker_that_is_down_end_in_time() {
    let cluster = cluster();
    let settings =
        [("delivery.timeout.ms", "1000"), ("queue.buffering.max.messages", "3"), ("reconnect.backoff.max.ms", "100")];
    let sink = sink(&cluster, &settings);
    until_connected(&sink).await;
    cluster.broker_down(1).unwrap();
    let started = monotonic();
    let outcomes = sink.send((0..10).map(|value| record("k", value.to_string())).collect()).await;
    for kind in kinds(&outcomes) {
        assert!(matches!(kind, Some(SendErrorKind::Retriable | SendErrorKind::InDoubt)), "{kind:?}");
    }
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    cluster.broker_up(1).unwrap();
    assert_eq!(kinds(&sink.send(vec![record("k", "1")]).await), [None]);
}

/// Fails without `Next::Rebuild` (both places): everything after it is refused.
#[tokio::test]
async fn a_dead_client_is_replaced_and_nothing_is_sent_twice() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("linger.ms", "1000")]);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    for round in 0..2 {
        let on_the_way = sink.send((1..10).map(|value| record("k", value.to_string())).collect());
        sink.shared.client().unwrap().fail();
        let after = sink.send(vec![record("after", round.to_string())]);
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

/// Fails when what waits for the thread goes with the client, or is brought to the next one in another order.
#[tokio::test]
async fn what_was_left_to_the_thread_goes_to_the_next_client_in_its_order() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("linger.ms", "1000")]);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    let records = |values: Range<u64>| values.map(|value| record("k", value.to_string())).collect::<Vec<_>>();
    // More than are given to the client where they are brought.
    let dies: Vec<_> = (0..30).map(|block| sink.send(records(1 + 50 * block..51 + 50 * block))).collect();
    let client = sink.shared.client().unwrap();
    let (left, topics) = (records(1_501..2_001), Topics::All("t".into()));
    let left = sink.shared.with_queue(|queue| {
        // Nothing of it can have gone yet: this holds the lock.
        let told = queue.push(left, topics, now());
        client.fail();
        told
    });
    assert_eq!(kinds(&left.await.unwrap()), [None; 500]);
    let mut acknowledged = vec![0];
    for (block, outcomes) in (0..).zip(dies) {
        let kinds = kinds(&outcomes.await);
        acknowledged.extend((1 + 50 * block..).zip(kinds).filter(|(_, kind)| kind.is_none()).map(|(value, _)| value));
    }
    acknowledged.extend(1_501..2_001);
    let found = by_key(&read_all(&cluster)).remove("k").unwrap();
    assert!(found.is_sorted_by(|a, b| a < b), "once, and in order: {found:?}");
    assert!(acknowledged.iter().all(|value| found.contains(value)), "lost: {found:?}");
}

/// A sequence error as a broker raises it: healed by librdkafka or ended, but every record ends and later ones pass.
#[tokio::test]
async fn a_sequence_error_of_the_broker_ends_every_record() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("retry.backoff.ms", "10")]);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    cluster.request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER]);
    let outcomes = sink.send((1..50).map(|value| record("k", value.to_string())).collect()).await;
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

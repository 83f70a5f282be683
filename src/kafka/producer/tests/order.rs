//! Records of one key keep their order: with few permits and many tasks, and through errors of the broker.

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::*;

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
                let records = (0..10).map(|key| record(format!("{task}-{key}"), round.to_string())).collect();
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

#[tokio::test]
async fn errors_of_the_broker_are_healed_once_and_in_order() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("retry.backoff.ms", "10")]);
    assert_eq!(kinds(&sink.send(vec![record("k", "0")]).await), [None]);
    cluster.request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 3]);
    let sends: Vec<_> = (1..200).map(|value| sink.send(vec![record("k", value.to_string())])).collect();
    for send in sends {
        assert_eq!(kinds(&send.await), [None]);
    }
    assert!(by_key(&read_all(&cluster))["k"].iter().copied().eq(0..200));
}

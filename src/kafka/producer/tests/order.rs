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
                sends.push(sink.send(record_values(round, task)));
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

/// Fails when `pump` takes the last of the waiting records instead of the first, and when those that are left to the thread
/// are overtaken by those that callers give to the client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_records_keep_the_order_of_each_key_whoever_gives_them_to_the_client() {
    let cluster = cluster();
    let sink = Arc::new(sink(&cluster, &[("linger.ms", "20")]));
    let tasks = (0..4).map(|task| {
        let sink = Arc::clone(&sink);
        tokio::spawn(async move {
            // Each wave is more than is given to the client where it is brought; between them there are few.
            for wave in 0..3_u64 {
                let sends: Vec<_> = (0..100)
                    .map(|round| record_values(wave * 100 + round, task))
                    .map(|records| sink.send(records))
                    .collect();
                for send in sends {
                    assert_eq!(kinds(&send.await), [None; 10]);
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let found = by_key(&read_all(&cluster));
    assert_eq!(found.len(), 40);
    for (key, values) in found {
        assert!(values.iter().copied().eq(0..300), "{key}: {values:?}");
    }
    assert_eq!(sink.shared.with_queue(|queue| queue.overfull), 0);
}

/// One record for each of ten keys.
fn record_values(value: u64, task: u64) -> Vec<OutRecord> {
    (0..10).map(|key| record(format!("{task}-{key}"), value.to_string())).collect()
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

//! Records of one key keep their order: with few permits and many tasks, and through errors of the broker.

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::*;

/// Fails with twice the `limits.records` in `permits` (the client is full), and with `pump` taking the last of the
/// waiting records instead of the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn few_permits_keep_the_order_of_each_key_from_many_tasks() {
    let settings = [("queue.buffering.max.messages", "10"), ("linger.ms", "0")];
    many_tasks_send_ten_keys_in_order(&settings, 200, 200).await;
}

/// Fails with `pump` taking the last of the waiting records instead of the first. What waits for the thread may be
/// overtaken by what callers give to the client only where the queue is no queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_records_keep_the_order_of_each_key_whoever_gives_them_to_the_client() {
    // The waves of all tasks are more than callers give to the client; between the waves there are few.
    many_tasks_send_ten_keys_in_order(&[("linger.ms", "100")], 300, 100).await;
}

/// Each task sends its keys so many `values`, a `wave` of calls at once.
async fn many_tasks_send_ten_keys_in_order(settings: &[(&str, &str)], values: u64, wave: u64) {
    let cluster = cluster();
    let sink = Arc::new(sink(&cluster, settings));
    let tasks = (0..5).map(|task| {
        let sink = Arc::clone(&sink);
        tokio::spawn(async move {
            for first in (0..values).step_by(wave as usize) {
                let records =
                    |value: u64| (0..10).map(|key| record(format!("{task}-{key}"), value.to_string())).collect();
                let sends: Vec<_> = (first..first + wave).map(|value| sink.send(records(value))).collect();
                // Polled in the wrong order: the calls made the order.
                for send in sends.into_iter().rev() {
                    assert_eq!(kinds(&send.await), [None; 10]);
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let found = by_key(&read_all(&cluster));
    assert_eq!(found.len(), 50);
    for (key, found) in found {
        assert!(found.iter().copied().eq(0..values), "{key}: {found:?}");
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

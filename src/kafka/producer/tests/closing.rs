//! The end of a sink: a flush has a bound, and a drop waits for nobody.

use super::*;
use crate::clock::monotonic;

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
    drop(sink.send((0..10).map(|value| record("k", value.to_string())).collect()));
    let started = monotonic();
    let flush = sink.flush(Duration::from_millis(20));
    // Not the flush's to wait for.
    drop(sink.send(vec![record("k", "late")]));
    assert_eq!(flush.await, 10);
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(20) && took < Duration::from_millis(400), "{took:?}");
}

/// Fails without `give_up` in `end`: what never left is in doubt.
#[tokio::test]
async fn dropping_the_sink_returns_at_once_and_ends_what_is_unsent() {
    let cluster = cluster();
    cluster.broker_down(1).unwrap();
    let sink = sink(&cluster, &[("queue.buffering.max.messages", "5")]);
    let send = sink.send((0..10).map(|value| record("k", value.to_string())).collect());
    let flush = sink.flush(SOON);
    let started = monotonic();
    drop(sink);
    // It would be 500 ms if it waited for last reports.
    assert!(started.elapsed() < Duration::from_millis(400), "{:?}", started.elapsed());
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
    let started = monotonic();
    drop(sink);
    assert_eq!(kinds(&send.await), [Some(SendErrorKind::InDoubt)]);
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

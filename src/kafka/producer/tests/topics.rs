//! Topics that are not there, or cannot be.

use super::*;
use crate::clock::monotonic;

#[tokio::test]
async fn an_unknown_topic_fails_soon_and_may_appear_later() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("topic.metadata.propagation.max.ms", "500")]);
    let mut lost = record("k", "0");
    lost.topic = "typo".into();
    let started = monotonic();
    let outcomes = sink.send(vec![lost.clone(), record("k", "0")]).await;
    assert_eq!(kinds(&outcomes), [Some(SendErrorKind::Permanent), None]);
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
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

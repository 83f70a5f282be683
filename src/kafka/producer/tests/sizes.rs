//! Large records: one too many bytes holds the call back, and the rest goes as the client has room.

use super::*;

/// Fails without the call of `oversized`: the small record is in the log.
#[tokio::test]
async fn one_record_too_large_holds_the_whole_call_back() {
    let cluster = cluster();
    let sink = sink(&cluster, &[]);
    let limit = sink.max_record_bytes();
    let room = limit - record("k", "").wire_size();
    let large = record("k", vec![0; room + 1]);
    let outcomes = sink.send(vec![record("k", "0"), large]).now_or_never().expect("at once");
    assert_eq!(kinds(&outcomes), [Some(SendErrorKind::Retriable), Some(SendErrorKind::TooLarge)]);
    let error = outcomes[1].as_ref().unwrap_err().to_string();
    assert!(error.contains("1000001 bytes and at most 1000000"), "{error}");
    // One byte less is allowed, and librdkafka agrees.
    assert_eq!(kinds(&sink.send(vec![record("k", vec![0; room])]).await), [None]);
    assert_eq!(read_all(&cluster).len(), 1);
}

/// Fails without the bytes in `permits`: the client is full.
#[tokio::test]
async fn few_permits_for_bytes_let_large_records_go_one_by_one() {
    let cluster = cluster();
    let sink = sink(&cluster, &[("queue.buffering.max.kbytes", "1000")]);
    let large = record("k", vec![0; 900_000]);
    let sends = [sink.send(vec![large.clone(), large.clone()]), sink.send(vec![large])];
    for send in sends {
        assert!(kinds(&send.await).iter().all(Option::is_none));
    }
    assert_eq!(sink.shared.with_queue(|queue| queue.overfull), 0);
}

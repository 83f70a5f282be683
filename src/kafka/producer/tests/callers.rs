//! Who may send: any runtime and none, and a task that panics when it is woken.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Wake, Waker},
};

use super::*;

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
    // Time to ask once before it is answered.
    let sink = sink(&cluster, &[("linger.ms", "500")]);
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

//! Closing the client, which waits for its broker.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use rdkafka::consumer::BaseConsumer;

use super::group::GroupContext;
use crate::telemetry::logs;

/// Leaves the group and closes the client; one that has not ended after `within` is left behind.
pub(super) fn close(client: Arc<BaseConsumer<GroupContext>>, within: Duration) {
    let (closed, wait) = mpsc::channel();
    let spawned = thread::Builder::new().name("carom-close".to_owned()).spawn(move || {
        drop(client);
        // Nobody waits any more when the bound has passed.
        let _ = closed.send(());
    });
    // Without a thread the client was closed on this one, however long that took.
    if spawned.is_ok() && wait.recv_timeout(within).is_err() {
        logs::client::consumer_left_behind(within);
    }
}

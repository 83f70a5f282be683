//! Closing the client, which waits for its broker.

use std::{sync::mpsc, thread, time::Duration};

use crate::telemetry::logs;

/// Leaves the group and closes the client, by dropping it; one that has not ended after `within` is left behind.
pub(super) fn close(client: impl Send + 'static, within: Duration) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::heard::heard;

    /// Does not end before its test does.
    struct Hangs(mpsc::Receiver<()>);

    impl Drop for Hangs {
        fn drop(&mut self) {
            let _ = self.0.recv();
        }
    }

    // Fails when a client that hangs is left behind without a word, and when one that ends is said to be.
    #[test]
    fn a_client_that_does_not_close_in_time_is_left_behind_with_a_line() {
        let (_end, hangs) = mpsc::channel();
        let text = heard(|| close(Hangs(hangs), Duration::from_millis(5)));
        let line = " WARN carom::bus: the consumer's client did not close in time and was left behind after_ms=5\n";
        assert_eq!(text, line);
        assert_eq!(heard(|| close((), Duration::from_secs(20))), "");
    }
}

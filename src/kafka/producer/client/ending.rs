//! The end of a client: what it still has is reported as it is known, and another one takes its place.

use std::{sync::Arc, thread, time::Duration};

use super::{
    super::{super::raw::produce::RawProducer, now},
    Shared,
};
use crate::telemetry::logs::{self, client::Name};

/// How long a dead client may still answer for what is on its way.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// How long the reports of a purge are waited for.
const LAST_REPORTS: Duration = Duration::from_millis(500);
/// Pause before another try to make a client.
const REBUILD: Duration = Duration::from_secs(1);

impl Shared {
    /// Replaces a dead client. What it had is reported as it is known, never sent again; what waits goes to the new
    /// one.
    pub(super) fn rebuild(&self, dead: Arc<RawProducer>, reason: &str) -> Option<Arc<RawProducer>> {
        logs::client::producer_dead(&self.log.name, reason);
        self.lock().client = None;
        self.collect(&dead, LAST_ANSWERS);
        let left = self.lock().queue.on_the_way();
        self.give_up(&dead, left);
        drop_aside(thread::Builder::new(), dead, &self.log.name);
        loop {
            {
                let mut inner = self.lock();
                if inner.closing {
                    let left = inner.queue.outstanding();
                    inner.queue.abandon_waiting();
                    self.release(inner);
                    self.say_given_up(left);
                    return None;
                }
                inner.queue.expire(now());
                self.release(inner);
            }
            match RawProducer::new(&self.config).map(Arc::new) {
                Ok(client) => {
                    let mut inner = self.lock();
                    inner.dead = false;
                    inner.client = Some(Arc::clone(&client));
                    return Some(client);
                }
                Err(error) => {
                    logs::client::producer_not_replaced(&self.log.name, &self.log.secrets.hide(&error.to_string()));
                }
            }
            thread::sleep(REBUILD);
        }
    }

    /// Ends everything that has not ended. The thread is its own, so what hangs in the client's end hangs nobody.
    pub(super) fn end(&self, client: &RawProducer) {
        self.lock().client = None;
        let left = self.lock().queue.outstanding();
        self.give_up(client, left);
        let mut inner = self.lock();
        inner.queue.abandon_waiting();
        self.release(inner);
    }

    /// Has the client give up what it holds, and ends what it does not report in time; says so of `left` records.
    fn give_up(&self, client: &RawProducer, left: usize) {
        if left > 0 {
            client.purge();
            self.collect(client, LAST_REPORTS);
        }
        self.say_given_up(left);
        let mut inner = self.lock();
        inner.queue.abandon_pending();
        self.release(inner);
    }

    fn say_given_up(&self, records: usize) {
        if records > 0 {
            logs::client::given_up(&self.log.name, records);
        }
    }

    /// Takes reports until all are in, `within` at most.
    fn collect(&self, client: &RawProducer, within: Duration) {
        let until = now() + within;
        let mut reports = Vec::new();
        loop {
            let left = until.saturating_duration_since(now());
            if left.is_zero() || self.lock().queue.on_the_way() == 0 {
                return;
            }
            client.poll(left, &mut reports);
            self.settle(&mut reports);
        }
    }
}

/// The end of a client may block for as long as a broker hangs.
pub(super) fn drop_aside(on: thread::Builder, client: Arc<RawProducer>, name: &Name) {
    let dropping = on.name("carom-producer-end".to_owned()).spawn(move || drop(client));
    if let Err(error) = dropping {
        logs::client::producer_ends_here(name, &error);
    }
}

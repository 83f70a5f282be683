//! Says what a test waits for, when that takes long: a record that never ends is waited for without end, and a test that
//! hangs says nothing by itself. It goes on waiting: there may be a person with a debugger, or a slow database.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use super::watch::{Overdue, Watch};
use crate::{Error, services::Counters};

/// From here on it takes long; of real time, whatever the clock of the bus says.
const LONG: Duration = Duration::from_secs(10);

/// How often a look is taken.
const EVERY: Duration = Duration::from_secs(1);

/// Looks until the sender of `gone` is dropped, on a thread of its own: a handler may block that of the bus.
pub(super) fn look_out(watch: Arc<Watch>, counters: Arc<Counters>, gone: Receiver<()>) -> Result<(), Error> {
    let look = move || {
        while gone.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            for overdue in watch.overdue(LONG) {
                let line = sentence(&overdue, counters.retried.load(Relaxed));
                // Not by `eprintln`: the test harness keeps that until the test has ended.
                let _ = writeln!(std::io::stderr(), "{line}");
            }
        }
    };
    let thread = thread::Builder::new().name("carom-test-watch".to_owned()).spawn(look);
    thread.map(drop).map_err(|error| Error::internal(format!("cannot start a thread: {error}")))
}

fn sentence(overdue: &Overdue, retried: u64) -> String {
    let Overdue { topic, partition, offset, waited, actors } = overdue;
    let actors: Vec<_> = actors.iter().map(|actor| format!("`{actor}`")).collect();
    format!(
        "carom: a `TestBus` has waited {} s for the record {topic}[{partition}]@{offset}; not done with it: {}. It waits \
         for a handler that does not return (`TestBus::advance` reaches its timeout), and for a record that is retried or \
         held without end; retries on this bus so far: {retried}",
        waited.as_secs(),
        actors.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_which_record_it_is_and_who_is_not_done() {
        let overdue = Overdue {
            topic: "dev.sales.public.orders.v1".to_owned(),
            partition: 2,
            offset: 7,
            waited: Duration::from_millis(10_900),
            actors: vec!["shop::Billing", "shop::Stock"],
        };
        let text = sentence(&overdue, 4);
        let begin = "carom: a `TestBus` has waited 10 s for the record dev.sales.public.orders.v1[2]@7; not done with it: \
                     `shop::Billing`, `shop::Stock`. It waits for a handler that does not return";
        assert!(text.starts_with(begin), "{text}");
        assert!(text.ends_with("retries on this bus so far: 4"), "{text}");
    }
}

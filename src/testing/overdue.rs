//! Says what a test waits for, when that takes long: a record that never ends is waited for without end, and a test
//! that hangs says nothing by itself. It goes on waiting: there may be a person with a debugger, or a slow database.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use super::watch::{Overdue, Undone, Watch};
use crate::{Error, services::Counters};

/// From here on it takes long; of real time, whatever the clock of the bus says.
const LONG: Duration = Duration::from_secs(10);

/// How often a look is taken.
const EVERY: Duration = Duration::from_secs(1);

/// What is looked at, and when.
pub(super) struct Lookout {
    watch: Arc<Watch>,
    counters: Arc<Counters>,
    /// From here on it takes long.
    long: Duration,
    /// How often a look is taken.
    every: Duration,
}

impl Lookout {
    pub(super) fn new(watch: Arc<Watch>, counters: Arc<Counters>) -> Self {
        Self { watch, counters, long: LONG, every: EVERY }
    }

    /// Looks, and writes `to`, until what is returned is dropped; on a thread of its own, since a handler may block
    /// that of the bus.
    pub(super) fn start(self, mut to: impl Write + Send + 'static) -> Result<Sender<()>, Error> {
        let (lookout, gone) = channel();
        let look = move || {
            while gone.recv_timeout(self.every) == Err(RecvTimeoutError::Timeout) {
                for overdue in self.watch.overdue(self.long) {
                    let line = sentence(&overdue, self.counters.retried.load(Relaxed));
                    // Whoever closed it does not want to know.
                    let _ = writeln!(to, "{line}");
                }
            }
        };
        let thread = thread::Builder::new().name("carom-test-watch".to_owned()).spawn(look);
        thread.map(|_| lookout).map_err(|error| Error::internal(format!("cannot start a thread: {error}")))
    }
}

fn sentence(overdue: &Overdue, retried: u64) -> String {
    let Overdue { topic, partition, offset, waited, actors } = overdue;
    let actors: Vec<_> = actors.iter().map(undone).collect();
    let actors = if actors.is_empty() { String::new() } else { format!("; not done with it: {}", actors.join(", ")) };
    format!(
        "carom: a `TestBus` has waited {} s for the record {topic}[{partition}]@{offset}{actors}. It waits for a handler \
         that does not return (`TestBus::advance` reaches its timeout), and for a record that is retried or held without \
         end; retries on this bus so far: {retried}",
        waited.as_secs()
    )
}

fn undone(Undone { actor, failure }: &Undone) -> String {
    match failure {
        Some(failure) => format!("`{actor}` (failed last: {failure})"),
        None => format!("`{actor}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overdue(actors: &[(&'static str, Option<&str>)]) -> Overdue {
        Overdue {
            topic: "dev.sales.public.orders.v1".to_owned(),
            partition: 2,
            offset: 7,
            waited: Duration::from_millis(10_900),
            actors: actors.iter().map(|(actor, why)| Undone { actor, failure: why.map(str::to_owned) }).collect(),
        }
    }

    #[test]
    fn the_line_says_which_record_it_is_and_who_is_not_done() {
        let text = sentence(&overdue(&[("shop::Billing", None), ("shop::Stock", Some("no shelf"))]), 4);
        let begin = "carom: a `TestBus` has waited 10 s for the record dev.sales.public.orders.v1[2]@7; not done with it: \
                     `shop::Billing`, `shop::Stock` (failed last: no shelf). It waits for a handler that does not return";
        assert!(text.starts_with(begin), "{text}");
        assert!(text.ends_with("retries on this bus so far: 4"), "{text}");
        assert!(sentence(&overdue(&[]), 0).contains("[2]@7. It waits"));
    }

    /// Sends what is written to whoever waits for it.
    struct Lines(Sender<String>);

    impl Write for Lines {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            // The test may have what it wanted.
            let _ = self.0.send(String::from_utf8_lossy(text).into_owned());
            Ok(text.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    // Fails when nobody looks, or goes on looking after the bus has gone.
    #[test]
    fn what_takes_long_is_written_until_the_bus_goes() {
        let (watch, (lines, written)) = (Arc::new(Watch::default()), channel());
        let lookout = Lookout { long: Duration::ZERO, every: Duration::from_millis(1), ..of(&watch) };
        let going_on = lookout.start(Lines(lines)).unwrap();
        let _waiting = watch.expect("orders", vec!["shop::Billing"], || (2, 7));
        let mut text = String::new();
        while !text.ends_with('\n') {
            text += &written.recv_timeout(LONG).expect("a line is written");
        }
        assert!(text.contains("orders[2]@7; not done with it: `shop::Billing`"), "{text}");
        drop(going_on);
        assert_eq!(written.iter().collect::<String>(), "", "the thread has ended, and the other end is dropped");
    }

    fn of(watch: &Arc<Watch>) -> Lookout {
        Lookout::new(Arc::clone(watch), Arc::default())
    }
}

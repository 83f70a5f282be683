//! Stopping: consumer first, then the producers, the actors last; each step with a bound.

use std::{sync::Arc, time::Duration};

use tokio::time::{error::Elapsed, timeout_at};

use super::{neighbours::Membership, signals::stopping, threads::ActorThreads};
use crate::{
    clock::monotonic,
    kafka::{Kafka, Poller},
    services::Services,
    telemetry::logs,
};

/// What the consumer may take beyond the shutdown timeout: the last commit, and closing the client.
const LAST_COMMIT_AND_CLOSE: Duration = Duration::from_secs(10);

/// How long the producers may take to send what is left.
const FLUSH: Duration = Duration::from_secs(5);

/// The parts of a running bus that have to be stopped.
pub(crate) struct Running {
    /// Together, because the threads have to outlive the poller: its last commit needs what they finish. `None` in a
    /// bus without actors, and once they are stopped.
    consumer: Option<(Poller, ActorThreads)>,
    /// The shutdown timeout.
    within: Duration,
    /// An embedded broker goes with the last that holds it, and the bus may be the only one.
    broker: Option<Kafka>,
    /// In its consumer group, until it stops.
    _membership: Option<Arc<Membership>>,
}

impl Running {
    /// A bus without actors.
    pub(super) fn publisher(broker: Kafka) -> Self {
        Self { consumer: None, within: Duration::ZERO, broker: Some(broker), _membership: None }
    }

    pub(super) fn consumer(
        poller: Poller,
        threads: ActorThreads,
        within: Duration,
        broker: Kafka,
        membership: Arc<Membership>,
    ) -> Self {
        Self { consumer: Some((poller, threads)), within, broker: Some(broker), _membership: Some(membership) }
    }

    /// Stops everything, and waits; for handlers only as long as no person insists.
    ///
    /// If the future is dropped before it is done, the log says so, and the rest goes on as after [`Running::abandon`].
    pub(super) async fn stop(mut self, services: &Services) {
        let service = &*services.service;
        logs::bus::stops(service, self.consumes().then_some(self.within));
        let attended = self.consumes().then(|| Attended(service));
        if let Some((poller, _)) = &self.consumer
            && close(poller, self.within, service).await.is_err()
        {
            logs::bus::closes_late(service);
        }
        // From here on no handler runs.
        std::mem::forget(attended);
        if let Some((_, mut threads)) = self.consumer.take() {
            threads.stop();
        }
        for (client, sink) in
            [(logs::client::PRODUCER, &services.sink), (logs::client::DEAD_LETTERS, &services.dead_letters)]
        {
            let in_doubt = sink.flush(FLUSH).await;
            if in_doubt > 0 {
                logs::client::in_doubt(service, client, in_doubt);
            }
        }
        logs::bus::stopped(service);
    }

    /// Lets records in after `Bus::held`.
    #[cfg(feature = "testing")]
    pub(super) fn release(&self) {
        self.consumer.iter().for_each(|(poller, _)| poller.release());
    }

    /// Whether it handles anything.
    pub(super) fn consumes(&self) -> bool {
        self.consumer.is_some()
    }

    /// Asks everything to stop, and does not wait.
    pub(super) fn abandon(self) {
        drop(self);
    }
}

/// Somebody waits for the stop of a bus with actors; dropped before its end, it says that nobody does.
struct Attended<'a>(&'a str);

impl Drop for Attended<'_> {
    fn drop(&mut self) {
        logs::bus::unattended(self.0);
    }
}

/// Closes the consumer.
async fn close(poller: &Poller, within: Duration, service: &str) -> Result<(), Elapsed> {
    let hurry = stopping();
    let deadline = monotonic() + within + LAST_COMMIT_AND_CLOSE;
    tokio::select! {
        closed = timeout_at(deadline.into(), poller.stop(within)) => return closed.map(drop),
        () = hurry.notified() => {}
    }
    logs::bus::hurries(service);
    let deadline = deadline.min(monotonic() + LAST_COMMIT_AND_CLOSE);
    timeout_at(deadline.into(), poller.stop(Duration::ZERO)).await.map(drop)
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some((poller, threads)) = self.consumer.take() else { return };
        let broker = self.broker.take();
        let closed = poller.stop(self.within);
        // The threads run until the consumer is closed; then nobody needs them.
        std::thread::spawn(move || {
            // An error means that it is closed already.
            let _ = closed.blocking_recv();
            drop((threads, broker));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::runtime::Builder;

    use super::*;
    use crate::{
        Bus,
        clock::Clock,
        dispatch::{Assignment, Intake},
        kafka::{
            PollSettings,
            record::{Batch, TopicPartition},
            source::{CommitPoint, Source, SourceEvent},
        },
        services::Unobserved,
        telemetry::heard::heard,
    };

    /// A client that holds up its thread until the test has ended.
    struct Hangs(mpsc::Receiver<()>);

    impl Source for Hangs {
        fn next_event(&mut self) -> Option<SourceEvent> {
            let _ = self.0.recv();
            None
        }
        fn start(&mut self, _: &[(TopicPartition, Option<i64>)]) {}
        fn take(&mut self, _: &TopicPartition, _: usize, _: usize, _: &mut Batch) -> bool {
            false
        }
        fn commit(&mut self, _: &[CommitPoint]) {}
        fn release(&mut self, _: &[TopicPartition]) {}
        fn close(&mut self, _: Duration) {}
    }

    #[derive(Clone)]
    struct Nobody;

    impl Intake for Nobody {
        fn assign(&self, _: &Arc<Assignment>) {}
        fn revoke(&self, _: &Arc<Assignment>) {}
        fn close(&self, _: &Arc<Assignment>) {}
        fn deliver(&self, _: &Assignment, _: Arc<Batch>) {}
        fn broker(&self, _: bool, _: &str) {}
        fn alarm(&self, _: &str) {}
        fn fatal(&self, _: &str) {}
    }

    fn services() -> Services {
        let planned = Bus::new(Kafka::new("localhost:1")).service("billing").partial().plan().unwrap();
        let sink = Arc::new(planned.producer_of_dead_letters().unwrap());
        planned.services(Clock::system(), Arc::clone(&sink) as _, sink, Arc::new(Unobserved))
    }

    // Fails when a consumer is left to close alone without a word.
    #[test]
    fn a_consumer_that_hangs_is_left_behind_with_a_line() {
        let (_end, hangs) = mpsc::channel();
        let poller = Poller::spawn(Hangs(hangs), Nobody, PollSettings::default(), Arc::default(), Box::new(|| 0.5));
        let consumer = Some((poller.unwrap(), ActorThreads::start(1).unwrap()));
        let running = Running { consumer, within: Duration::from_secs(600), broker: None, _membership: None };
        // Waits for nothing: time jumps to what is waited for.
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let text = heard(|| runtime.block_on(async { running.stop(&services()).await }));
        let lines = [
            " INFO carom::bus: the bus stops: running handlers may end, then it commits service=\"billing\" \
             within_ms=600000",
            "ERROR carom::bus: the consumer did not close in time; what it had not committed will be delivered again \
             service=\"billing\"",
            " INFO carom::bus: the bus has stopped service=\"billing\"",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
    }
}

//! Workers in processes of their own, to be killed.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use carom::Event;

use crate::{
    Guarded,
    job::Job,
    journal,
    ledger::Entry,
    probe, run_dir,
    world::{Running, World},
};

/// How long running handlers of a worker may take to end, unless the test says otherwise.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);

/// The workers of one test, one after another, and the journal that they share.
#[derive(Debug)]
pub struct Workers<'a> {
    world: &'a World,
    /// Publishes; handles nothing.
    pub publisher: Running,
    executable: &'a Path,
    /// How long running handlers may take to end.
    pub shutdown_timeout: Duration,
    journal: PathBuf,
    /// Removes the directories with the journal when the test is over.
    ended: Vec<Guarded>,
}

impl<'a> Workers<'a> {
    /// `executable` is `CARGO_BIN_EXE_worker`.
    ///
    /// # Panics
    ///
    /// If the cluster refuses the topics.
    pub async fn new(world: &'a World, executable: &'a str) -> Self {
        let publisher = world.start(world.bus()).await;
        if let Some(broker) = world.kafka().broker() {
            // The embedded broker creates topics for its own process only.
            let topic = publisher.topic::<Job>();
            let partitions = Job::descriptor().partitions.unwrap_or(4);
            for topic in [format!("{topic}.{}.dlq", world.group()), topic] {
                broker.create_topic(&topic, partitions).expect("the topic is new");
            }
        }
        let executable = Path::new(executable);
        let shutdown_timeout = SHUTDOWN_TIMEOUT;
        Self { world, publisher, executable, shutdown_timeout, journal: PathBuf::new(), ended: Vec::new() }
    }

    /// Starts a worker; returns when it has asked to join the group.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn start(&mut self, member: u32, gate: &str) -> Guarded {
        let dir = run_dir().expect("there is room");
        if self.journal.as_os_str().is_empty() {
            self.journal = dir.join("journal");
        }
        let worker = self.spawn(&dir, member, gate).expect("the worker starts");
        self.ready(member).await;
        worker
    }

    /// Waits until a worker has asked to join the group.
    ///
    /// # Panics
    ///
    /// After [`PATIENCE`](crate::ledger::PATIENCE).
    pub async fn ready(&self, member: u32) {
        probe::until("the worker", || journal::is_ready(&self.journal, member), |ready| *ready).await;
    }

    fn spawn(&self, dir: &Path, member: u32, gate: &str) -> io::Result<Guarded> {
        let servers = self.world.kafka().bootstrap_servers().map_err(io::Error::other)?;
        // The embedded broker answers no question about topics from outside its process.
        let topics = if self.world.kafka().broker().is_some() { "ignore" } else { "create" };
        let session = self.world.shortest_session().to_string();
        let member = member.to_string();
        let (executable, journal) = (self.executable.display().to_string(), self.journal.display().to_string());
        let command = [
            &executable,
            &servers,
            topics,
            &session,
            self.world.environment(),
            self.world.group(),
            &journal,
            &member,
            gate,
            &self.shutdown_timeout.as_millis().to_string(),
        ];
        Guarded::spawn(dir, &dir.join("log"), &command.map(str::to_owned))
    }

    /// Kills a worker, as a power cut would.
    ///
    /// # Panics
    ///
    /// If it survives that.
    pub fn kill(&mut self, mut worker: Guarded) {
        worker.signal("KILL").expect("its guard lives");
        self.exit_code(worker, Duration::from_secs(10));
    }

    /// Waits until a worker has ended, `within` a time.
    fn exit_code(&mut self, mut worker: Guarded, within: Duration) -> i32 {
        assert!(worker.wait_exit(within), "the worker still runs after {within:?}");
        let code = worker.exit_code().expect("its guard lives");
        self.ended.push(worker);
        code
    }

    /// Asks a worker to end, as an orchestrator would; how long it took.
    ///
    /// # Panics
    ///
    /// If it has not ended `within`, or has failed.
    pub fn end(&mut self, mut worker: Guarded, within: Duration) -> Duration {
        let asked = Instant::now();
        worker.signal("TERM").expect("its guard lives");
        assert_eq!(self.exit_code(worker, within), 0, "it failed");
        asked.elapsed()
    }

    /// Asks a worker to end as a person without patience does: with Ctrl-C, so many times when it counts. Its exit code.
    ///
    /// # Panics
    ///
    /// If it ends before the last time, or has not ended `within` after it.
    pub async fn insist(&mut self, mut worker: Guarded, counted: u32, within: Duration) -> i32 {
        worker.signal("INT").expect("its guard lives");
        for times in 2..=counted {
            // One that comes within a second does not count, and a SIGTERM never does.
            tokio::time::sleep(Duration::from_millis(200)).await;
            worker.signal("INT").expect("its guard lives");
            tokio::time::sleep(Duration::from_millis(2_000)).await;
            worker.signal("TERM").expect("its guard lives");
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(!worker.wait_exit(Duration::ZERO), "the worker has ended before Ctrl-C number {times}");
            worker.signal("INT").expect("its guard lives");
        }
        self.exit_code(worker, within)
    }

    /// The end of what the last worker that has ended said.
    pub fn last_words(&self) -> String {
        self.ended.last().map(Guarded::log_tail).unwrap_or_default()
    }

    /// What all workers did.
    pub fn entries(&self) -> Vec<Entry> {
        journal::read(&self.journal)
    }

    /// Waits until what the workers did is enough.
    ///
    /// # Panics
    ///
    /// After [`PATIENCE`](crate::ledger::PATIENCE).
    pub async fn until(&self, what: &str, is_enough: impl Fn(&[Entry]) -> bool) {
        probe::until(what, || self.entries(), |entries| is_enough(entries)).await;
    }
}

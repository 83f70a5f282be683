//! What goes wrong.

use std::{
    collections::BTreeMap,
    io,
    time::{Duration, Instant},
};

use integration_tests::{
    Broker, Guarded, Proxy,
    job::Job,
    probe,
    workers::{SHUTDOWN_TIMEOUT, Workers},
    world::{SHUTDOWN, World},
};
use tokio::{task::block_in_place, time::sleep};

/// Workers at once.
const MOST: usize = 4;

/// Faults between two looks at whether the workers have caught up.
const UNTIL_CALM: u32 = 8;

/// What may come.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// A worker comes.
    Start,
    /// One is told to end.
    End,
    Kill,
    BrokerGoes,
    /// Some connections are cut.
    Cut,
    /// Answers take long, and connections are cut.
    Slow,
    /// Connections are dead, and perhaps a worker dies meanwhile.
    HalfOpen,
    LoseAnswers,
}

use Fault::{BrokerGoes, Cut, End, HalfOpen, Kill, LoseAnswers, Slow, Start};

/// What is named more often comes more often.
const FAULTS: &[Fault] =
    &[Start, Start, Start, End, Kill, Kill, BrokerGoes, BrokerGoes, BrokerGoes, Cut, Slow, HalfOpen, LoseAnswers];

/// How a broker goes, and comes back.
type Away = (fn(&mut Broker) -> io::Result<()>, fn(&mut Broker) -> io::Result<()>);

const AWAY: [Away; 3] =
    [(Broker::stop, Broker::start), (Broker::kill, Broker::start), (Broker::suspend, Broker::resume)];

/// The workers and all that they depend on.
pub(crate) struct Chaos<'a> {
    world: &'a World,
    broker: Broker,
    proxy: Proxy,
    workers: Workers<'a>,
    /// Number and process of those that run.
    running: Vec<(u32, Guarded)>,
    started: u32,
    chance: fastrand::Rng,
    began: Instant,
    wrong: Vec<String>,
}

impl<'a> Chaos<'a> {
    /// `world` is on a way to the broker past the proxy.
    pub(crate) fn new(world: &'a World, broker: Broker, proxy: Proxy, workers: Workers<'a>, seed: u64) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        let (running, wrong) = (Vec::new(), Vec::new());
        Self { world, broker, proxy, workers, running, started: 0, chance, began: Instant::now(), wrong }
    }

    pub(crate) fn workers(&self) -> &Workers<'a> {
        &self.workers
    }

    fn say(&self, what: &str) {
        println!("{:>7.1} s, {} workers: {what}", self.began.elapsed().as_secs_f64(), self.running.len());
    }

    /// One fault after another; what is wrong with how it went.
    pub(crate) async fn run(&mut self, time: Duration) -> Vec<String> {
        let mut since_calm = 0;
        self.start().await;
        while self.began.elapsed() < time {
            let fault = self.chance.choice(FAULTS).copied().unwrap_or(Cut);
            self.say(&format!("{fault:?}"));
            self.happen(fault).await;
            self.pass(0, 6_000).await;
            self.look_after_workers();
            since_calm += 1;
            if since_calm == UNTIL_CALM || self.running.is_empty() {
                since_calm = 0;
                self.calm_down().await;
            }
        }
        std::mem::take(&mut self.wrong)
    }

    async fn happen(&mut self, fault: Fault) {
        match fault {
            Start if self.running.len() < MOST => self.start().await,
            End if self.running.len() > 1 => {
                let worker = self.any().expect("there are some");
                block_in_place(|| self.workers.end(worker, SHUTDOWN_TIMEOUT + 2 * SHUTDOWN));
            }
            Kill => self.kill(),
            Start | End | Cut => self.cut(),
            BrokerGoes => {
                let (go, come) = AWAY[self.chance.usize(..AWAY.len())];
                block_in_place(|| go(&mut self.broker)).expect("the broker goes");
                self.pass(0, 5_000).await;
                block_in_place(|| come(&mut self.broker)).expect("the broker comes back");
            }
            Slow => {
                self.proxy.slow_down(Duration::from_millis(self.chance.u64(..300)), Duration::from_millis(100));
                for _ in 0..self.chance.u32(..6) {
                    self.pass(500, 2_000).await;
                    self.cut();
                }
            }
            HalfOpen => {
                self.proxy.lose_everything();
                self.pass(0, 10_000).await;
                if self.chance.bool() {
                    self.kill();
                }
            }
            LoseAnswers => {
                self.proxy.lose_answers();
                self.pass(0, 5_000).await;
            }
        }
        self.proxy.heal();
    }

    /// Time passes, in milliseconds.
    async fn pass(&mut self, least: u64, most: u64) {
        sleep(Duration::from_millis(self.chance.u64(least..most))).await;
    }

    /// Cuts some connections. How many there are must not change what comes next by chance.
    fn cut(&mut self) {
        let mut chance = self.chance.fork();
        self.proxy.cut_if(|| chance.bool());
    }

    async fn start(&mut self) {
        self.started += 1;
        let worker = self.workers.start(self.started, "open").await;
        self.running.push((self.started, worker));
    }

    fn any(&mut self) -> Option<Guarded> {
        let at = (!self.running.is_empty()).then(|| self.chance.usize(..self.running.len()))?;
        Some(self.running.swap_remove(at).1)
    }

    fn kill(&mut self) {
        if let Some(worker) = self.any() {
            block_in_place(|| self.workers.kill(worker));
        }
    }

    /// No fault ends a worker.
    fn look_after_workers(&mut self) {
        let has_ended = |(_, worker): &mut (u32, Guarded)| worker.wait_exit(Duration::ZERO);
        for (number, worker) in self.running.extract_if(.., has_ended) {
            self.wrong.push(format!("worker {number} ended by itself: {}", worker.log_tail()));
        }
    }

    /// With a good network and a worker, all that is published by now is handled and committed.
    pub(crate) async fn calm_down(&mut self) {
        self.proxy.heal();
        if self.running.is_empty() {
            self.start().await;
        }
        let (kafka, topic) = (self.world.kafka(), self.workers.publisher.topic::<Job>());
        let ends = probe::ends(kafka, &topic);
        let committed = || probe::committed(kafka, self.world.group(), &topic);
        let began = Instant::now();
        let is_enough = |at: &BTreeMap<i32, i64>| ends.iter().all(|(of, end)| at.get(of) >= Some(end));
        probe::until("the workers to catch up", committed, is_enough).await;
        self.say(&format!("caught up with {} records in {:?}", ends.values().sum::<i64>(), began.elapsed()));
    }
}

//! Handlers live in the runtime that spawned the bus: what they open there, `main` can use, and the other way round.

use std::{sync::Arc, time::Duration};

use carom::{Actor, Context, Event, Failure, Handler, Retry, Supervisor, handler};
use integration_tests::{
    job::{self, Job, Step},
    world::{Running, World},
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
};

use super::contract;

contract!(test_bus, embedded: {
    a_connection_opened_in_main_works_in_handlers_and_the_other_way_round,
    a_blocking_handler_on_threads_of_its_own_does_not_stall_its_neighbours,
    a_runtime_that_ends_takes_its_handlers_with_it_and_not_the_bus,
});

mod in_memory {
    use super::{contract, time_stands_while_a_handler_works_and_jumps_when_nothing_else_can_happen};

    contract!(test_bus: {
        time_stands_while_a_handler_works_and_jumps_when_nothing_else_can_happen,
    });
}

mod on_a_broker {
    use super::{a_backlog_of_slow_handlers_costs_nobody_an_attempt, contract};

    contract!(embedded: {
        a_backlog_of_slow_handlers_costs_nobody_an_attempt,
    });
}

/// A pool of one connection, shared by everybody.
#[derive(Clone)]
struct Pool {
    address: std::net::SocketAddr,
    idle: Arc<Mutex<Vec<TcpStream>>>,
    /// Name of the threads that run main's tasks.
    worker: Option<String>,
    opened: mpsc::UnboundedSender<()>,
}

impl Pool {
    async fn echo(&self, byte: u8) -> std::io::Result<u8> {
        let mut idle = self.idle.lock().await;
        let mut connection = match idle.pop() {
            Some(connection) => connection,
            None => {
                let _ = self.opened.send(());
                TcpStream::connect(self.address).await?
            }
        };
        connection.write_all(&[byte]).await?;
        let mut answer = [0];
        connection.read_exact(&mut answer).await?;
        idle.push(connection);
        Ok(answer[0])
    }
}

/// Sends back whatever it gets.
async fn echo_server() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = connection.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

#[derive(Debug, Serialize, Deserialize, Event)]
#[event(entity = Ping, domain = "contract", partitions = 4)]
struct Pinged {
    #[event(key)]
    key: String,
    byte: u8,
}

fn ping(key: &str, byte: u8) -> Pinged {
    Pinged { key: key.to_owned(), byte }
}

#[derive(Clone, carom::FromRef)]
struct Shared {
    pool: Pool,
    answers: mpsc::UnboundedSender<(String, u8)>,
}

#[derive(Actor)]
struct Pinger {
    pool: Pool,
    answers: mpsc::UnboundedSender<(String, u8)>,
}

#[handler]
impl Handler<Pinged> for Pinger {
    async fn handle(&mut self, event: Pinged, _cx: &mut Context<'_>) -> Result<(), Failure> {
        let thread = tokio::spawn(async { std::thread::current().name().map(str::to_owned) }).await?;
        assert_eq!(thread, self.pool.worker, "what a handler spawns runs where main's tasks run");
        let answer = self.pool.echo(event.byte).await?;
        let _ = self.answers.send((event.key, answer));
        Ok(())
    }
}

struct Bench {
    shared: Shared,
    answers: mpsc::UnboundedReceiver<(String, u8)>,
    opened: mpsc::UnboundedReceiver<()>,
}

async fn bench() -> Bench {
    let (opened, opens) = mpsc::unbounded_channel();
    let (answers, received) = mpsc::unbounded_channel();
    let worker = tokio::spawn(async { std::thread::current().name().map(str::to_owned) }).await.unwrap();
    let pool = Pool { address: echo_server().await, idle: Arc::default(), worker, opened };
    Bench { shared: Shared { pool, answers }, answers: received, opened: opens }
}

impl Bench {
    async fn answer(&mut self) -> (String, u8) {
        let answer = tokio::time::timeout(Duration::from_secs(30), self.answers.recv()).await;
        answer.expect("an answer comes in time").expect("the actors live")
    }
}

// Fails when `Mailbox::turn` does not enter the runtime of the caller: what handlers spawn then runs on the arbiter.
async fn a_connection_opened_in_main_works_in_handlers_and_the_other_way_round(world: World) {
    let mut bench = bench().await;
    assert_eq!(bench.shared.pool.echo(1).await.unwrap(), 1);
    let bus = world.bus().with_state(bench.shared.clone()).supervise::<Pinger>(Supervisor::one_for_one());
    let bus = world.start(bus).await;
    bus.publisher().publish_all((0..20).map(|n| ping(&format!("key-{n}"), n))).await.unwrap();
    for _ in 0..20 {
        bench.answer().await;
    }
    assert_eq!(bench.shared.pool.echo(9).await.unwrap(), 9);
    bench.shared.pool.idle.lock().await.clear();
    bus.publisher().publish(ping("opens", 7)).await.unwrap();
    assert_eq!(bench.answer().await.1, 7);
    drop(bus);
    assert_eq!(bench.shared.pool.echo(8).await.unwrap(), 8, "the connection outlives the bus whose handler opened it");
    bench.opened.close();
    let mut opened = 0;
    while bench.opened.recv().await.is_some() {
        opened += 1;
    }
    assert_eq!(opened, 2, "one connection of main's, one of a handler's");
}

// Fails when `Lane::start` ignores `blocking`: the second key then waits for the first.
async fn a_blocking_handler_on_threads_of_its_own_does_not_stall_its_neighbours(world: World) {
    let shared = job::Shared::new();
    let policy = Supervisor::one_for_one().blocking();
    let bus = world.start(world.bus_with(&shared).workers(1).supervise::<job::Worker>(policy)).await;
    bus.publish([Job::new(job::key_in(0, 0), 0, [Step::BlockAtGate])]).await;
    // In other lanes, on the one thread.
    bus.publish((0..8).map(|n| Job::ok(job::key_in(1 + n % 3, n as usize), 0))).await;
    shared.ledger.until("the quick ones", |_| shared.ledger.succeeded("Worker").len() == 8).await;
    shared.gate.open();
    shared.ledger.until_handled(9).await;
}

// Fails when a mailbox takes its turn although the runtime has ended (polled then, a timer of it panics, and the mailbox
// with it), and when it does not give up what ran there: the end then takes as long as a handler may.
async fn a_runtime_that_ends_takes_its_handlers_with_it_and_not_the_bus(world: World) {
    let shared = job::Shared::new();
    let home = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (of, inside) = (shared.clone(), world.clone());
    let bus = home.spawn(async move {
        let bus = inside.start(inside.bus_with(&of).supervise::<job::Worker>(Supervisor::one_for_one())).await;
        bus.publish([Job::ok("key", 0), Job::new("key", 1, [Step::Hang]), Job::new("other", 0, [Step::Sleep(60_000)])])
            .await;
        of.ledger.until("all of them", |runs| runs.len() == 3).await;
        bus
    });
    let bus = bus.await.unwrap();
    tokio::task::block_in_place(|| drop(home));
    let asked = std::time::Instant::now();
    let committed = bus.stop::<Job>(&world).await;
    assert_eq!(committed.values().sum::<i64>(), 1, "what ran is not finished");
    assert!(asked.elapsed() < integration_tests::world::SHUTDOWN, "{:?}", asked.elapsed());
}

// Fails when `skip_time` does not look at `running`: time then jumps to the retry while the other handler works.
async fn time_stands_while_a_handler_works_and_jumps_when_nothing_else_can_happen(world: World) {
    let shared = job::Shared::new();
    let policy = Supervisor::one_for_one().retry(Retry::fixed(2, Duration::from_secs(3600)));
    let bus = world.start(world.bus_with(&shared).supervise::<job::Worker>(policy)).await;
    let retried = job::key_in(1, 0);
    bus.publish([Job::new(&*retried, 0, [Step::Fail]), Job::new(job::key_in(0, 0), 0, [Step::Gate])]).await;
    shared.ledger.until("both", |runs| runs.len() == 2 && runs.iter().any(|run| run.end.is_some())).await;
    // The bus has turns enough in which it could skip an hour.
    let Running::Test(in_memory) = &bus else { unreachable!("that is a test bus") };
    for nth in 0..20 {
        assert!(in_memory.deliver(Job::ok(job::key_in(2, nth), 0)).await.is_acked());
    }
    assert_eq!(shared.ledger.runs("Worker", &retried, 0).len(), 1, "an hour has not passed");
    shared.gate.open();
    shared.ledger.until("the retry", |_| shared.ledger.succeeded("Worker").len() == 22).await;
}

#[derive(Debug, Clone, Serialize, Deserialize, Event)]
#[event(entity = Chore, domain = "contract", partitions = 1)]
struct ChoreCame {
    #[event(key)]
    name: String,
    rests: bool,
}

#[derive(Actor)]
struct Chores {
    /// The attempt of each chore that rests, and everything that is done.
    rested: mpsc::UnboundedSender<Option<u32>>,
}

#[handler]
impl Handler<ChoreCame> for Chores {
    async fn handle(&mut self, event: ChoreCame, cx: &mut Context<'_>) -> Result<(), Failure> {
        if event.rests {
            let _ = self.rested.send(Some(cx.attempt()));
            tokio::time::sleep(Duration::from_millis(50)).await;
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.rested.send(None);
        Ok(())
    }
}

// Fails when a mailbox takes all batches that have come before it looks at anything else: handlers that end at once then
// run for seconds on end, and one that is due meanwhile is taken for one that takes too long.
async fn a_backlog_of_slow_handlers_costs_nobody_an_attempt(world: World) {
    const CHORES: usize = 4_000;
    let first = world.start(world.bus()).await;
    let chore = |n: usize| ChoreCame { name: format!("chore-{n}"), rests: n == 0 };
    first.publisher().publish_all((0..CHORES).map(chore)).await.unwrap();
    let (rested, mut told) = mpsc::unbounded_channel();
    let policy = Supervisor::one_for_one().timeout(Duration::from_secs(30));
    let bus = world.start(world.bus().with_state(rested).supervise::<Chores>(policy)).await;
    let (mut done, mut attempts, mut behind) = (0, Vec::new(), 0);
    while done < CHORES {
        match told.recv().await.unwrap() {
            Some(attempt) => attempts.push(attempt),
            None => done += 1,
        }
        behind = behind.max((done as u64).saturating_sub(bus.stats().handled));
    }
    assert_eq!(attempts, [1], "the chore that rests was due long before its timeout");
    assert!(behind < 2_000, "{behind} records were handled before anything else had its turn");
    drop(bus);
}

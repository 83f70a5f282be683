//! A network that is slow, cuts connections or swallows what is sent, between the bus and a real broker.

use std::{
    env,
    time::{Duration, Instant},
};

use carom::{Kafka, Supervisor, error::PublishErrorKind};
use integration_tests::{
    Broker, Proxy, RealKafka,
    commits::Commits,
    job::{Done, Job, Shared, Worker},
    load::{self, Load},
    probe,
    world::{Running, World},
};
use tokio::time::sleep;

/// A broker with two ways to it.
struct Net {
    /// Kept for as long as the test lasts.
    _broker: Broker,
    proxy: Proxy,
    /// Past the proxy.
    near: World,
    /// The same world through the proxy, with clients that soon give up on a connection.
    far: World,
}

impl Net {
    fn new(test: &str) -> Option<Self> {
        let (broker, proxy) = tokio::task::block_in_place(|| RealKafka::behind_proxy(test))?;
        let near = World::on(impatient(Kafka::new(broker.bootstrap_servers())));
        let far = near.clone().tuned(|_| impatient(Kafka::new(proxy.bootstrap_servers())));
        Some(Self { _broker: broker, proxy, near, far })
    }

    /// The broker has given up all members of the group.
    async fn until_the_session_is_over(&self) {
        let members = || probe::members(self.near.kafka(), self.near.group());
        probe::until("the end of the session", members, |members| *members == Some(0)).await;
    }
}

fn impatient(kafka: Kafka) -> Kafka {
    kafka
        .consumer("session.timeout.ms", "2000")
        .consumer("heartbeat.interval.ms", "200")
        .set("socket.timeout.ms", "1000")
        .set("reconnect.backoff.max.ms", "500")
}

async fn start(world: &World, shared: &Shared) -> Running {
    let bus = world.start(world.bus_with(shared).supervise::<Worker>(Supervisor::one_for_one())).await;
    world.create_topic(&bus.topic::<Done>()).await;
    bus
}

/// Of what happens by chance; `CAROM_SEED` makes it happen again.
fn chance() -> fastrand::Rng {
    let seed = env::var("CAROM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("CAROM_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_dead_for_longer_than_the_session_cost_nothing() {
    let Some(net) = Net::new("connections_that_are_dead_for_longer_than_the_session_cost_nothing") else { return };
    let shared = Shared::new();
    let bus = start(&net.far, &shared).await;
    let commits = Commits::watch(&net.near, &bus.topic::<Job>(), &shared.ledger);
    let load = Load::start(&bus, &shared);
    shared.ledger.until_handled(400).await;
    net.proxy.lose_everything();
    probe::until("the bus to know", || bus.health(), |health| !health.is_well() && !health.is_ready()).await;
    net.until_the_session_is_over().await;
    probe::until("the loss of its partitions", || bus.stats(), |stats| stats.partitions.is_empty()).await;
    let handled = shared.ledger.succeeded("Worker").len();
    net.proxy.heal();
    shared.ledger.until_handled(handled + 400).await;
    let jobs = load.end().await;
    load::costs_nothing(&net.near, bus, &shared, jobs).await;
    assert_eq!(commits.wrong(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_on_a_dead_connection_is_told_in_time() {
    let Some(net) = Net::new("a_publisher_on_a_dead_connection_is_told_in_time") else { return };
    let world = net.far.clone().tuned(|kafka| kafka.producer("delivery.timeout.ms", "2000"));
    let bus = world.start(world.bus()).await;
    world.create_topic(&bus.topic::<Job>()).await;
    let publish = async |seq| bus.publisher().publish(Job::ok("key", seq)).await;
    publish(0).await.expect("the network is well");
    net.proxy.lose_everything();
    let asked = Instant::now();
    let error = publish(1).await.expect_err("nothing gets through");
    // Twice the timeout, and a second for a busy machine.
    assert!(asked.elapsed() < Duration::from_secs(5), "{error} after {:?}", asked.elapsed());
    assert!(matches!(error.kind(), PublishErrorKind::Unavailable | PublishErrorKind::InDoubt), "{error}");
    probe::until("the bus to know", || bus.health(), |health| !health.is_ready()).await;
    net.proxy.heal();
    probe::until("the bus to be ready", || bus.health(), |health| health.is_ready() && health.is_well()).await;
    publish(2).await.expect("the network is well again");
    let seqs: Vec<_> = load::events::<Job>(&net.near, &bus).iter().map(|job| job.seq).collect();
    // What is in doubt may be there.
    let expected: &[u32] =
        if seqs.len() == 3 && error.kind() == PublishErrorKind::InDoubt { &[0, 1, 2] } else { &[0, 2] };
    assert_eq!(seqs, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_that_cuts_connections_costs_nothing() {
    let Some(net) = Net::new("a_slow_network_that_cuts_connections_costs_nothing") else { return };
    let mut chance = chance();
    let shared = Shared::new();
    let bus = start(&net.far, &shared).await;
    let commits = Commits::watch(&net.near, &bus.topic::<Job>(), &shared.ledger);
    // 200 to 400 ms for an answer.
    net.proxy.slow_down(Duration::from_millis(100), Duration::from_millis(100));
    let load = Load::start(&bus, &shared);
    for _ in 0..8 {
        sleep(Duration::from_millis(chance.u64(200..1_000))).await;
        net.proxy.cut_if(|| chance.bool());
    }
    let jobs = load.end().await;
    load::costs_nothing(&net.near, bus, &shared, jobs).await;
    assert_eq!(commits.wrong(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_whose_answer_is_lost_is_written_once() {
    let Some(net) = Net::new("an_event_whose_answer_is_lost_is_written_once") else { return };
    let bus = net.far.start(net.far.bus()).await;
    let topic = bus.topic::<Job>();
    net.near.create_topic(&topic).await;
    bus.publish((0..20).map(|key| Job::ok(format!("key-{key}"), 0))).await;
    for seq in 1..4 {
        net.proxy.lose_answers();
        let publisher = bus.publisher();
        let call =
            tokio::spawn(
                async move { publisher.publish_all((0..20).map(|key| Job::ok(format!("key-{key}"), seq))).await },
            );
        let written = || probe::ends(net.near.kafka(), &topic).values().sum::<i64>();
        probe::until("the events", written, |count| *count == 20 * i64::from(seq + 1)).await;
        assert!(!call.is_finished(), "nobody can know yet");
        net.proxy.cut();
        net.proxy.heal();
        call.await.expect("no panic").expect("they are written");
    }
    let mut seqs: Vec<_> = load::events::<Job>(&net.near, &bus).into_iter().map(|job| (job.key, job.seq)).collect();
    assert_eq!(seqs.len(), 80, "each of them once");
    seqs.sort();
    seqs.dedup();
    assert_eq!(seqs.len(), 80);
}

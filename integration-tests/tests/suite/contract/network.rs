//! A network that is slow, cuts connections or swallows what is sent, between the bus and a real broker.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    time::{Duration, Instant},
};

use carom::{Kafka, Supervisor, error::PublishErrorKind};
use integration_tests::{
    Broker, Proxy, RealKafka, check,
    commits::Commits,
    job::{Done, Gate, Job, Shared, Step, Worker, key_in},
    ledger::Entry,
    load::{self, KEYS, Load},
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
    // A lane for each key: one that waits holds back no other.
    let policy = Supervisor::one_for_one().concurrency(1024);
    let bus = world.start(world.bus_with(shared).supervise::<Worker>(policy)).await;
    world.create_topic(&bus.topic::<Done>()).await;
    bus
}

/// Of what happens by chance; `CAROM_SEED` makes it happen again.
fn chance() -> fastrand::Rng {
    let seed = env::var("CAROM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("CAROM_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

// Fails when `Partitions::lose` gives nothing back to the client, and when `Health::error` does not tell that all brokers
// are down.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_dead_for_longer_than_the_session_cost_nothing() {
    let Some(net) = Net::new("connections_that_are_dead_for_longer_than_the_session_cost_nothing") else { return };
    let shared = Shared::new();
    let bus = start(&net.far, &shared).await;
    let commits = Commits::watch(&net.near, &bus.topic::<Job>(), Some(&shared.ledger));
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

/// A member that blocks its threads at the gate, so that nothing can drop what it has begun.
async fn member(world: &World, shared: &Shared) -> Running {
    let policy = Supervisor::one_for_one().concurrency(1024).timeout(Duration::from_secs(600));
    let bus = world.bus_with(shared).supervise::<Worker>(policy).workers(4);
    world.start(bus.drain_timeout(Duration::from_millis(500)).shutdown_timeout(Duration::from_secs(1))).await
}

fn owned(bus: &Running) -> BTreeSet<i32> {
    bus.stats().partitions.iter().map(|partition| partition.partition).collect()
}

// Fails when lost partitions stay in `Partitions` and are not closed: after the member has joined again, it commits for
// its successor, and an offset goes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_member_finishes_after_it_was_cut_off_is_not_committed() {
    let Some(net) = Net::new("what_a_member_finishes_after_it_was_cut_off_is_not_committed") else { return };
    let shared = Shared::new();
    let (first, second) = (shared.of_member(1), Shared { gate: Gate::default(), ..shared.of_member(2) });
    let one = member(&net.far, &first).await;
    let publisher = net.near.start(net.near.bus()).await;
    let commits = Commits::watch(&net.near, &one.topic::<Job>(), Some(&shared.ledger));
    let of_each = |nth, seq, script: &[Step]| {
        let script = script.to_vec();
        (0..4).map(move |partition| Job::new(key_in(partition, nth), seq, script.clone())).collect::<Vec<_>>()
    };
    let finished = || probe::finished(net.near.kafka(), net.near.group(), &one.topic::<Job>());
    let runs_of = |member: u32| move |run: &&Entry| run.member == member && run.seq == 1;
    publisher.publish(of_each(0, 0, &[])).await;
    probe::until("the first jobs", finished, |at| at.values().all(|at| *at == (1, vec![]))).await;
    publisher.publish(of_each(0, 1, &[Step::BlockAtGate, Step::Gate, Step::Gate, Step::Gate])).await;
    shared.ledger.until("the blocked ones", |runs| runs.iter().filter(runs_of(1)).count() == 4).await;

    net.proxy.lose_everything();
    let two = member(&net.near, &second).await;
    shared.ledger.until("all of them at the next owner", |runs| runs.iter().filter(runs_of(2)).count() == 4).await;
    publisher.publish(of_each(1, 0, &[])).await;
    probe::until("its progress", finished, |at| at.values().all(|at| *at == (1, vec![2]))).await;
    probe::until("the loss to be known", || owned(&one), BTreeSet::is_empty).await;
    net.proxy.heal();
    probe::until("a share for each", || [owned(&one), owned(&two)], |of| of.iter().all(|own| own.len() == 2)).await;
    first.gate.open();
    let late = |runs: &[Entry]| runs.iter().filter(runs_of(1)).take(4).filter(|run| run.end.is_some()).count();
    shared.ledger.until("the late ends", |runs| late(runs) == 4).await;

    publisher.publish(of_each(2, 0, &[])).await;
    let kept = owned(&two);
    let of_kept = || finished().into_iter().filter(|(of, _)| kept.contains(of)).map(|(_, at)| at).collect::<Vec<_>>();
    probe::until("a commit after that", of_kept, |at| at.iter().all(|(_, beyond)| beyond.ends_with(&[3]))).await;
    assert_eq!(of_kept(), [(1, vec![2, 3]), (1, vec![2, 3])], "what the next owner holds is not committed");
    second.gate.open();
    shared.ledger.until_handled(16).await;
    probe::until("the end", finished, |at| at.values().all(|at| *at == (4, vec![]))).await;
    let runs = shared.ledger.entries();
    assert_eq!(check::keys_out_of_order(&runs), [""; 0]);
    // What blocks its thread cannot be dropped: it overlaps with the next run, also with one of its own member.
    let late: Vec<_> = runs.iter().filter(runs_of(1)).take(4).map(|run| run.started).collect();
    for number in [1, 2] {
        let is_own = |run: &&Entry| run.member == number && !late.contains(&run.started);
        let own: Vec<_> = runs.iter().filter(is_own).cloned().collect();
        assert_eq!(check::order_violations(&own), [""; 0]);
    }
    assert_eq!(commits.wrong(), [""; 0]);
}

// Fails when `failure::kind` says `Permanent` of what is in doubt.
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

// Fails when `enable.idempotence` is `false`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_that_cuts_connections_costs_nothing() {
    let Some(net) = Net::new("a_slow_network_that_cuts_connections_costs_nothing") else { return };
    let mut chance = chance();
    let shared = Shared::new();
    let bus = start(&net.far, &shared).await;
    let commits = Commits::watch(&net.near, &bus.topic::<Job>(), Some(&shared.ledger));
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

// Fails when `enable.idempotence` is `false`.
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

// No change to carom made it fail: librdkafka sends such a commit again by itself, and carom hears of nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_repeats_nothing() {
    let Some(net) = Net::new("a_commit_whose_answer_is_lost_repeats_nothing") else { return };
    // So that it stays a member all the time.
    let far = net.far.clone().tuned(|kafka| kafka.consumer("session.timeout.ms", "45000"));
    let shared = Shared::new();
    let bus = start(&far, &shared).await;
    let publisher = net.near.start(net.near.bus()).await;
    let topic = bus.topic::<Job>();
    let committed = || probe::committed(net.near.kafka(), net.near.group(), &topic);
    publisher.publish((0..20).map(|key| Job::new(format!("key-{key}"), 0, [Step::Gate]))).await;
    shared.ledger.until("all of them", |runs| runs.len() == 20).await;
    let ends = probe::ends(net.near.kafka(), &topic);
    net.proxy.lose_answers();
    shared.gate.open();
    probe::until("the commit", committed, |at| *at == ends).await;
    net.proxy.heal();
    publisher.publish((0..20).map(|key| Job::ok(format!("key-{key}"), 1))).await;
    shared.ledger.until_handled(40).await;
    let ends = probe::ends(net.near.kafka(), &topic);
    probe::until("the last commit", committed, |at| *at == ends).await;
    probe::until("health", || bus.health(), |health| health.is_well() && health.is_ready()).await;
    assert_eq!(check::repeated(&shared.ledger.entries()), BTreeMap::new());
}

// Fails when `delivery.timeout.ms` is a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_the_broker_slows_down_wait_and_go_on() {
    let Some(broker) = tokio::task::block_in_place(|| RealKafka::private("clients_that_the_broker_slows_down")) else {
        return;
    };
    // Compressed, the load would be too small to be slowed down.
    let world = World::on(Kafka::new(broker.bootstrap_servers()).producer("compression.type", "none"));
    let shared = Shared::new();
    let bus = start(&world, &shared).await;
    tokio::task::block_in_place(|| broker.limit_clients("contract", 60_000));
    let (load, began) = (Load::start(&bus, &shared), Instant::now());
    shared.ledger.until_handled(KEYS as usize * 15).await;
    let jobs = load.end().await;
    let took = began.elapsed();
    load::costs_nothing(&world, bus, &shared, jobs).await;
    assert!(took > Duration::from_secs(2), "nobody was slowed down: {jobs} jobs in {took:?}");
    assert_eq!(check::repeated(&shared.ledger.entries()), BTreeMap::new());
}

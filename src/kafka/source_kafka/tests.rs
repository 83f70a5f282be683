//! The real client against librdkafka's mock cluster, through the poll loop and back to the commits.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig,
    mocking::MockCluster,
    producer::{BaseProducer, DefaultProducerContext, Producer},
};

use super::*;
use crate::{
    dispatch::{Assignment, Intake},
    kafka::{
        poll_thread::{Alarm, Poller, Settings},
        raw::testing::{Written, join_at_once, produce},
        record::Timestamp,
        source::Committed,
    },
};

const TOPIC: &str = "orders";

/// A broker inside of the process, and a producer that goes with it.
struct Cluster(BaseProducer);

fn cluster(partitions: i32) -> Cluster {
    // `RUST_LOG=debug` shows what the client does; another test may have been first.
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
    let mut config = ClientConfig::new();
    config.set("test.mock.num.brokers", "1").set("enable.idempotence", "true");
    let cluster = Cluster(config.create().unwrap());
    cluster.mock().create_topic(TOPIC, partitions, 1).unwrap();
    join_at_once(&cluster.0);
    cluster
}

impl Cluster {
    fn mock(&self) -> MockCluster<'_, DefaultProducerContext> {
        self.0.client().mock_cluster().unwrap()
    }

    fn write(&self, records: impl Iterator<Item = (i32, Written)>) {
        for (partition, record) in records {
            produce(&self.0, TOPIC, partition, &record);
        }
        self.0.flush(Duration::from_secs(20)).unwrap();
    }
}

fn consumer_config(cluster: &Cluster) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", cluster.mock().bootstrap_servers()).set("group.id", "billing");
    for (key, value) in [
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        ("auto.offset.reset", "earliest"),
        ("partition.assignment.strategy", "cooperative-sticky"),
        ("session.timeout.ms", "2000"),
        ("heartbeat.interval.ms", "200"),
        ("fetch.wait.max.ms", "5"),
        ("fetch.queue.backoff.ms", "5"),
        ("queued.min.messages", "4096"),
        ("statistics.interval.ms", "500"),
        ("allow.auto.create.topics", "false"),
    ] {
        config.set(key, value);
    }
    config
}

/// What the actors of all members together have seen.
#[derive(Default)]
struct Log {
    /// Finished records by partition, in the order in which they finished.
    records: BTreeMap<i32, Vec<(i64, Written)>>,
    /// The longest time between two records of a partition that stayed, since the last clear.
    seen_at: BTreeMap<i32, Instant>,
    silence: BTreeMap<i32, Duration>,
    broker: Vec<bool>,
    fatal: Vec<String>,
}

impl Log {
    fn count(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }
}

/// An intake whose only mailbox works on a thread of its own.
#[derive(Clone)]
struct Mailbox(mpsc::Sender<Message>, Arc<Mutex<Log>>);

enum Message {
    Assign(Arc<Assignment>),
    Revoke(Arc<Assignment>),
    Batch(TopicPartition, Arc<Batch>),
}

impl Mailbox {
    /// `handle` says whether a record finishes.
    fn spawn(log: &Arc<Mutex<Log>>, handle: impl Fn(i32, i64) -> bool + Send + 'static) -> Self {
        let (sender, messages) = mpsc::channel();
        let shared = Arc::clone(log);
        thread::spawn(move || {
            let mut assignments = HashMap::new();
            for message in messages {
                match message {
                    Message::Assign(assignment) => {
                        assignment.open(1);
                        assignments.insert(assignment.partition.clone(), assignment);
                    }
                    Message::Revoke(assignment) => assignment.drained(),
                    Message::Batch(partition, batch) => work(&assignments[&partition], &batch, &handle, &shared),
                }
            }
        });
        Self(sender, Arc::clone(log))
    }
}

fn work(assignment: &Assignment, batch: &Arc<Batch>, handle: &impl Fn(i32, i64) -> bool, log: &Mutex<Log>) {
    assignment.arrived();
    for record in batch.records() {
        let (partition, offset) = (record.from().partition, record.offset());
        if assignment.cancel.is_cancelled() {
            return;
        }
        if !handle(partition, offset) {
            continue;
        }
        assert!(matches!(record.timestamp(), Timestamp::Create(at) if at > 1_600_000_000_000), "{record:?}");
        let copy = Written {
            key: record.key().map(<[u8]>::to_vec),
            value: record.value().map(<[u8]>::to_vec),
            headers: record.headers().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect(),
        };
        let mut log = log.lock().unwrap();
        log.records.entry(partition).or_default().push((offset, copy));
        let now = Instant::now();
        if let Some(before) = log.seen_at.insert(partition, now) {
            let silence = log.silence.entry(partition).or_default();
            *silence = (now - before).max(*silence);
        }
        drop(log);
        assignment.finish(&[offset], |_| {});
    }
}

impl Intake for Mailbox {
    fn assign(&self, assignment: &Arc<Assignment>) {
        self.0.send(Message::Assign(Arc::clone(assignment))).unwrap();
    }
    fn revoke(&self, assignment: &Arc<Assignment>) {
        self.0.send(Message::Revoke(Arc::clone(assignment))).unwrap();
    }
    fn close(&self, _: &Arc<Assignment>) {}
    fn deliver(&self, assignment: &Assignment, batch: Arc<Batch>) {
        self.0.send(Message::Batch(assignment.partition.clone(), batch)).unwrap();
    }
    fn broker(&self, up: bool, _: &str) {
        self.1.lock().unwrap().broker.push(up);
    }
    fn alarm(&self, _reason: &str) {}

    fn fatal(&self, reason: &str) {
        self.1.lock().unwrap().fatal.push(reason.to_owned());
    }
}

fn member(config: &ClientConfig, log: &Arc<Mutex<Log>>, handle: impl Fn(i32, i64) -> bool + Send + 'static) -> Poller {
    let alarm = Arc::new(Alarm::default());
    let source = KafkaSource::connect(config, Secrets::default(), &[TOPIC.to_owned()], alarm.waker()).unwrap();
    let intake = Mailbox::spawn(log, handle);
    Poller::spawn(source, intake, Settings::default(), alarm, Box::new(|| 0.5)).unwrap()
}

fn stop(poller: &Poller) {
    poller.stop(Duration::from_secs(5)).blocking_recv().unwrap();
}

/// Waits for a condition, with a bound that no working run comes near.
fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(15), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Asks from outside of the group.
fn committed(cluster: &Cluster, partitions: i32) -> Vec<Option<Committed>> {
    let client: BaseConsumer = consumer_config(cluster).create().unwrap();
    let partitions: Vec<_> = (0..partitions).map(|partition| TopicPartition::new(TOPIC, partition)).collect();
    let committed = raw::committed(&client, &partitions, Duration::from_secs(5)).unwrap();
    committed.into_iter().map(|committed| committed.map(|(committed, _)| committed)).collect()
}

fn written(number: usize) -> Written {
    let header = |name: &[u8], value: Option<&[u8]>| (name.to_vec(), value.map(<[u8]>::to_vec));
    let mut record = Written {
        key: Some(format!("key-{}", number % 97).into_bytes()),
        value: Some(format!("{{\"number\":{number}}}").into_bytes()),
        headers: vec![header(b"ce_id", Some(number.to_string().as_bytes())), header(b"ce_type", Some(b"order.v1"))],
    };
    match number % 1000 {
        1 => record.headers.push(header(b"\xff\xfe\x80", Some(b"\x00\xff"))),
        2 => record.headers.extend([header(b"null", None), header(b"empty", Some(b"")), header(b"ce_id", Some(b"2"))]),
        3 => record.key = None,
        4 => record.key = Some(Vec::new()),
        5 => record.value = Some(Vec::new()),
        6 => record.value = None,
        7 => record.headers.clear(),
        8 => record.value = Some(vec![0xA5; 100_000]),
        _ => {}
    }
    record
}

#[test]
fn records_arrive_in_order_byte_for_byte_and_their_offsets_are_committed() {
    let cluster = cluster(4);
    cluster.write((0..10_000).map(|number| ((number % 4) as i32, written(number))));
    let log = Arc::default();
    let poller = member(&consumer_config(&cluster), &log, |_, _| true);
    eventually("all records", || log.lock().unwrap().count() >= 10_000);
    stop(&poller);

    let log = log.lock().unwrap();
    for partition in 0..4 {
        let expected: Vec<_> =
            (0..2_500).map(|offset| (offset as i64, written(offset * 4 + partition as usize))).collect();
        // Fails when `Message::copy_headers` skips a header with a null value.
        assert!(log.records[&partition] == expected, "partition {partition} differs");
    }
    assert!(log.fatal.is_empty(), "{:?}", log.fatal);
    // Fails when `CommitQueue::send` sets `offset - 1`.
    let ends = Some(Committed { offset: 2_500, metadata: Vec::new() });
    assert_eq!(committed(&cluster, 4), vec![ends; 4]);
}

#[test]
fn a_restart_skips_what_had_finished_beyond_the_committed_offset() {
    let cluster = cluster(1);
    cluster.write((0..20).map(|number| (0, written(number))));
    let log = Arc::default();
    let first = member(&consumer_config(&cluster), &log, |_, offset| offset != 5 && offset != 9);
    eventually("all but two", || log.lock().unwrap().count() == 18);
    stop(&first);
    assert_eq!(committed(&cluster, 1)[0].as_ref().map(|committed| committed.offset), Some(5));

    let log = Arc::default();
    let second = member(&consumer_config(&cluster), &log, |_, _| true);
    cluster.write([(0, written(20))].into_iter());
    eventually("the rest", || log.lock().unwrap().records.get(&0).is_some_and(|all| all.last().unwrap().0 == 20));
    stop(&second);
    let offsets: Vec<_> = log.lock().unwrap().records[&0].iter().map(|(offset, _)| *offset).collect();
    // Fails when `commit_of` leaves the metadata out.
    assert_eq!(offsets, [5, 9, 20]);
}

#[test]
fn members_of_a_cooperative_group_come_and_go_and_nothing_is_lost() {
    // Nearly always nothing is handled twice either. But this broker, unlike a real one, refuses commits while the group
    // joins, so that the last commit is impossible when a further round begins at once. That each record is handled once
    // is proved by the poll loop's own tests, and by the contract on a real broker.
    come_and_go("cooperative-sticky");
}

#[test]
fn members_of_an_eager_group_come_and_go_and_nothing_is_lost() {
    // Here the group always joins when it revokes, so this broker never takes the last commit.
    come_and_go("range");
}

/// Writes some records, and gives the others time.
fn feed(producer: &BaseProducer, numbers: std::ops::Range<usize>) {
    for number in numbers {
        produce(producer, TOPIC, (number % 4) as i32, &written(50 + number % 900));
    }
    thread::sleep(Duration::from_millis(4));
    producer.poll(Duration::ZERO);
}

/// Panics if a record was not handled at all.
fn come_and_go(strategy: &str) {
    let cluster = Arc::new(cluster(4));
    let log: Arc<Mutex<Log>> = Arc::default();
    let running = Arc::new(AtomicBool::new(true));
    let feeder = {
        let (cluster, running) = (Arc::clone(&cluster), Arc::clone(&running));
        thread::spawn(move || {
            let mut number = 0;
            while running.load(Ordering::Relaxed) {
                feed(&cluster.0, number..number + 8);
                number += 8;
            }
            cluster.0.flush(Duration::from_secs(20)).unwrap();
            number
        })
    };
    let slow = |_, _| {
        thread::sleep(Duration::from_micros(200));
        true
    };
    let mut config = consumer_config(&cluster);
    config.set("partition.assignment.strategy", strategy);
    let first = member(&config, &log, slow);
    eventually("the first member", || log.lock().unwrap().records.len() == 4);
    let other: Arc<Mutex<Log>> = Arc::default();
    log.lock().unwrap().silence.clear();
    let second = member(&config, &other, slow);
    eventually("the second member's share", || other.lock().unwrap().records.len() == 2);
    thread::sleep(Duration::from_millis(300));
    println!("silence of the member that stayed, partitions gone included: {:?}", log.lock().unwrap().silence);
    println!("second member has {:?}", other.lock().unwrap().records.keys().collect::<Vec<_>>());
    stop(&second);
    let moved: Vec<i32> = other.lock().unwrap().records.keys().copied().collect();
    let before: usize = moved.iter().map(|partition| log.lock().unwrap().records[partition].len()).sum();
    eventually("the share to come back", || {
        moved.iter().map(|partition| log.lock().unwrap().records[partition].len()).sum::<usize>() > before
    });
    running.store(false, Ordering::Relaxed);
    let total = feeder.join().unwrap();
    let count = || log.lock().unwrap().count() + other.lock().unwrap().count();
    let reached = |partition: i32| {
        let mut offsets: Vec<_> = [&log, &other]
            .iter()
            .flat_map(|log| log.lock().unwrap().records.get(&partition).cloned().unwrap_or_default())
            .map(|(offset, _)| offset)
            .collect();
        offsets.sort_unstable();
        offsets.dedup();
        offsets
    };
    eventually("everything", || (0..4).map(|partition| reached(partition).len()).sum::<usize>() >= total);
    stop(&first);
    for partition in 0..4 {
        let offsets = reached(partition);
        assert!(offsets.iter().copied().eq(0..offsets.len() as i64), "partition {partition}: {offsets:?}");
    }
    println!("{} of {total} records twice", count() - total);
}

#[test]
fn a_client_whose_broker_is_gone_tells_so_once_and_closes_in_time() {
    let cluster = cluster(1);
    cluster.write([(0, written(0))].into_iter());
    let log: Arc<Mutex<Log>> = Arc::default();
    let poller = member(&consumer_config(&cluster), &log, |_, _| true);
    eventually("the record", || log.lock().unwrap().count() == 1);
    assert_eq!(log.lock().unwrap().broker, [true]);
    drop(cluster);
    eventually("the news", || log.lock().unwrap().broker.len() > 1);
    let start = Instant::now();
    stop(&poller);
    println!("closed after {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(13));
    assert_eq!(log.lock().unwrap().broker, [true, false]);
    assert!(log.lock().unwrap().fatal.is_empty());
}

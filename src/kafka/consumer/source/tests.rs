//! The real client against librdkafka's mock cluster, through the poll loop and back to the commits.

mod delivery;
mod outage;
mod rebalance;
mod woken;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, mpsc},
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
        poll::{Alarm, Poller, Settings},
        raw::testing::{Written, join_at_once, produce},
        record::Timestamp,
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
    let source = KafkaSource::connect(config, ClientLog::default(), &[TOPIC.to_owned()], alarm.waker()).unwrap();
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
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
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

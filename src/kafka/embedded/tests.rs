//! The life of a cluster, and how soon groups on it settle.

use std::time::Instant;

use rdkafka::consumer::{BaseConsumer, Consumer};

use super::{
    super::{GroupProtocol, Kafka},
    *,
};

#[test]
fn clones_share_one_cluster_and_others_do_not() {
    let one = Embedded::new();
    let other = Embedded::new();

    assert_eq!(one.bootstrap_servers(), one.clone().bootstrap_servers());
    assert_ne!(one.bootstrap_servers(), other.bootstrap_servers());
}

#[test]
fn nothing_runs_before_the_first_use() {
    assert_eq!(format!("{:?}", Embedded::new()), "Embedded(not started)");
}

#[test]
fn the_cluster_goes_with_its_last_clone() {
    let one = Embedded::new();
    let shared = Arc::downgrade(&one.shared);
    let clone = one.clone();

    drop(one);
    assert!(clone.bootstrap_servers().is_ok());
    drop(clone);
    assert!(shared.upgrade().is_none());
}

#[test]
fn a_topic_that_exists_is_told_apart_from_other_failures() {
    let broker = Embedded::new();
    broker.create_topic("orders", 2).unwrap();

    let again = broker.create_topic("orders", 2).unwrap_err();
    assert!(again.already_exists(), "{again}");
    let nul = broker.create_topic("or\0ders", 2).unwrap_err();
    assert!(!nul.already_exists(), "{nul}");
}

// Fails when `create_topic` hands on what it gets: the mock cluster creates all of these.
#[test]
fn topics_that_kafka_refuses_are_refused() {
    let broker = Embedded::new();
    for name in ["", ".", "..", "or ders", "größe", &"x".repeat(250)] {
        let error = broker.create_topic(name, 2).unwrap_err();
        assert!(error.to_string().contains("InvalidTopic"), "{name}: {error}");
    }
    let error = broker.create_topic("orders", 0).unwrap_err();
    assert!(error.to_string().contains("InvalidPartitions"), "{error}");
    broker.create_topic(&"x".repeat(249), 1).unwrap();
}

/// Polls all members until each has its share of four partitions; the time that took.
fn settle(members: &[BaseConsumer], share: usize) -> Duration {
    let started = Instant::now();
    let settled = |member: &BaseConsumer| member.assignment().unwrap().count() == share;
    while !members.iter().all(settled) {
        assert!(started.elapsed() < Duration::from_secs(20), "the group does not settle");
        for member in members {
            member.poll(Duration::from_millis(5));
        }
    }
    started.elapsed()
}

/// Members leave, and nobody waits for their clients. librdkafka 2.12.1 answers nothing any more once the group of a
/// client has ended (`rkcg_terminated`), and an unassign that came just before then waits for ever; seen once, in a group
/// that the broker decides. A bus does not wait either, see `consumer::close`.
fn leave(members: impl IntoIterator<Item = BaseConsumer>) {
    for member in members {
        std::thread::spawn(move || drop(member));
    }
}

fn groups_settle(protocol: GroupProtocol) {
    let kafka = Kafka::embedded().group_protocol(protocol);
    kafka.broker().unwrap().create_topic("orders", 4).unwrap();
    let join = |name: &str| {
        let member: BaseConsumer = kafka.consumer_config("billing", name).unwrap().create().unwrap();
        member.subscribe(&["orders"]).unwrap();
        member
    };
    let mut members = vec![join("one")];
    let first = settle(&members, 4);
    members.push(join("two"));
    let second = settle(&members, 2);
    leave([members.remove(0)]);
    let left = settle(&members, 4);
    leave(members);
    let members = [join("three"), join("four")];
    let together = settle(&members, 2);
    leave(members);
    println!("{protocol:?}: first {first:.2?}, second {second:.2?}, after a leave {left:.2?}, together {together:.2?}");
    assert!(first < Duration::from_secs(5), "{first:?}");
}

#[test]
fn classic_groups_settle_within_seconds() {
    groups_settle(GroupProtocol::Classic);
}

#[test]
fn groups_that_the_broker_decides_settle_within_seconds() {
    groups_settle(GroupProtocol::Consumer);
}

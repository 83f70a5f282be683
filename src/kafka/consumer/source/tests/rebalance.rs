//! Members come and go, and nothing is lost.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicBool, Ordering},
};

use rdkafka::{ClientContext as _, config::RDKafkaLogLevel};

use super::*;

#[test]
fn members_of_a_cooperative_group_come_and_go_and_nothing_is_lost() {
    // Nearly always nothing is handled twice either. But this broker, unlike a real one, refuses commits while the
    // group joins, so that the last commit is impossible when a further round begins at once. That each record is
    // handled once is proved by the poll loop's own tests, and by the contract on a real broker.
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
    let [mine, others] = [&log, &other].map(|log| log.lock().unwrap().count());
    eventually("both to go on side by side", || {
        log.lock().unwrap().count() > mine + 100 && other.lock().unwrap().count() > others + 100
    });
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

// Fails when an assign does not forget: a gap that comes later would be taken for deleted records.
#[test]
fn a_jump_is_forgotten_when_its_partition_comes_anew() {
    let cluster = cluster(1);
    let config = consumer_config(&cluster);
    let source = KafkaSource::connect(&config, ClientLog::default(), &[TOPIC.to_owned()], Arc::new(|| {})).unwrap();
    let client = Arc::clone(source.client.as_ref().unwrap());
    client.context().log(
        RDKafkaLogLevel::Warning,
        "OFFSET",
        "orders [0]: offset reset (at offset 10, broker 1) to BEGINNING: Broker: Offset out of range",
    );
    let partition = TopicPartition::new(TOPIC, 0);
    let is_noted = || {
        let mut noted = false;
        client.context().jumps().after(&partition, || {
            noted = true;
            false
        });
        noted
    };
    assert!(is_noted());

    let source = RefCell::new(source);
    let is_assigned = || matches!(source.borrow_mut().next_event(), Some(SourceEvent::Assigned(_)));
    eventually("the partition", is_assigned);
    assert!(!is_noted());
}

// Fails when `leave` does nothing: a bus that stops would ask, and wait, for what it does not need.
#[test]
fn who_leaves_does_not_ask_what_was_committed() {
    let cluster = cluster(1);
    let config = consumer_config(&cluster);
    let log: Arc<Mutex<Log>> = Arc::default();
    let first = member(&config, &log, |_, _| true);
    cluster.write((0..3).map(|number| (0, written(50 + number))));
    eventually("the records", || log.lock().unwrap().count() == 3);
    stop(&first);

    let committed_for = |leaves: bool| {
        let mut source =
            KafkaSource::connect(&config, ClientLog::default(), &[TOPIC.to_owned()], Arc::new(|| {})).unwrap();
        if leaves {
            source.leave();
        }
        let (source, assigned) = (RefCell::new(source), RefCell::new(None));
        eventually("the partition", || {
            if let Some(SourceEvent::Assigned(partitions)) = source.borrow_mut().next_event() {
                assigned.replace(Some(partitions));
            }
            assigned.borrow().is_some()
        });
        assigned.into_inner().unwrap()[0].1.as_ref().map(|committed| committed.offset)
    };
    assert_eq!([committed_for(false), committed_for(true)], [Some(3), None]);
}

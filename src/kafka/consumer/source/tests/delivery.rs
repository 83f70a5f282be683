//! What was written arrives in order, byte for byte, and what had finished is not delivered again.

use super::*;
use crate::kafka::source::Committed;

/// Asks from outside of the group.
pub(super) fn committed(cluster: &Cluster, partitions: i32) -> Vec<Option<Committed>> {
    let client: BaseConsumer = consumer_config(cluster).create().unwrap();
    let partitions: Vec<_> = (0..partitions).map(|partition| TopicPartition::new(TOPIC, partition)).collect();
    let committed = raw::committed(&client, &partitions, Duration::from_secs(5)).unwrap();
    committed.into_iter().map(|committed| committed.map(|(committed, _)| committed)).collect()
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
        // Fails when `Batch::push_headers` skips a header with a null value.
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

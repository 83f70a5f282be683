//! Permits, order and outcomes, with a client that remembers what it was given.

use std::cell::{Cell, RefCell};

use super::*;
use crate::kafka::source::SendErrorKind;

const PATIENCE: Duration = Duration::from_secs(10);

impl SendQueue {
    pub(in crate::kafka::producer) fn limits(&self) -> Limits {
        self.limits
    }
}

/// Remembers what it was given; refuses as told.
#[derive(Default)]
struct Client {
    got: RefCell<Vec<(String, usize)>>,
    refuse: Cell<Option<RDKafkaErrorCode>>,
    fatal: Cell<bool>,
}

impl Produce for Client {
    fn produce(&self, record: &OutRecord, opaque: usize) -> Result<(), Refused> {
        match self.refuse.get() {
            Some(code) => Err(Refused { code, fatal: self.fatal.get() }),
            None => {
                let key = String::from_utf8(record.key().unwrap().to_vec()).unwrap();
                self.got.borrow_mut().push((key, opaque));
                Ok(())
            }
        }
    }
}

impl Client {
    fn keys(&self) -> Vec<String> {
        self.got.borrow().iter().map(|(key, _)| key.clone()).collect()
    }

    fn opaque(&self, at: usize) -> usize {
        self.got.borrow()[at].1
    }
}

fn queue(records: usize, bytes: usize) -> SendQueue {
    SendQueue::new(Limits { records, bytes, patience: PATIENCE })
}

fn record(key: &'static str) -> OutRecord {
    OutRecord::new("t".into(), None, Some(key.as_bytes()), None, &[])
}

fn push(queue: &mut SendQueue, keys: &[&'static str], now: Instant) -> oneshot::Receiver<Vec<Outcome>> {
    let records: Vec<_> = keys.iter().map(|key| record(key)).collect();
    let topics = Topics::of_all(&records);
    queue.push(records, topics, now)
}

fn acknowledged(opaque: usize) -> Report {
    Report { opaque, error: None, persisted: Persisted::Yes, partition: 0, offset: 7 }
}

fn tell(queue: &mut SendQueue) {
    for done in queue.take_done() {
        done.tell();
    }
}

/// Fails with `pop_front` before the `match` of `pump`.
#[test]
fn a_record_that_the_client_had_no_room_for_goes_before_any_other() {
    let (client, mut queue, now) = (Client::default(), queue(10, 10_000), Instant::now());
    let _first = push(&mut queue, &["a"], now);
    assert_eq!(queue.pump(&client, 64), Pumped::Done);
    client.refuse.set(Some(RDKafkaErrorCode::QueueFull));
    let _second = push(&mut queue, &["b"], now);
    let _third = push(&mut queue, &["c"], now);
    assert_eq!(queue.pump(&client, 64), Pumped::Full);
    assert_eq!((queue.overfull, queue.on_the_way(), queue.outstanding()), (1, 1, 3));
    client.refuse.set(None);
    queue.settle(&acknowledged(client.opaque(0)));
    assert_eq!(queue.pump(&client, 64), Pumped::Done);
    assert_eq!(client.keys(), ["a", "b", "c"]);
}

/// Fails without `self.on_the_way == 0` in `permits`: the record waits for ever.
#[test]
fn a_record_larger_than_all_permits_goes_alone() {
    let (client, mut queue) = (Client::default(), queue(10, 10));
    let _call = push(&mut queue, &["a", "b"], Instant::now());
    queue.pump(&client, 64);
    assert_eq!(client.keys(), ["a"]);
    queue.settle(&acknowledged(client.opaque(0)));
    queue.pump(&client, 64);
    assert_eq!(client.keys(), ["a", "b"]);
}

/// Fails without either comparison of `permits`, and without either return of `settle`.
#[test]
fn permits_are_counted_in_records_and_in_bytes_and_come_back() {
    let size = record("a").wire_size();
    for (records, bytes) in [(2, 10_000), (10, 2 * size)] {
        let (client, mut queue) = (Client::default(), queue(records, bytes));
        let _call = push(&mut queue, &["a", "b", "c", "d"], Instant::now());
        assert_eq!(queue.pump(&client, 64), Pumped::Done);
        assert_eq!(client.keys(), ["a", "b"]);
        queue.settle(&acknowledged(client.opaque(1)));
        queue.pump(&client, 64);
        assert_eq!(client.keys(), ["a", "b", "c"]);
    }
}

/// Fails with `pop_front` for the refused record: it would be lost with the dead client.
#[test]
fn a_record_that_a_dead_client_refused_waits_for_the_next() {
    let (client, mut queue) = (Client::default(), queue(10, 10_000));
    client.refuse.set(Some(RDKafkaErrorCode::OutOfOrderSequenceNumber));
    client.fatal.set(true);
    let _call = push(&mut queue, &["a"], Instant::now());
    assert_eq!(queue.pump(&client, 64), Pumped::Dead);
    let next = Client::default();
    assert_eq!(queue.pump(&next, 64), Pumped::Done);
    assert_eq!(next.keys(), ["a"]);
}

#[test]
fn a_burst_leaves_the_rest_for_later() {
    let (client, mut queue) = (Client::default(), queue(10, 10_000));
    let _call = push(&mut queue, &["a", "b", "c"], Instant::now());
    assert_eq!(queue.pump(&client, 2), Pumped::More);
    assert_eq!(queue.pump(&client, 2), Pumped::Done);
    assert_eq!(client.keys(), ["a", "b", "c"]);
}

#[test]
fn outcomes_come_in_the_order_of_the_records_and_once_all_are_in() {
    let (client, mut queue) = (Client::default(), queue(10, 10_000));
    let mut call = push(&mut queue, &["a", "b"], Instant::now());
    queue.pump(&client, 64);
    let failed = Report {
        error: Some(RDKafkaErrorCode::MessageTimedOut),
        persisted: Persisted::Possibly,
        ..acknowledged(client.opaque(1))
    };
    queue.settle(&failed);
    // A second report of the same record, or one of an earlier client, is nobody's.
    queue.settle(&failed);
    tell(&mut queue);
    assert!(call.try_recv().is_err());
    queue.settle(&acknowledged(client.opaque(0)));
    tell(&mut queue);
    let outcomes = call.try_recv().unwrap();
    assert_eq!(outcomes[0], Ok(Delivery { partition: 0, offset: 7 }));
    assert_eq!(outcomes[1].as_ref().unwrap_err().kind, SendErrorKind::InDoubt);
    assert_eq!(queue.outstanding(), 0);
}

/// Fails with `<` in place of `<=` in `expire`, and without the `break` of the loop's condition.
#[test]
fn records_without_a_permit_give_up_in_time_and_those_on_the_way_do_not() {
    let (client, mut queue, now) = (Client::default(), queue(1, 10_000), Instant::now());
    let mut call = push(&mut queue, &["a", "b"], now);
    let later = now + Duration::from_secs(1);
    let mut other = push(&mut queue, &["c"], later);
    queue.pump(&client, 64);
    assert_eq!(queue.expire(now), Some(now + PATIENCE));
    assert_eq!(queue.expire(now + PATIENCE), Some(later + PATIENCE));
    assert_eq!(queue.outstanding(), 2);
    queue.settle(&acknowledged(client.opaque(0)));
    tell(&mut queue);
    assert_eq!(call.try_recv().unwrap()[1].as_ref().unwrap_err().kind, SendErrorKind::Retriable);
    assert!(other.try_recv().is_err());
}

/// Fails with `number <= flush.before`: `b` counts too.
#[test]
fn a_flush_waits_for_what_came_before_it_only() {
    let (client, mut queue, now) = (Client::default(), queue(10, 10_000), Instant::now());
    let _before = push(&mut queue, &["a"], now);
    let mut whole = queue.flush(now + PATIENCE);
    let mut short = queue.flush(now + PATIENCE / 2);
    let _after = push(&mut queue, &["b"], now);
    queue.pump(&client, 64);
    assert_eq!(queue.expire(now + PATIENCE / 2), Some(now + PATIENCE));
    queue.settle(&acknowledged(client.opaque(1)));
    tell(&mut queue);
    assert!(whole.try_recv().is_err());
    queue.settle(&acknowledged(client.opaque(0)));
    tell(&mut queue);
    assert_eq!((whole.try_recv(), short.try_recv()), (Ok(0), Ok(1)));
    let mut nothing = SendQueue::new(queue.limits).flush(now);
    assert!(nothing.try_recv().is_err(), "told only once the lock is gone");
}

#[test]
fn what_is_abandoned_is_in_doubt_only_if_it_left() {
    let (client, mut queue, now) = (Client::default(), queue(1, 10_000), Instant::now());
    let mut call = push(&mut queue, &["a", "b"], now);
    queue.pump(&client, 64);
    queue.abandon_pending();
    queue.abandon_waiting();
    tell(&mut queue);
    let kinds: Vec<_> = call.try_recv().unwrap().into_iter().map(|outcome| outcome.unwrap_err().kind).collect();
    assert_eq!(kinds, [SendErrorKind::InDoubt, SendErrorKind::Retriable]);
    assert_eq!((queue.outstanding(), queue.bytes), (0, 0));
}

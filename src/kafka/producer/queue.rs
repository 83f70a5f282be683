//! The queue before the client: permits, order and who waits for which record. Pure.
//!
//! librdkafka refuses records when its own queue is full, and whoever retries then is overtaken by others. So carom
//! counts: a record goes to the client only with a permit, and records without one wait here, first come first served.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use rdkafka::error::RDKafkaErrorCode;
use slab::Slab;
use tokio::sync::oneshot;

use super::{
    super::{
        raw::produce::{Persisted, RawProducer, Refused, Report},
        record::OutRecord,
        source::{Delivery, SendError},
    },
    failure,
    topics::Topics,
};

/// What became of one record.
pub(super) type Outcome = Result<Delivery, SendError>;

/// Where the queue puts records.
pub(super) trait Produce {
    fn produce(&self, record: &OutRecord, opaque: usize) -> Result<(), Refused>;
}

impl Produce for RawProducer {
    fn produce(&self, record: &OutRecord, opaque: usize) -> Result<(), Refused> {
        RawProducer::produce(self, record, opaque)
    }
}

/// How much may be on its way at once, and how long a record waits for its turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) records: usize,
    pub(super) bytes: usize,
    pub(super) patience: Duration,
}

/// What [`SendQueue::pump`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pumped {
    /// Nothing waits, or what waits has no permit.
    Done,
    /// More could go now.
    More,
    /// The client says it is full although there are permits: try again after the next delivery.
    Full,
    /// The client is dead; the record it refused waits in its place.
    Dead,
}

pub(super) struct SendQueue {
    limits: Limits,
    on_the_way: usize,
    bytes: usize,
    waiting: VecDeque<Waiting>,
    pending: Slab<Pending>,
    calls: Slab<Call>,
    flushes: Vec<Flush>,
    next_call: u64,
    done: Vec<Done>,
    /// How often the client was full although there were permits; must stay 0.
    pub(super) overfull: u64,
}

struct Waiting {
    record: OutRecord,
    of: Place,
    until: Instant,
}

struct Pending {
    of: Place,
    bytes: usize,
}

/// A record's place among the records of its call.
#[derive(Clone, Copy)]
struct Place {
    call: usize,
    at: usize,
}

struct Call {
    number: u64,
    topics: Topics,
    outcomes: Vec<Option<Outcome>>,
    open: usize,
    tell: oneshot::Sender<Vec<Outcome>>,
}

struct Flush {
    /// Waits for the calls before this one.
    before: u64,
    open: usize,
    until: Instant,
    tell: oneshot::Sender<usize>,
}

/// Somebody to wake, once no lock is held any more.
pub(super) enum Done {
    Call(oneshot::Sender<Vec<Outcome>>, Vec<Outcome>),
    Flush(oneshot::Sender<usize>, usize),
}

impl Done {
    /// Wakes whoever waits; that nobody does any more is fine. A waker is foreign code and may panic: that must not
    /// keep the next ones from being woken.
    pub(super) fn tell(self) {
        let told = catch_unwind(AssertUnwindSafe(|| match self {
            Self::Call(tell, outcomes) => drop(tell.send(outcomes)),
            Self::Flush(tell, open) => drop(tell.send(open)),
        }));
        if told.is_err() {
            tracing::error!("a panic in a task that waited for the producer");
        }
    }
}

impl SendQueue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            on_the_way: 0,
            bytes: 0,
            waiting: VecDeque::new(),
            pending: Slab::new(),
            calls: Slab::new(),
            flushes: Vec::new(),
            next_call: 0,
            done: Vec::new(),
            overfull: 0,
        }
    }

    /// Queues the records of one call behind all others.
    pub(super) fn push(
        &mut self,
        records: Vec<OutRecord>,
        topics: Topics,
        now: Instant,
    ) -> oneshot::Receiver<Vec<Outcome>> {
        let (tell, told) = oneshot::channel();
        let open = records.len();
        if open == 0 {
            self.done.push(Done::Call(tell, Vec::new()));
            return told;
        }
        let number = self.next_call;
        self.next_call += 1;
        let call = self.calls.insert(Call { number, topics, outcomes: vec![None; open], open, tell });
        let until = now + self.limits.patience;
        let queued = |(at, record)| Waiting { record, of: Place { call, at }, until };
        self.waiting.extend(records.into_iter().enumerate().map(queued));
        told
    }

    /// Gives up to `most` waiting records to the client, in order, as far as there are permits.
    pub(super) fn pump(&mut self, to: &impl Produce, most: usize) -> Pumped {
        for _ in 0..most {
            let Some(next) = self.waiting.front() else { return Pumped::Done };
            let bytes = next.record.wire_size();
            if !self.permits(bytes) {
                return Pumped::Done;
            }
            let slot = self.pending.vacant_entry();
            match to.produce(&next.record, slot.key()) {
                Ok(()) => {
                    slot.insert(Pending { of: next.of, bytes });
                    self.on_the_way += 1;
                    self.bytes += bytes;
                    self.waiting.pop_front();
                }
                Err(Refused { code: RDKafkaErrorCode::QueueFull, .. }) => {
                    self.overfull += 1;
                    return Pumped::Full;
                }
                Err(Refused { fatal: true, .. }) => return Pumped::Dead,
                Err(Refused { code, .. }) => {
                    let of = next.of;
                    self.waiting.pop_front();
                    self.fail(of, code, Persisted::No);
                }
            }
        }
        if self.waiting.is_empty() { Pumped::Done } else { Pumped::More }
    }

    /// A record larger than all permits together goes when nothing else is on its way.
    fn permits(&self, bytes: usize) -> bool {
        self.on_the_way == 0 || (self.on_the_way < self.limits.records && self.bytes + bytes <= self.limits.bytes)
    }

    /// Takes a delivery report, and the permits of its record back.
    pub(super) fn settle(&mut self, report: &Report) {
        let Some(Pending { of, bytes }) = self.pending.try_remove(report.opaque) else { return };
        self.on_the_way -= 1;
        self.bytes -= bytes;
        match report.error {
            None => self.finish(of, Ok(Delivery { partition: report.partition, offset: report.offset })),
            Some(code) => self.fail(of, code, report.persisted),
        }
    }

    fn fail(&mut self, of: Place, code: RDKafkaErrorCode, persisted: Persisted) {
        let error = failure::of(self.calls[of.call].topics.of(of.at), code, persisted);
        self.finish(of, Err(error));
    }

    fn finish(&mut self, of: Place, outcome: Outcome) {
        let call = &mut self.calls[of.call];
        call.outcomes[of.at] = Some(outcome);
        call.open -= 1;
        let number = call.number;
        if call.open == 0 {
            let call = self.calls.remove(of.call);
            self.done.push(Done::Call(call.tell, call.outcomes.into_iter().flatten().collect()));
        }
        for flush in self.flushes.iter_mut().filter(|flush| number < flush.before) {
            flush.open -= 1;
        }
        if !self.flushes.is_empty() {
            self.end_flushes(|flush| flush.open == 0);
        }
    }

    /// Gives up waiting records and flushes whose time has come; the next time to look.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Instant> {
        // The queue is in the order of the calls, so the first to wait is the first to give up.
        while self.waiting.front().is_some_and(|first| first.until <= now) {
            let Some(late) = self.waiting.pop_front() else { break };
            self.fail(late.of, RDKafkaErrorCode::MessageTimedOut, Persisted::No);
        }
        self.end_flushes(|flush| flush.until <= now);
        let flush = self.flushes.iter().map(|flush| flush.until).min();
        self.waiting.front().map(|first| first.until).into_iter().chain(flush).min()
    }

    fn end_flushes(&mut self, over: impl Fn(&Flush) -> bool) {
        for flush in self.flushes.extract_if(.., |flush| over(flush)) {
            self.done.push(Done::Flush(flush.tell, flush.open));
        }
    }

    /// Tells when all records queued so far have ended, at `until` at the latest.
    pub(super) fn flush(&mut self, until: Instant) -> oneshot::Receiver<usize> {
        let (tell, told) = oneshot::channel();
        match self.outstanding() {
            0 => self.done.push(Done::Flush(tell, 0)),
            open => self.flushes.push(Flush { before: self.next_call, open, until, tell }),
        }
        told
    }

    /// Records that have not ended.
    pub(super) fn outstanding(&self) -> usize {
        self.waiting.len() + self.on_the_way
    }

    #[cfg(test)]
    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Records that the client has.
    pub(super) fn on_the_way(&self) -> usize {
        self.on_the_way
    }

    /// Ends all that the client has not reported and never will.
    pub(super) fn abandon_pending(&mut self) {
        for pending in self.pending.drain().collect::<Vec<_>>() {
            self.fail(pending.of, RDKafkaErrorCode::PurgeInflight, Persisted::Possibly);
        }
        self.on_the_way = 0;
        self.bytes = 0;
    }

    /// Ends all that was never given to the client.
    pub(super) fn abandon_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            self.fail(waiting.of, RDKafkaErrorCode::PurgeQueue, Persisted::No);
        }
    }

    /// Whom to wake after the lock is gone.
    pub(super) fn take_done(&mut self) -> Vec<Done> {
        std::mem::take(&mut self.done)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use bytes::Bytes;

    use super::*;
    use crate::kafka::source::SendErrorKind;

    const PATIENCE: Duration = Duration::from_secs(10);

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
                    let key = String::from_utf8(record.key.clone().unwrap().to_vec()).unwrap();
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
        let key = Some(Bytes::from_static(key.as_bytes()));
        OutRecord { topic: "t".into(), partition: None, key, value: None, headers: Vec::new() }
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
}

//! The queue before the client: permits, order and who waits for which record. Pure.
//!
//! librdkafka refuses records when its own queue is full, and whoever retries then is overtaken by others. So carom
//! counts: a record goes to the client only with a permit. Records without one wait here, and so do those that are left
//! to the thread; first come first served.

mod done;

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use rdkafka::error::RDKafkaErrorCode;
use slab::Slab;
use tokio::sync::oneshot;

pub(super) use self::done::Done;
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
mod tests;

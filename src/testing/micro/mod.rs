//! The pieces of a record's way through carom, one at a time, for carom's own micro benchmarks. Not part of the public
//! interface: it changes without notice.

mod attempts;
mod bytes;
mod partition;
mod progress;
mod retries;

use std::{fmt, sync::Arc};

use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use super::{TestRecord, null_sink::NullSink};
use crate::{
    Bus, Error,
    actor::{At, Call, Site},
    clock::Clock,
    dispatch::{Lane, Member, Ticket, TopicRoutes},
    kafka::record::{Batch, BufferPool, HeldBytes, Record, Timestamp, TopicPartition},
    services::{Services, Unobserved},
};

/// Something that is done to one batch of records, and can be timed.
pub trait Piece {
    /// What one run works on.
    type Input;

    /// Makes it; not to be timed.
    fn prepare(&mut self) -> Self::Input;

    /// Does it: this is what to time.
    fn run(&mut self, input: &mut Self::Input);

    /// How many records a run has done right; not to be timed.
    fn count(&self, input: &Self::Input) -> usize;
}

/// What [`piece`] makes; the count is kept beside the input.
struct Of<P, R>(P, R);

impl<I, P: FnMut() -> I, R: FnMut(&mut I) -> usize> Piece for Of<P, R> {
    type Input = (I, usize);

    fn prepare(&mut self) -> Self::Input {
        ((self.0)(), 0)
    }

    fn run(&mut self, (input, count): &mut Self::Input) {
        *count = (self.1)(input);
    }

    fn count(&self, (_, count): &Self::Input) -> usize {
        *count
    }
}

/// A bus with one actor whose partition never came, and a batch of records for it.
pub struct Setting {
    runtime: Runtime,
    services: Arc<Services>,
    routes: Arc<TopicRoutes>,
    member: Arc<Member>,
    from: TopicPartition,
    records: Vec<TestRecord>,
    pool: Arc<BufferPool>,
    held: Arc<HeldBytes>,
}

/// A piece of two functions: one makes the input, the other counts what it has done right with it.
fn piece<I>(prepare: impl FnMut() -> I, run: impl FnMut(&mut I) -> usize) -> impl Piece {
    Of(prepare, run)
}

impl Setting {
    /// Of a bus with one actor and events of one topic.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`], for everything that [`Bus::spawn`] would refuse, and for a bus without an actor.
    pub fn new<S>(bus: Bus<S>, records: Vec<TestRecord>) -> Result<Self, Error> {
        Self::with_clock(bus, records, Clock::system())
    }

    /// As [`Setting::new`]; what has to wait does so for no time at all.
    ///
    /// # Errors
    ///
    /// As [`Setting::new`].
    pub fn without_waiting<S>(bus: Bus<S>, records: Vec<TestRecord>) -> Result<Self, Error> {
        Self::with_clock(bus, records, Clock::by_hand())
    }

    fn with_clock<S>(bus: Bus<S>, records: Vec<TestRecord>, clock: Clock) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::internal(format!("cannot start a runtime: {error}")))?;
        let plan = bus.partial().plan()?;
        let inside = runtime.enter();
        let services = plan.services(clock, Arc::new(NullSink), Arc::new(NullSink), Arc::new(Unobserved));
        drop(inside);
        let table = plan.into_routes();
        let nobody = || Error::internal("a bus without an actor has nothing to measure".to_owned());
        let routes = table.values().next().map(Arc::clone).ok_or_else(nobody)?;
        let member = routes.members.first().map(Arc::clone).ok_or_else(nobody)?;
        Ok(Self {
            runtime,
            services: Arc::new(services),
            from: TopicPartition::new(Arc::clone(&routes.topic), 0),
            routes,
            member,
            records,
            pool: BufferPool::new(),
            held: HeldBytes::unlimited(),
        })
    }

    /// The records, copied into a batch as the poll thread does; offsets from `base`.
    fn copy(&self, base: i64) -> Batch {
        let mut batch = Batch::pooled(self.from.clone(), &self.pool);
        for (offset, record) in (base..).zip(&self.records) {
            batch.push(offset, Timestamp::Create(0), record.key.as_deref(), record.value.as_deref());
            batch.push_headers(record.headers.iter().map(|(name, value)| (&name[..], value.as_deref())));
        }
        batch
    }

    fn batch(&self) -> Vec<Record> {
        self.copy(0).seal(&self.held).records().collect()
    }

    fn site(&self) -> Arc<Site> {
        let (services, handlers) = (Arc::clone(&self.services), self.member.names());
        Arc::new(Site { services, handlers, cancel: CancellationToken::new() })
    }

    /// A record with its handler, as the mailbox finds it for a plain event.
    fn ticket(&self, record: Record) -> Ticket {
        let event_type = record.plain_type().and_then(|name| std::str::from_utf8(name).ok());
        let handler = event_type.and_then(|name| self.member.by_type.get(name)).copied();
        Ticket::new(record, handler)
    }

    fn lane(&self) -> Lane {
        Lane::new(0, std::task::Waker::noop().clone())
    }

    fn calls(&self) -> Vec<Call> {
        let site = self.site();
        let call = |record| Call { record, site: Arc::clone(&site), at: At { attempt: 1, lane: 0, handler: 0 } };
        self.batch().into_iter().map(call).collect()
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Setting({}, {} records)", self.from, self.records.len())
    }
}

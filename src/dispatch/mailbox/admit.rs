//! Taking records in: whose they are, and which lane they wait in.

use actix::Addr;

use super::Mailbox;
use crate::{
    actor::Fault,
    dispatch::ticket::Ticket,
    event::{Incoming, read},
    kafka::record::Record,
    services::{Counters, RecordEnd},
    telemetry::logs,
};

/// Records after which the clock is read while they are handled as they come.
const STRETCH: usize = 16;

/// Characters of a type that nobody handles, in messages: it comes from outside and may be as long as a record.
const NAME_SHOWN: usize = 256;

impl Mailbox {
    /// Takes one batch in. A record whose lane is free is handled on the spot, while its bytes are in the cache.
    ///
    /// Nothing starts any more once the partition is being given up.
    pub(super) fn admit_next(&mut self, addr: &Addr<Self>) {
        let Some(batch) = self.delivered.pop_front() else { return };
        self.spec.assignment.arrived();
        let mut began = self.spec.services.clock.working_now();
        let mut last = None;
        for at in 0..batch.len() {
            if at % STRETCH == 0 {
                if at > 0 {
                    began = self.look_at_the_clock(began, last);
                }
                if self.site.cancel.is_cancelled() {
                    return;
                }
            }
            let record = self.spare.record(&batch, at);
            last = self.admit(record, addr).or(last);
        }
        self.look_at_the_clock(began, last);
    }

    /// Finds out whose a record is, and starts it or puts it into its lane; the handler, if it was started.
    fn admit(&mut self, record: Record, addr: &Addr<Self>) -> Option<usize> {
        let handler = match self.whose(&record) {
            Ok(Some(handler)) => handler,
            Ok(None) => {
                self.finished.push(record.offset());
                return None;
            }
            Err(fault) => {
                self.fail(Ticket::new(record, None), fault, addr);
                return None;
            }
        };
        self.spec.services.encoder.large.read(self.spec.member.handlers[handler].event_type, size_of(&record));
        let chosen = self.choice.of(&record);
        match chosen.1 {
            Some(lane) if self.lanes[lane].is_free() => {
                self.start(lane, Ticket::keyed(record, Some(handler), chosen), addr);
                Some(handler)
            }
            _ => {
                self.enqueue(Ticket::keyed(record, Some(handler), chosen));
                None
            }
        }
    }

    /// The actor's handler for a record; none, if it is not for this actor or came too late. One that is no event, or,
    /// where the topic's unknown types are kept, of a type that nobody handles, fails in the lead alone: one dead
    /// letter.
    fn whose(&mut self, record: &Record) -> Result<Option<usize>, Fault> {
        let offset = record.offset();
        match record.plain_type() {
            Some(event_type) if self.latest.is_some_and(|at| self.is_type_of(at, event_type)) => Ok(self.latest),
            Some(event_type) => self.handler_of(std::str::from_utf8(event_type).unwrap_or_default(), record),
            None => match read(record.headers(), record.value()) {
                Ok(incoming) => {
                    let handler = self.handler_of(&incoming.event_type, record);
                    // Nobody misses what came too late, whatever its type.
                    let whose = match &handler {
                        Ok(None) => return Ok(None),
                        Ok(Some(handler)) => Some(*handler),
                        Err(_) => None,
                    };
                    if self.is_expired(&incoming, offset, whose) { Ok(None) } else { handler }
                }
                Err(error) if self.spec.lead => Err(Fault::Undecodable(Box::new(error.into()))),
                Err(_) => Ok(None),
            },
        }
    }

    /// The actor's handler for events of this type. A type that no actor handles is counted, by one mailbox.
    fn handler_of(&mut self, event_type: &str, record: &Record) -> Result<Option<usize>, Fault> {
        let handler = self.spec.member.by_type.get(event_type).copied();
        if handler.is_none() && self.spec.lead && !self.spec.routes.handles(event_type) {
            Counters::add(&self.spec.services.counters.unknown, 1);
            let shown = shown(event_type);
            self.spec.services.encoder.large.unhandled(shown, size_of(record));
            if self.spec.routes.keeps_unknown {
                return Err(Fault::UnknownType(shown.into()));
            }
            if self.spec.services.skipped.insert(shown) {
                logs::record::skipped(shown, record.from(), record.offset());
            }
            self.settled(record.offset(), None, 0, RecordEnd::Unknown);
        }
        self.latest = handler.or(self.latest);
        Ok(handler)
    }

    fn is_type_of(&self, handler: usize, event_type: &[u8]) -> bool {
        self.spec.member.handlers[handler].event_type.as_bytes() == event_type
    }

    /// Whether the event came at or after its `expirytime`, which is counted. One that is no time says nothing.
    fn is_expired(&mut self, incoming: &Incoming<'_>, offset: i64, handler: Option<usize>) -> bool {
        let expired = incoming.expires().is_some_and(|at| at <= self.spec.services.clock.wall());
        if expired {
            Counters::add(&self.spec.services.counters.expired, 1);
            self.settled(offset, handler, 0, RecordEnd::Expired);
        }
        expired
    }

    pub(super) fn enqueue(&mut self, ticket: Ticket) {
        match ticket.lane {
            Some(lane) => {
                self.lanes[lane].queue.push(ticket);
                self.wakes.mark(lane);
            }
            None => self.shared.push_back(ticket),
        }
    }
}

fn size_of(record: &Record) -> usize {
    record.value().map_or(0, <[u8]>::len)
}

/// A type that nobody handles, as it may be kept and shown.
fn shown(event_type: &str) -> &str {
    if event_type.len() <= NAME_SHOWN {
        return event_type;
    }
    event_type.char_indices().nth(NAME_SHOWN).map_or(event_type, |(end, _)| &event_type[..end])
}

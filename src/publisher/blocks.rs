//! Events in blocks: what is serialised is on its way while the next ones are.

use std::{fmt, sync::Arc};

use futures_util::future::{BoxFuture, join_all};
use tracing::Instrument;

use super::Publisher;
use crate::{
    actor::is_handling,
    error::{PublishError, PublishErrorKind},
    event::{Attributes, Destination, EncodeError, Event, Scratch, TraceContext},
    kafka::{
        record::OutRecord,
        source::{Delivery, SendError},
    },
    telemetry::{Sending, logs},
};

/// Events that are serialised before the first of them is sent, and then the next so many; see decision 23.
const BLOCK: usize = 64;

/// Said once for each bus.
const FROM_A_HANDLER: &str = "a handler publishes with a `Publisher`, which sends again, with another id, at each attempt: write `cx.publish(..)`, or \
                              return the event, and it is sent once the handler has succeeded, with the same id at each attempt";

/// What will become of some records.
type Sent = BoxFuture<'static, Vec<Result<Delivery, SendError>>>;

impl Publisher {
    /// Publishes events of one type in their order.
    pub(super) async fn publish_each<E: Event>(&self, events: impl IntoIterator<Item = E>) -> Result<(), PublishError> {
        let event_type = E::descriptor().event_type;
        if is_handling(&self.encoder) && self.encoder.is_first_by_hand() {
            logs::bus::warning(FROM_A_HANDLER);
        }
        // A name that is not legal is an error of encoding.
        let destination = self.encoder.destination::<E>();
        let topic = destination.as_ref().map_or_else(|_| "".into(), |destination| Arc::clone(&destination.topic));
        let sending = self.telemetry.sending(&topic, event_type);
        let trace = self.trace_of(&sending);
        // Records for a topic that has to be made first would overtake each other if they came in several calls.
        let most = if self.sink.is_known(&topic) { BLOCK } else { usize::MAX };
        let (sent, refused) = {
            // Gone before anything is waited for.
            let mut scratch = Scratch::default();
            let encode = |event: E| self.encode(&mut scratch, destination.as_ref(), &event, trace.as_ref());
            let records = events.into_iter().map(encode);
            self.enqueue(records, most, &sending)
        };
        let results = join_all(sent).instrument(sending.span().clone()).await.concat();
        self.ended(event_type, &results, &sending)?;
        refused.map_or(Ok(()), Err)
    }

    /// Gives records to the sink, `most` at a time, before this returns; what will become of them, and why it stopped.
    fn enqueue(
        &self,
        records: impl Iterator<Item = Result<OutRecord, PublishError>>,
        most: usize,
        sending: &Sending,
    ) -> (Vec<Sent>, Option<PublishError>) {
        let (mut records, mut sent, mut count) = (records.fuse().peekable(), Vec::new(), 0);
        while records.peek().is_some() {
            match records.by_ref().take(most).collect::<Result<Vec<_>, _>>() {
                Ok(block) => {
                    count += block.len();
                    // Said once, when all is known: listeners append what is recorded again.
                    if records.peek().is_none() {
                        sending.carries(&self.telemetry, &block, count);
                    }
                    sent.push(self.sink.send(block));
                }
                Err(refused) => {
                    sending.refused();
                    return (sent, Some(refused));
                }
            }
        }
        (sent, None)
    }

    fn encode<E: Event>(
        &self,
        scratch: &mut Scratch,
        destination: Result<&Arc<Destination>, &EncodeError>,
        event: &E,
        trace: Option<&TraceContext>,
    ) -> Result<OutRecord, PublishError> {
        let invalid = |reason: &dyn fmt::Display| {
            PublishError::new(E::descriptor().event_type, PublishErrorKind::Invalid, reason)
        };
        let destination = destination.map_err(|error| invalid(error))?;
        let attributes = Attributes { trace: trace.cloned(), ..Attributes::new(self.clock.uuid(), self.clock.wall()) };
        let record =
            self.encoder.encode_with(scratch, destination, event, &attributes).map_err(|error| invalid(&error))?;
        let (size, limit) = (record.wire_size(), self.sink.max_record_bytes());
        if size > limit {
            return Err(invalid(&format_args!(
                "it takes {size} bytes, and the limit is {limit}: publish a reference to large data, or raise `message.max.bytes` of the producer and `max.message.bytes` of the topic"
            )));
        }
        Ok(record)
    }
}

//! Publishing by hand: events of the program's own types, which go in [`blocks`]. What the CloudEvents SDK built is in
//! [`cloudevent`].

mod blocks;
mod cloudevent;

use std::{fmt, sync::Arc};

use crate::{
    clock::Clock,
    error::{PublishError, PublishErrorKind},
    event::{Encoder, Event, TraceContext},
    kafka::source::{Delivery, SendError, SendErrorKind, Sink},
    publish_future::PublishFuture,
    services::{Counters, Services},
    telemetry::{Sending, Telemetry, logs},
};

/// Publishes events; a cheap clone that any task may hold.
///
/// Get one from [`BusHandle::publisher`](crate::BusHandle::publisher); in tests,
/// `carom::testing::RecordingPublisher` gives one that needs no broker.
///
/// It keeps the connection to the cluster open, but no bus: a clone that outlives the bus still publishes, and the stop
/// of the bus does not wait for it.
///
/// ```
/// use carom::{Error, Event, Publisher};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
///
/// /// What a web handler gets from its router's state.
/// #[derive(Clone)]
/// struct Shop {
///     events: Publisher,
/// }
///
/// impl Shop {
///     async fn place(&self, order_id: u64) -> Result<(), Error> {
///         self.events.publish(OrderPlaced { order_id }).await?; // the broker has it
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let recording = carom::testing::RecordingPublisher::new();
/// let shop = Shop { events: recording.publisher() };
/// shop.place(7).await.unwrap();
/// assert_eq!(recording.published::<OrderPlaced>(), [OrderPlaced { order_id: 7 }]);
/// # }
/// ```
#[derive(Clone)]
pub struct Publisher {
    sink: Arc<dyn Sink>,
    encoder: Arc<Encoder>,
    /// The time of an event comes from it, so that in a test bus it moves with the bus.
    clock: Clock,
    telemetry: Arc<Telemetry>,
    counters: Arc<Counters>,
    /// The context of [`Publisher::with_trace`]; wins over that of the current span.
    trace: Option<Arc<TraceContext>>,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").finish_non_exhaustive()
    }
}

impl Publisher {
    pub(crate) fn of(services: &Services) -> Self {
        Self {
            sink: Arc::clone(&services.sink),
            encoder: Arc::clone(&services.encoder),
            clock: services.clock.clone(),
            telemetry: Arc::clone(&services.telemetry),
            counters: Arc::clone(&services.counters),
            trace: None,
        }
    }

    /// One that belongs to no bus.
    #[cfg(feature = "testing")]
    pub(crate) fn detached(sink: Arc<dyn Sink>) -> Self {
        Self {
            sink,
            encoder: Arc::new(Encoder::detached()),
            clock: Clock::system(),
            telemetry: Arc::default(),
            counters: Arc::default(),
            trace: None,
        }
    }

    /// A publisher whose events carry this W3C trace context, as `ce_traceparent` and `traceparent`.
    ///
    /// What is no valid `traceparent` is left out, and logged: a wrong header must not keep a fact from being
    /// published.
    ///
    /// ```
    /// # use carom::{Event, testing::RecordingPublisher};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let recording = RecordingPublisher::new();
    /// let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// recording.publisher().with_trace(parent, None).publish(OrderPlaced { order_id: 7 }).await.unwrap();
    /// let record = &recording.records()[0];
    /// assert_eq!(record.header("ce_traceparent"), Some(parent));
    /// assert_eq!(record.header("traceparent"), Some(parent));
    /// # }
    /// ```
    #[must_use]
    pub fn with_trace(mut self, traceparent: &str, tracestate: Option<&str>) -> Self {
        self.trace = TraceContext::new(traceparent, tracestate.map(str::to_owned)).map(Arc::new);
        if self.trace.is_none() {
            logs::bus::untraced(traceparent);
        }
        self
    }

    /// Publishes one event; returns when the broker has acknowledged it.
    ///
    /// The event gets a fresh UUIDv7 as its id. Dropping the future after its first poll need not cancel anything: the
    /// outcome is in doubt then.
    ///
    /// # Errors
    ///
    /// [`PublishErrorKind::Invalid`] if it cannot be serialised or is too large, at once; otherwise what the broker, or
    /// the delivery timeout of 120 s (`delivery.timeout.ms`), says; where the producer's queue is full, after twice
    /// that time at most. The first event to a topic that the bus has not seen to at start also fails if the topic can
    /// be neither found nor created.
    ///
    /// ```
    /// use carom::{Event, error::PublishErrorKind, testing::RecordingPublisher};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let recording = RecordingPublisher::new();
    /// # let publisher = recording.publisher();
    /// match publisher.publish(OrderPlaced { order_id: 7 }).await {
    ///     Ok(()) => println!("placed"),
    ///     Err(error) if error.kind() == PublishErrorKind::Unavailable => println!("try again later: {error}"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # assert_eq!(recording.published::<OrderPlaced>(), [OrderPlaced { order_id: 7 }]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish<E: Event>(&self, event: E) -> PublishFuture<'_> {
        PublishFuture::of(self.publish_each([event]))
    }

    /// Publishes events in this order; returns when the broker has acknowledged all of them.
    ///
    /// Much faster than one [`Publisher::publish`] after another, because nothing waits for an acknowledgement in
    /// between. The first events are on their way while later ones are serialised, 64 at a time; to a topic that this
    /// bus has not written to before, all go at once. What `events` are taken from has to be `Send`, because the future
    /// is; collect into a `Vec` what is not.
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`], for the first event that failed; others may have been written. One that cannot be
    /// serialised or is too large ends the call: of the events after it none is written, of those before it the last
    /// ones are not (none at all if it is among the first 64, or if the topic is new to the bus).
    ///
    /// ```
    /// use carom::{Event, testing::RecordingPublisher};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let recording = RecordingPublisher::new();
    /// # let publisher = recording.publisher();
    /// publisher.publish_all((1..=1_000).map(|order_id| OrderPlaced { order_id })).await?;
    /// # assert_eq!(recording.published::<OrderPlaced>().len(), 1_000);
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish_all<'a, E: Event>(&'a self, events: impl IntoIterator<Item = E> + Send + 'a) -> PublishFuture<'a> {
        PublishFuture::of(self.publish_each(events))
    }

    /// The context that events carry: the one they were given, else that of the current span.
    fn trace_of(&self, sending: &Sending) -> Option<TraceContext> {
        self.trace.as_deref().cloned().or_else(|| sending.context(&self.telemetry))
    }

    /// Counts and reports what became of a call.
    fn ended(
        &self,
        event_type: &str,
        results: &[Result<Delivery, SendError>],
        sending: &Sending,
    ) -> Result<(), PublishError> {
        sending.ended(results, results.len());
        Counters::add(&self.counters.published, results.iter().filter(|result| result.is_ok()).count() as u64);
        let failed = |error: &SendError| PublishError::new(event_type, kind_of(error.kind), error);
        results.iter().find_map(|result| result.as_ref().err()).map_or(Ok(()), |error| Err(failed(error)))
    }
}

fn kind_of(kind: SendErrorKind) -> PublishErrorKind {
    match kind {
        SendErrorKind::Retriable => PublishErrorKind::Unavailable,
        SendErrorKind::TooLarge => PublishErrorKind::Invalid,
        SendErrorKind::Permanent => PublishErrorKind::Refused,
        SendErrorKind::InDoubt => PublishErrorKind::InDoubt,
    }
}

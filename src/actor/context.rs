//! What a handler may do besides changing its own state.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::{invoke::Call, outputs::OutputBuffer};
use crate::event::{Event, Incoming, TraceContext, read};

/// What a handler may do besides changing its own state: publish, look at the record it handles, and learn that it
/// should come to an end.
///
/// ```
/// use carom::Context;
///
/// async fn copy_all(files: &[&str], cx: &mut Context<'_>) -> usize {
///     let mut copied = 0;
///     for _file in files {
///         if cx.is_cancelled() {
///             break; // the partition moves to another member, or the bus stops
///         }
///         copied += 1;
///     }
///     copied
/// }
/// # let mut cx = Context::detached();
/// # assert_eq!(cx.attempt(), 1);
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # assert_eq!(copy_all(&["a", "b"], &mut cx).await, 2);
/// # });
/// ```
#[derive(Debug)]
pub struct Context<'a> {
    call: Option<&'a Call>,
    outputs: OutputBuffer<'a>,
}

impl<'a> Context<'a> {
    pub(crate) fn of(call: &'a Call) -> Self {
        Self { call: Some(call), outputs: OutputBuffer::new(Some(call)) }
    }

    pub(crate) fn into_outputs(self) -> OutputBuffer<'a> {
        self.outputs
    }

    fn incoming(&self) -> Option<Incoming<'a>> {
        let call = self.call?;
        read(call.record.headers(), call.record.value()).ok()
    }
}

impl Context<'_> {
    /// A context of its own, for calling a handler as a plain method in a test.
    ///
    /// It is the first attempt of no record: id, type and topic are empty, partition and offset are 0, and nothing is
    /// ever cancelled. What the handler publishes can be read with [`Context::published`].
    pub fn detached() -> Self {
        Self { call: None, outputs: OutputBuffer::new(None) }
    }

    /// Publishes `event` together with what the handler returns.
    ///
    /// Nothing is sent before the handler has succeeded; an attempt that fails publishes nothing. An event that cannot
    /// be serialised, or is too large, makes the attempt fail permanently.
    #[expect(clippy::needless_pass_by_value, reason = "as `Publisher::publish`: the event is given away")]
    pub fn publish<E: Event>(&mut self, event: E) {
        self.outputs.push(&event);
    }

    /// The events of type `E` that were given to [`Context::publish`] so far, in order.
    pub fn published<E: Event>(&self) -> Vec<E> {
        self.outputs.decoded()
    }

    /// Which attempt this is; 1 for the first.
    pub fn attempt(&self) -> u32 {
        self.call.map_or(1, |call| call.attempt)
    }

    /// The CloudEvents `id` of the event.
    pub fn id(&self) -> String {
        self.incoming().map(|incoming| incoming.id.into_owned()).unwrap_or_default()
    }

    /// The CloudEvents `source` of the event: which service published it.
    pub fn source(&self) -> String {
        self.incoming().map(|incoming| incoming.source.into_owned()).unwrap_or_default()
    }

    /// The CloudEvents `type` of the event, which may be an alias.
    pub fn event_type(&self) -> String {
        self.incoming().map(|incoming| incoming.event_type.into_owned()).unwrap_or_default()
    }

    /// The CloudEvents `subject` of the event.
    pub fn subject(&self) -> Option<String> {
        self.incoming()?.subject.map(Cow::into_owned)
    }

    /// The CloudEvents `time` of the event: when it happened.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        self.incoming()?.time
    }

    /// The W3C `traceparent` of the hop that brought the record, else that of the event's creation.
    pub fn traceparent(&self) -> Option<String> {
        let (call, incoming) = (self.call?, self.incoming()?);
        TraceContext::of_hop(&incoming, call.record.headers(), call.is_own())
            .map(|trace| trace.traceparent().to_owned())
    }

    /// The event as the CloudEvents SDK has it; `None` if the SDK's types cannot hold it.
    pub fn cloudevent(&self) -> Option<cloudevents::Event> {
        self.incoming()?.to_cloudevent().ok()
    }

    /// A CloudEvents extension, such as `correlationid`; `None` if the event has none of this name.
    pub fn extension(&self, name: &str) -> Option<String> {
        self.incoming().and_then(|incoming| incoming.extension(name).map(ToString::to_string))
    }

    /// The last header of this name (compared byte for byte); `None` if there is none or it is null.
    ///
    /// Headers `carom-*` count only in records that carom wrote for this group, dead letters for example: in others anybody
    /// may have written them. `carom-replay-count`, which decides nothing, counts everywhere.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let call = self.call?;
        if name.starts_with("carom-") && name != "carom-replay-count" && !call.is_own() {
            return None;
        }
        call.record.headers().filter(|(key, _)| *key == name.as_bytes()).last().and_then(|(_, value)| value)
    }

    /// The record key; `None` if it is null.
    pub fn key(&self) -> Option<&[u8]> {
        self.call?.record.key()
    }

    /// The topic the record came from.
    pub fn topic(&self) -> &str {
        self.call.map_or("", |call| &call.record.from().topic)
    }

    /// The partition the record came from.
    pub fn partition(&self) -> i32 {
        self.call.map_or(0, |call| call.record.from().partition)
    }

    /// Which lane of the partition runs the handler, from 0; see
    /// [`Supervisor::concurrency`](crate::Supervisor::concurrency).
    pub fn lane(&self) -> usize {
        self.call.map_or(0, |call| call.lane)
    }

    /// The offset of the record in its partition.
    pub fn offset(&self) -> i64 {
        self.call.map_or(0, |call| call.record.offset())
    }

    /// Whether the partition is being revoked or the bus stops: come to an end soon, the record will be delivered again
    /// unless the handler still succeeds within the drain bound.
    pub fn is_cancelled(&self) -> bool {
        self.call.is_some_and(|call| call.site.cancel.is_cancelled())
    }

    /// Ends when [`Context::is_cancelled`] becomes true; for `tokio::select!` beside a long wait.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + 'static {
        let cancel = self.call.map(|call| call.site.cancel.clone());
        async move {
            match cancel {
                Some(cancel) => cancel.cancelled().await,
                None => std::future::pending().await,
            }
        }
    }
}

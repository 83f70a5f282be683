//! One attempt: from a record's bytes to a handler's answer, with the actor's and the event's types erased.

use std::{any::Any, fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio_util::sync::CancellationToken;

use super::{Context, Failure, Handler, Outputs, outputs::OutputBuffer};
use crate::{
    event::{DecodeError, Event, JsonStr, decode, is_array, is_own_topic, read},
    kafka::record::{OutRecord, Record},
    services::Services,
    telemetry::logs,
};

/// A user's actor; the registration that made it knows the type.
pub(crate) type Instance = Box<dyn Any + Send>;

/// Runs one attempt; owns the instance while it runs, so that dropping the future drops a half-changed instance too.
///
/// What [`Call`] is made of comes in its parts, in registers: a structure in memory would be copied twice on its way.
pub(crate) type Invoke = fn(Instance, Record, Arc<Site>, At) -> BoxFuture<'static, Returned>;

/// What one attempt gets.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// A copy that keeps its batch alive: the ticket, which outlives the attempt, has its own.
    pub(crate) record: Record,
    pub(crate) site: Arc<Site>,
    pub(crate) at: At,
}

/// Which attempt it is, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    /// 1 for the first.
    pub(crate) attempt: u32,
    /// Which lane of the partition runs it; a handler may name what belongs to its instance after it.
    pub(crate) lane: u16,
    /// Its place in [`Site::handlers`].
    pub(crate) handler: u16,
}

impl Call {
    /// Stable name of actor and event, for output ids and spans.
    pub(crate) fn handler(&self) -> &str {
        self.site.handler(self.at.handler.into())
    }

    /// Whether carom itself wrote the record, for this group: its `carom-*` headers may be believed. The topic decides,
    /// because anybody may write headers.
    pub(crate) fn is_own(&self) -> bool {
        is_own_topic(&self.record.from().topic, &self.site.services.group)
    }
}

/// What all attempts in a mailbox share.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) services: Arc<Services>,
    /// The names of the actor's handlers.
    pub(crate) handlers: Vec<Arc<str>>,
    /// Cancelled when the partition is revoked or the bus stops.
    pub(crate) cancel: CancellationToken,
}

impl Site {
    /// The name of a handler, by its place.
    pub(crate) fn handler(&self, at: usize) -> &str {
        self.handlers.get(at).map_or("", |name| &**name)
    }
}

/// How an attempt ended.
pub(crate) struct Returned {
    /// `None` when the instance must not be used again: a panic may have left it half-changed.
    pub(crate) instance: Option<Instance>,
    pub(crate) answer: Answer,
    /// For the next attempt; `None` if it was lost with a thread.
    pub(crate) left: Option<(Record, Arc<Site>)>,
}

/// What is to be published, of which nothing has been sent; or why the attempt failed.
///
/// Most attempts neither publish nor fail: theirs is a null pointer, and costs nothing to hand on.
#[derive(Debug)]
pub(crate) struct Answer(Option<Box<Result<Vec<OutRecord>, Fault>>>);

impl Answer {
    /// Of a handler that succeeded, with all that it publishes.
    #[inline]
    fn publishing(buffer: OutputBuffer<'_>) -> Self {
        if buffer.is_untouched() {
            return Self(None);
        }
        Self::of(buffer.finish().map_err(|error| Fault::Failure(Failure::permanent(error))))
    }

    /// Of user code that panicked, or of a value of the user's that did when it was dropped.
    pub(crate) fn panicked(what: &str, message: &str) -> Self {
        Self::of(Err(Fault::Panic(format!("{what} panicked: {message}"))))
    }

    pub(crate) fn of(result: Result<Vec<OutRecord>, Fault>) -> Self {
        let nothing = result.as_ref().is_ok_and(Vec::is_empty);
        Self((!nothing).then(|| Box::new(result)))
    }

    /// Most attempts neither publish nor fail.
    pub(crate) fn is_nothing(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn into_result(self) -> Result<Vec<OutRecord>, Fault> {
        self.0.map_or(Ok(Vec::new()), |result| *result)
    }
}

/// Why an attempt, or the record itself, failed.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The handler said so.
    Failure(Failure),
    /// The attempt took longer than this.
    Timeout(Duration),
    /// User code panicked: what it was, and with which message.
    Panic(String),
    /// The record is not an event of the type it claims to be. Boxed: each record may have a fault, and most have none.
    Undecodable(Box<DecodeError>),
    /// No actor handles events of this type, and the bus keeps them.
    UnknownType(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failure(failure) => write!(f, "{failure}"),
            Self::Timeout(limit) => write!(f, "the attempt took longer than {limit:?}"),
            Self::Panic(text) => f.write_str(text),
            Self::Undecodable(error) => write!(f, "{error}"),
            Self::UnknownType(event_type) => write!(f, "no actor of this service handles `{event_type}`"),
        }
    }
}

/// The erased form of `Handler<E> for A`.
///
/// The memory comes first, and what goes into it is in registers: so the future, which is large, is written into it, and
/// not copied there with all the room that it keeps for later.
pub(crate) fn invoke<A: Handler<E>, E: Event>(
    instance: Instance,
    record: Record,
    site: Arc<Site>,
    at: At,
) -> BoxFuture<'static, Returned> {
    let memory = Box::new_uninit();
    let call = Call { record, site, at };
    let running = async move {
        let mut actor = match instance.downcast::<A>() {
            Ok(actor) => actor,
            Err(other) => {
                unreachable!("a registration for {} got another actor: {other:?}", std::any::type_name::<A>())
            }
        };
        let answered = AssertUnwindSafe(self::attempt::<A, E>(&mut actor, &call)).catch_unwind().await;
        let left = Some((call.record, call.site));
        match answered {
            Ok(answer) => Returned { instance: Some(actor), answer, left },
            Err(panic) => {
                discard(actor);
                let answer = Answer::panicked("the handler", &panic_message(panic.as_ref()));
                Returned { instance: None, answer, left }
            }
        }
    };
    let running = Box::write(memory, running);
    Box::into_pin(running)
}

async fn attempt<A: Handler<E>, E: Event>(actor: &mut A, call: &Call) -> Answer {
    let (mut cx, record) = (Context::of(call), &call.record);
    // An event goes from where it was built straight into the future of its handler: each step in between would copy it.
    let handled = 'event: {
        if let (Some(_), Some(json)) = (record.plain_type(), record.text().filter(|json| !is_array(json.as_bytes()))) {
            let mut json = JsonStr::from_str(json);
            match (E::codec().read)(&mut json) {
                Ok(event) if json.end().is_ok() => break 'event actor.handle(event, &mut cx),
                _ => {}
            }
        }
        // What fails is read as a whole, for an error that says what it is about; an array, to see whether it may be one.
        match decode_whole::<E>(record) {
            Ok(event) => actor.handle(event, &mut cx),
            Err(error) => return Answer::of(Err(Fault::Undecodable(Box::new(error)))),
        }
    };
    match handled.await {
        Ok(outputs) => {
            let mut buffer = cx.into_outputs();
            outputs.collect(&mut buffer);
            Answer::publishing(buffer)
        }
        Err(failure) => Answer::of(Err(Fault::Failure(failure))),
    }
}

/// The event in a record that is not plain, not what it says it is, or an array.
#[cold]
#[inline(never)]
fn decode_whole<E: Event>(record: &Record) -> Result<E, DecodeError> {
    decode(&read(record.headers(), record.value())?)
}

/// Drops a user's value; a panic in its `Drop` is logged, without its text (the panic hook of the process has that),
/// and goes no further.
pub(crate) fn discard<T>(value: T) {
    if std::panic::catch_unwind(AssertUnwindSafe(|| drop(value))).is_err() {
        logs::bus::panicked("the drop of an actor, or of what it left unfinished");
    }
}

/// The text of a panic.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a text".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::heard::heard;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }

    // Fails when a panic that nobody is told of otherwise is swallowed.
    #[test]
    fn a_panic_in_the_drop_of_an_actor_goes_no_further_and_is_a_line() {
        let text = heard(|| (discard(Bomb), discard(1)));
        let line = "ERROR carom::bus: a panic was caught, and carom goes on place=\"the drop of an actor, or of what it \
                    left unfinished\"\n";
        assert_eq!(text, line);
    }
}

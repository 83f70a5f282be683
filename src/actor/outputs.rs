//! What a handler returns is published.

use super::{Context, Failure, Handler, invoke::Call};
use crate::{
    event::{Attributes, Descriptor, EncodeError, Encoder, Event, Incoming, Scratch, decode_if, output_id, read},
    kafka::record::OutRecord,
};

/// What a handler may return: nothing, an event, an `Option` or a `Vec` of outputs, or a tuple of up to eight.
///
/// Everything is published, in this order and after what was given to [`Context::publish`](crate::Context::publish),
/// when the attempt succeeded; the record completes when the broker has acknowledged all of it. Sending is repeated
/// without running the handler again. The id of an output follows from the event that was handled, the handler and the
/// output's place, so that a repeat of the handler publishes the same ids.
///
/// Events that would go round without end among the handlers of a bus, because one of them always returns what it
/// handles itself, or what others answer with just that, are a warning at start.
///
/// ```
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64, parcels: u32, cents: u64 }
/// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(entity = Parcel, domain = "sales")]
/// # struct ParcelPacked { #[event(key)] order_id: u64, parcel: u32 }
/// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderInsured { #[event(key)] order_id: u64 }
///
/// #[derive(Actor)]
/// struct Packing;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Packing {
///     async fn handle(
///         &mut self,
///         event: OrderPlaced,
///         _cx: &mut Context<'_>,
///     ) -> Result<(Vec<ParcelPacked>, Option<OrderInsured>), Failure> {
///         let OrderPlaced { order_id, .. } = event;
///         let parcels = (1..=event.parcels).map(|parcel| ParcelPacked { order_id, parcel }).collect();
///         Ok((parcels, (event.cents > 50_000).then_some(OrderInsured { order_id })))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new(Kafka::embedded()).service("packing").supervise::<Packing>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await.unwrap();
/// bus.deliver(OrderPlaced { order_id: 7, parcels: 2, cents: 900 }).await;
/// assert_eq!(bus.published::<ParcelPacked>().len(), 2);
/// assert_eq!(bus.published::<OrderInsured>(), []);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be published",
    label = "not an event, and not `()`, `Option`, `Vec` or a tuple of events",
    note = "return events, or `()` if there is nothing to publish; add `#[derive(carom::Event)]` to `{Self}` if it is meant to be one",
    note = "for one of several events, return a tuple of `Option`s, or give it to `cx.publish`"
)]
pub trait Outputs: Send {
    /// Puts the events into the buffer, in order.
    #[doc(hidden)]
    fn collect(self, into: &mut OutputBuffer<'_>);

    /// The events that are among them whatever the handler does; those of a list or an option are not.
    #[doc(hidden)]
    fn always(_into: &mut Vec<&'static Descriptor>) {}
}

/// The events that a handler returns whenever it succeeds.
pub(crate) fn returned<A: Handler<E>, E: Event>() -> Vec<&'static Descriptor> {
    fn of<'a, A: 'a, E, R, O>(_handle: impl FnOnce(&'a mut A, E, &'a mut Context<'a>) -> R) -> Vec<&'static Descriptor>
    where
        R: Future<Output = Result<O, Failure>>,
        O: Outputs,
    {
        let mut events = Vec::new();
        O::always(&mut events);
        events
    }
    of(A::handle)
}

impl<E: Event> Outputs for E {
    fn collect(self, into: &mut OutputBuffer<'_>) {
        into.push(&self);
    }

    fn always(into: &mut Vec<&'static Descriptor>) {
        into.push(E::descriptor());
    }
}

impl<T: Outputs> Outputs for Option<T> {
    fn collect(self, into: &mut OutputBuffer<'_>) {
        if let Some(outputs) = self {
            outputs.collect(into);
        }
    }
}

impl<T: Outputs> Outputs for Vec<T> {
    fn collect(self, into: &mut OutputBuffer<'_>) {
        for outputs in self {
            outputs.collect(into);
        }
    }
}

impl Outputs for () {
    fn collect(self, _into: &mut OutputBuffer<'_>) {}
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Outputs),+> Outputs for ($($name,)+) {
            #[allow(non_snake_case)]
            fn collect(self, into: &mut OutputBuffer<'_>) {
                let ($($name,)+) = self;
                $($name.collect(into);)+
            }

            fn always(into: &mut Vec<&'static Descriptor>) {
                $($name::always(into);)+
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D F);
tuples!(A B C D F G);
tuples!(A B C D F G H);
tuples!(A B C D F G H I);

/// Outputs of one attempt, serialised as they come; costs nothing where there are none.
#[doc(hidden)]
#[derive(Debug)]
pub struct OutputBuffer<'a> {
    /// Where ids and attributes of the outputs come from; `None` for a context of its own.
    call: Option<&'a Call>,
    /// `None` until something is published: most attempts publish nothing.
    kept: Option<Box<Kept<'a>>>,
}

/// What an attempt is to publish.
#[derive(Debug)]
struct Kept<'a> {
    /// The event that is being handled; `None` if it cannot be read, or there is none.
    cause: Option<Incoming<'a>>,
    records: Vec<OutRecord>,
    /// What they are written with.
    scratch: Scratch,
    /// The first output that cannot be one; what comes after it is not looked at, because nothing will be published.
    error: Option<EncodeError>,
}

impl<'a> OutputBuffer<'a> {
    pub(crate) fn new(call: Option<&'a Call>) -> Self {
        Self { call, kept: None }
    }

    pub(crate) fn push<E: Event>(&mut self, event: &E) {
        let Self { call, kept } = self;
        let kept = kept.get_or_insert_with(|| Box::new(Kept::new(*call)));
        if kept.error.is_some() {
            return;
        }
        let encoded = match call {
            Some(call) => {
                let (encoder, attributes) = (&call.site.services.encoder, kept.attributes(call));
                let destination = encoder.destination::<E>();
                destination.and_then(|to| encoder.encode_with(&mut kept.scratch, &to, event, &attributes))
            }
            None => Encoder::detached().encode(event, &Attributes::nil()),
        };
        match encoded {
            Ok(record) => kept.records.push(record),
            Err(error) => kept.error = Some(error),
        }
    }

    /// Nothing was published, nor tried.
    pub(crate) fn is_untouched(&self) -> bool {
        self.kept.is_none()
    }

    /// The records to publish, or why they can never be.
    pub(crate) fn finish(self) -> Result<Vec<OutRecord>, EncodeError> {
        match self.kept {
            Some(kept) => kept.error.map_or(Ok(kept.records), Err),
            None => Ok(Vec::new()),
        }
    }

    /// The events of one type that are in the buffer.
    pub(crate) fn decoded<E: Event>(&self) -> Vec<E> {
        let of_type = |record: &OutRecord| decode_if(record.headers(), record.value());
        self.kept.iter().flat_map(|kept| &kept.records).filter_map(of_type).collect()
    }
}

impl<'a> Kept<'a> {
    fn new(call: Option<&'a Call>) -> Self {
        let cause = call.and_then(|call| read(call.record.headers(), call.record.value()).ok());
        Self { cause, records: Vec::new(), scratch: Scratch::default(), error: None }
    }

    /// Of the next output; stable across repeated runs of the same record, so that consumers can recognise a repeat.
    fn attributes(&self, call: &Call) -> Attributes {
        let Some(cause) = &self.cause else { return Attributes::nil() };
        let services = &call.site.services;
        let id = output_id(&services.group, call.handler(), &cause.source, &cause.id, self.records.len());
        Attributes::caused_by(cause, call.record.headers(), id, services.clock.wall())
    }
}

//! What a handler returns is published.

use std::sync::Arc;

use super::invoke::Call;
use crate::{
    event::{Attributes, EncodeError, Encoder, Event, decode_if, output_id, read},
    kafka::record::OutRecord,
    services::Services,
};

/// What a handler may return: nothing, an event, an `Option` or a `Vec` of outputs, or a tuple of up to eight.
///
/// Everything is published, in this order, when the attempt succeeded; the record completes when the broker has
/// acknowledged all of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be published",
    label = "not an event, and not `()`, `Option`, `Vec` or a tuple of events",
    note = "return events, or `()` if there is nothing to publish; add `#[derive(carom::Event)]` to `{Self}` if it is meant to be one"
)]
pub trait Outputs: Send {
    /// Puts the events into the buffer, in order.
    #[doc(hidden)]
    fn collect(self, into: &mut OutputBuffer);
}

impl<E: Event> Outputs for E {
    fn collect(self, into: &mut OutputBuffer) {
        into.push(&self);
    }
}

impl<T: Outputs> Outputs for Option<T> {
    fn collect(self, into: &mut OutputBuffer) {
        if let Some(outputs) = self {
            outputs.collect(into);
        }
    }
}

impl<T: Outputs> Outputs for Vec<T> {
    fn collect(self, into: &mut OutputBuffer) {
        for outputs in self {
            outputs.collect(into);
        }
    }
}

impl Outputs for () {
    fn collect(self, _into: &mut OutputBuffer) {}
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: Outputs),+> Outputs for ($($name,)+) {
            #[allow(non_snake_case)]
            fn collect(self, into: &mut OutputBuffer) {
                let ($($name,)+) = self;
                $($name.collect(into);)+
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

/// Outputs of one attempt, serialised as they come.
#[doc(hidden)]
#[derive(Debug)]
pub struct OutputBuffer {
    encoder: Arc<Encoder>,
    origin: Option<Origin>,
    records: Vec<OutRecord>,
    error: Option<EncodeError>,
}

/// What the ids and attributes of the outputs come from.
#[derive(Debug)]
struct Origin {
    services: Arc<Services>,
    handler: Arc<str>,
    record: crate::kafka::record::Record,
}

impl OutputBuffer {
    pub(crate) fn of(call: &Call) -> Self {
        let origin = Origin {
            services: Arc::clone(&call.services),
            handler: Arc::clone(&call.handler),
            record: call.record.clone(),
        };
        Self { encoder: Arc::clone(&call.services.encoder), origin: Some(origin), records: Vec::new(), error: None }
    }

    pub(crate) fn detached() -> Self {
        Self { encoder: Arc::new(Encoder::detached()), origin: None, records: Vec::new(), error: None }
    }

    pub(crate) fn push<E: Event>(&mut self, event: &E) {
        if self.error.is_some() {
            return;
        }
        let attributes =
            self.origin.as_ref().map_or_else(Attributes::nil, |origin| origin.attributes(self.records.len()));
        match self.encoder.encode(event, attributes) {
            Ok(record) => self.records.push(record),
            Err(error) => self.error = Some(error),
        }
    }

    /// The records to publish, or why they can never be.
    pub(crate) fn finish(self) -> Result<Vec<OutRecord>, EncodeError> {
        self.error.map_or(Ok(self.records), Err)
    }

    /// The events of one type that are in the buffer.
    pub(crate) fn decoded<E: Event>(&self) -> Vec<E> {
        let of_type = |record: &OutRecord| {
            let headers = record.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_deref()));
            decode_if(headers, record.value.as_deref())
        };
        self.records.iter().filter_map(of_type).collect()
    }
}

impl Origin {
    /// Stable across repeated runs of the same record, so that consumers can recognise a repeat.
    fn attributes(&self, index: usize) -> Attributes {
        let Ok(incoming) = read(self.record.headers(), self.record.value()) else { return Attributes::nil() };
        let id = output_id(&self.services.group, &self.handler, &incoming.source, &incoming.id, index);
        Attributes::caused_by(&incoming, self.record.headers(), id, self.services.clock.wall())
    }
}

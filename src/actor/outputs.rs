//! What a handler returns is published.

use super::context::OutputBuffer;
use crate::event::Event;

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

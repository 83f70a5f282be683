//! What a user writes: actors, their handlers and the state they are built from.

mod context;
mod failure;
mod handler;
mod invoke;
mod outputs;
mod state;

pub use context::Context;
pub use failure::{Failure, FailureKind};
pub use handler::{Handler, Registered};
#[cfg(feature = "testing")]
pub(crate) use invoke::event_of;
pub(crate) use invoke::{Call, Fault, Instance, Invoke, Returned, Site, discard, invoke, panic_message};
pub use outputs::Outputs;
pub use state::{FromRef, FromState, NoState};

/// State plus handlers; one event at a time for each instance.
///
/// Derive it: `#[derive(Actor)]` takes each field from the bus state and fields marked `#[actor(default)]` from `Default`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "not an `Actor`",
    note = "add `#[derive(carom::Actor)]` to `{Self}`"
)]
pub trait Actor: Send + Sized + 'static {}

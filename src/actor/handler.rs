//! How one actor reacts to one event type.

use super::{Actor, Context, Failure, Outputs};
use crate::event::Event;

/// How one actor reacts to one event type. Put `#[handler]` above the impl, or it would never be called.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle `{E}`",
    label = "no `impl Handler<{E}> for {Self}`",
    note = "write `#[handler] impl Handler<{E}> for {Self} {{ .. }}`"
)]
pub trait Handler<E: Event>: Actor + Registered<E> {
    /// Handles one event. `Ok` publishes what is returned and completes the record; `Err` goes to the supervisor.
    fn handle(
        &mut self,
        event: E,
        cx: &mut Context<'_>,
    ) -> impl Future<Output = Result<impl Outputs + use<Self, E>, Failure>> + Send;
}

/// Proof that `#[handler]` stands on the impl; only the attribute implements it.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this handler would never be called: `impl Handler<{E}> for {Self}` is not registered",
    label = "missing `#[handler]`",
    note = "add `#[handler]` on the line above `impl Handler<{E}> for {Self}`"
)]
pub trait Registered<E> {}

//! Where an actor's dependencies come from.

use super::Actor;

/// Takes a part out of the bus state, as axum's trait of the same name does.
///
/// Every `Clone` type is a part of itself; `#[derive(FromRef)]` on a state struct adds each of its fields.
#[diagnostic::on_unimplemented(
    message = "the bus state `{S}` cannot provide `{Self}`",
    label = "an actor needs a `{Self}`, and `{S}` has none",
    note = "add a field of type `{Self}` to `{S}` and derive `FromRef` for `{S}`, call `.with_state(..)` before `.supervise`, or mark the actor's field `#[actor(default)]`"
)]
pub trait FromRef<S> {
    /// Copies the part out of the state.
    fn from_ref(state: &S) -> Self;
}

impl<T: Clone> FromRef<T> for T {
    fn from_ref(state: &T) -> Self {
        state.clone()
    }
}

/// Builds an actor from the bus state; `#[derive(Actor)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an actor",
    label = "not an `Actor`",
    note = "add `#[derive(carom::Actor)]` to `{Self}`"
)]
pub trait FromState<S>: Actor {
    /// Builds a fresh instance: when a lane handles its first event, and again after every restart.
    fn from_state(state: &S) -> Self;
}

/// The state of a bus that was given none; so that a second `.with_state` has an error of its own.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the bus has a state already, a `{Self}`",
    label = "a second state",
    note = "put what actors need into one struct with `#[derive(carom::FromRef)]`, and call `.with_state(..)` once with that"
)]
pub trait NoState {}

impl NoState for () {}

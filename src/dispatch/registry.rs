//! What `#[handler]` submitted, all over the binary.

use std::any::{TypeId, type_name};

use crate::{
    actor::{Handler, Invoke, invoke},
    event::{Descriptor, Event, Location},
};

/// One `#[handler]` impl.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registration {
    pub(crate) actor: fn() -> TypeId,
    pub(crate) actor_name: fn() -> &'static str,
    pub(crate) event: fn() -> &'static Descriptor,
    pub(crate) invoke: Invoke,
    pub(crate) location: Location,
}

inventory::collect!(Registration);

impl Registration {
    /// What the attribute submits, with the place of the impl.
    pub const fn of<A: Handler<E>, E: Event>(file: &'static str, line: u32) -> Self {
        Self {
            actor: TypeId::of::<A>,
            actor_name: type_name::<A>,
            event: E::descriptor,
            invoke: invoke::<A, E>,
            location: Location { file, line },
        }
    }
}

/// Every handler linked into this binary, in no order.
pub(crate) fn registrations() -> impl Iterator<Item = &'static Registration> {
    inventory::iter::<Registration>.into_iter()
}

//! What `#[handler]` submitted, all over the binary.
//!
//! `inventory` has those of every crate that is linked. It is a list of the whole process, and each bus takes from it
//! what its actors handle.

use std::any::{TypeId, type_name};

use crate::{
    actor::{Handler, Invoke, invoke, returned},
    event::{Descriptor, Event, Location},
};

/// One `#[handler]` impl, with its types erased. It is made in a constant, so what a constant cannot know is a
/// function.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registration {
    /// Whose handler it is.
    pub(crate) actor: fn() -> TypeId,
    /// Path of the actor's type: half of the handler's name.
    pub(crate) actor_name: fn() -> &'static str,
    /// What is handled; the other half.
    pub(crate) event: fn() -> &'static Descriptor,
    /// Path of the event's type, for problems: two versions of an event may have one name.
    pub(crate) event_name: fn() -> &'static str,
    /// What it returns whenever it succeeds.
    pub(crate) returns: fn() -> Vec<&'static Descriptor>,
    /// The way back to both types.
    pub(crate) invoke: Invoke,
    /// The word `impl`, for problems at start.
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
            event_name: type_name::<E>,
            returns: returned::<A, E>,
            invoke: invoke::<A, E>,
            location: Location { file, line },
        }
    }

    /// What stands beside an error. It has no types: an event of carom's own would be in rustc's lists of events.
    pub(super) const fn of_nothing() -> Self {
        Self {
            actor: never,
            actor_name: never,
            event: never,
            event_name: never,
            returns: never,
            invoke: |_, _, _, _| never(),
            location: Location { file: "", line: 0 },
        }
    }
}

fn never<T>() -> T {
    unreachable!("no program that compiles asks for it")
}

/// Every handler linked into this binary, in no order.
pub(crate) fn registrations() -> impl Iterator<Item = &'static Registration> {
    inventory::iter::<Registration>.into_iter()
}

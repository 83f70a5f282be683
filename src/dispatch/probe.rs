//! How `#[handler]` names a registration without repeating what is wrong with the event.

use std::marker::PhantomData;

use super::Registration;
use crate::{actor::Handler, event::Event};

/// The registration of `impl Handler<E> for A` that stands at `P`, if `E` is an event.
///
/// If it is not, the impl itself has said so. A plain call of [`Registration::of`] would say it a second time, so the
/// attribute asks `<Probe<A, E, P>>::REGISTRATION`: an inherent constant comes first, and where its bounds do not hold
/// that of the trait [`Unregistered`] takes its place, in a program that does not compile anyway.
#[derive(Debug)]
pub struct Probe<A, E, P>(PhantomData<(A, E, P)>);

/// Where the impl stands.
pub trait Place {
    /// Path as `file!()` gives it.
    const FILE: &'static str;
    /// Line of the word `impl`.
    const LINE: u32;
}

impl<A: Handler<E>, E: Event, P: Place> Probe<A, E, P> {
    /// What is submitted.
    pub const REGISTRATION: Registration = Registration::of::<A, E>(P::FILE, P::LINE);
}

/// Something to submit beside an error.
pub trait Unregistered {
    /// Never linked into a program.
    const REGISTRATION: Registration = Registration::of_nothing();
}

impl<A, E, P> Unregistered for Probe<A, E, P> {}

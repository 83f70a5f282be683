//! What is asked of a bus that does not run yet: the compiler answers with what to write.

use std::future::{Ready, ready};

use super::Bus;
use crate::{Error, PublishError};

/// A bus that runs. A [`Bus`] never does: its `spawn` returns a [`BusHandle`](super::BusHandle), which has these
/// methods.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this bus is not running yet",
    label = "a bus that is not spawned can neither publish, run nor stop",
    note = "write `.spawn().await?` at the end of what makes the bus: it returns a handle that can"
)]
pub trait Spawned {}

#[doc(hidden)]
impl<S> Bus<S> {
    pub fn publish<E>(&self, _event: E) -> Ready<Result<(), PublishError>>
    where
        Self: Spawned,
    {
        ready(Ok(()))
    }

    pub fn publish_all<E>(&self, _events: E) -> Ready<Result<(), PublishError>>
    where
        Self: Spawned,
    {
        ready(Ok(()))
    }

    pub fn run_until<F>(self, _stop: F) -> Ready<Result<(), Error>>
    where
        Self: Spawned,
    {
        ready(Ok(()))
    }

    pub fn shutdown(self) -> Ready<Result<(), Error>>
    where
        Self: Spawned,
    {
        ready(Ok(()))
    }
}

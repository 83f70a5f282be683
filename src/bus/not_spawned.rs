//! What is asked of a bus that does not run yet: the compiler answers with what to write.

use std::future::{Ready, ready};

use super::{Bus, BusHandle};
use crate::{Error, Event, Health, Monitor, PublishError, Publisher, Route, Stats};

/// A bus that runs. A [`Bus`] never does: its `spawn` returns a [`BusHandle`], which has these methods.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "this bus is not running yet",
    label = "a bus that is not spawned can neither publish, run nor stop, and has nothing to show",
    note = "write `.spawn().await?` at the end of what makes the bus: it returns a handle that can"
)]
pub trait Spawned {
    /// What a method returns that has no other way to make it.
    fn handle(&self) -> &BusHandle;
}

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

    pub fn run_until_signal(self) -> Ready<Result<(), Error>>
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

    pub fn publisher(&self) -> Publisher
    where
        Self: Spawned,
    {
        self.handle().publisher()
    }

    pub fn monitor(&self) -> Monitor
    where
        Self: Spawned,
    {
        self.handle().monitor()
    }

    pub fn health(&self) -> Health
    where
        Self: Spawned,
    {
        self.handle().health()
    }

    pub fn stats(&self) -> Stats
    where
        Self: Spawned,
    {
        self.handle().stats()
    }

    pub fn routes(&self) -> &[Route]
    where
        Self: Spawned,
    {
        self.handle().routes()
    }

    pub fn topic<E: Event>(&self) -> Result<String, Error>
    where
        Self: Spawned,
    {
        self.handle().topic::<E>()
    }
}

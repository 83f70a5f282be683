//! The running half of a bus.

use std::{fmt, sync::Arc};

use super::stop::Running;
use crate::{
    Error, Event, Health, Monitor, Publisher, Route, Stats, error::Problem, publish_future::PublishFuture,
    services::Services,
};

/// A running bus.
///
/// Dropping it asks the bus to stop and does not wait; [`BusHandle::shutdown`] and [`BusHandle::run_until`] wait, so
/// that a restart repeats nothing that had finished.
#[must_use = "the bus stops when this is dropped; keep it, and end with `.run_until(..)` or `.shutdown()`"]
pub struct BusHandle {
    pub(super) running: Option<Running>,
    pub(super) publisher: Publisher,
    pub(super) services: Arc<Services>,
    pub(super) routes: Vec<Route>,
}

impl fmt::Debug for BusHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BusHandle").field("routes", &self.routes).finish_non_exhaustive()
    }
}

impl BusHandle {
    /// Publishes one event; returns when the broker has acknowledged it. See [`Publisher::publish`].
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish`].
    pub fn publish<E: Event>(&self, event: E) -> PublishFuture<'_> {
        self.publisher.publish(event)
    }

    /// Publishes events in this order; returns when the broker has acknowledged all. See [`Publisher::publish_all`].
    ///
    /// # Errors
    ///
    /// As [`Publisher::publish_all`].
    pub fn publish_all<'a, E: Event>(&'a self, events: impl IntoIterator<Item = E> + Send + 'a) -> PublishFuture<'a> {
        self.publisher.publish_all(events)
    }

    /// A publisher to hand on: a cheap clone that any task may hold.
    pub fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    /// The route table: which actor handles which event type of which topic, sorted.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Name of the topic of an event type on this bus, complete with environment and version.
    ///
    /// # Errors
    ///
    /// [`Error::Misconfigured`] if the event has no valid topic name.
    pub fn topic<E: Event>(&self) -> Result<String, Error> {
        let route = self.services.encoder.route::<E>();
        let route = route.map_err(|error| Error::Misconfigured(vec![Problem::new(error.to_string())]))?;
        Ok(route.topic.to_string())
    }

    /// Whether the bus does its job, for probes.
    pub fn health(&self) -> Health {
        self.monitor().health()
    }

    /// What the bus has done so far, and how far it is.
    pub fn stats(&self) -> Stats {
        self.monitor().stats()
    }

    /// Something to hand to a probe: a cheap clone that sees health and figures for as long as the bus runs.
    pub fn monitor(&self) -> Monitor {
        Monitor::of(&self.services)
    }

    /// Lets records in after `Bus::held`.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn release(&self) {
        self.running.iter().for_each(Running::release);
    }

    /// Runs until `stop` resolves, whatever to, then shuts down.
    ///
    /// ```no_run
    /// # async fn run(bus: carom::BusHandle) -> Result<(), carom::Error> {
    /// bus.run_until(tokio::signal::ctrl_c()).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What made the bus end by itself: a supervisor that was told to escalate, or a client that died.
    pub async fn run_until(self, stop: impl Future) -> Result<(), Error> {
        tokio::select! {
            _ = stop => {}
            () = self.services.end.called() => {}
        }
        self.shutdown().await
    }

    /// Stops taking records, lets running handlers end, commits, and closes the clients.
    ///
    /// Takes as long as the running handlers do, at most the shutdown timeout (10 s unless
    /// [`Bus::shutdown_timeout`](crate::Bus::shutdown_timeout) says otherwise); then, if no broker can be reached, up to
    /// 10 s for the last commit and for closing the consumer, and 5 s for each of two producers.
    ///
    /// # Errors
    ///
    /// What made the bus end by itself, if anything did.
    pub async fn shutdown(mut self) -> Result<(), Error> {
        self.services.health.signs.stopping();
        if let Some(running) = self.running.take() {
            let service = &*self.services.service;
            tracing::info!(service, "the bus stops: running handlers may end, then it commits");
            running.stop(&self.services).await;
            tracing::info!(service, "the bus has stopped");
        }
        self.services.end.take().map_or(Ok(()), Err)
    }
}

impl Drop for BusHandle {
    fn drop(&mut self) {
        self.services.health.signs.stopping();
        if let Some(running) = self.running.take() {
            if running.consumes() {
                let service = &*self.services.service;
                tracing::warn!(service, "the bus stops, because its handle was dropped; end with `.run_until(..)`");
            }
            running.abandon();
        }
    }
}

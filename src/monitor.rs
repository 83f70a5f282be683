//! Looking at a running bus from outside.

use std::{fmt, sync::Arc};

use crate::{
    health::{Health, HealthState},
    services::{Counters, Services},
    stats::{Book, Stats},
};

/// Looks at a running bus: a cheap clone for a probe, a dashboard or a metrics exporter, while the
/// [`BusHandle`](crate::BusHandle) itself is given to [`run_until`](crate::BusHandle::run_until).
///
/// It keeps nothing alive: after the bus has stopped it goes on answering, with the last figures, and is not ready.
///
/// ```no_run
/// # async fn run(bus: carom::BusHandle) -> Result<(), carom::Error> {
/// let monitor = bus.monitor();
/// tokio::spawn(async move {
///     loop {
///         tokio::time::sleep(std::time::Duration::from_secs(15)).await;
///         let lag: u64 = monitor.stats().partitions.iter().filter_map(|partition| partition.lag).sum();
///         tracing::info!(lag, well = monitor.health().is_well());
///     }
/// });
/// bus.run_until(tokio::signal::ctrl_c()).await
/// # }
/// ```
#[derive(Clone)]
pub struct Monitor {
    health: HealthState,
    book: Arc<Book>,
    counters: Arc<Counters>,
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("health", &self.health()).finish_non_exhaustive()
    }
}

impl Monitor {
    pub(crate) fn of(services: &Services) -> Self {
        Self {
            health: services.health.clone(),
            book: Arc::clone(&services.book),
            counters: Arc::clone(&services.counters),
        }
    }

    /// Whether the bus does its job, for probes.
    pub fn health(&self) -> Health {
        self.health.snapshot()
    }

    /// What the bus has done so far, and how far it is.
    pub fn stats(&self) -> Stats {
        self.book.snapshot(&self.counters)
    }
}

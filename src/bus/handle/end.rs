//! How a running bus ends: because it is told to, by itself, or because its handle was dropped.

use std::{future::pending, sync::Arc};

use tokio::sync::Notify;

use super::{
    BusHandle,
    signals::{Signals, heed_insistence},
};
use crate::{Error, telemetry::logs};

impl BusHandle {
    /// Runs until `stop` resolves, whatever to, or until the bus ends by itself, then shuts down as
    /// [`BusHandle::shutdown`]. A program that is a service writes [`BusHandle::run_until_signal`]. Dropping the future
    /// stops the bus without waiting.
    ///
    /// # Errors
    ///
    /// What made the bus end by itself: a supervisor that was told to escalate, or a client that died.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    /// use tokio::sync::oneshot;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// let (stop, stopped) = oneshot::channel::<()>(); // `stop` goes to whoever may stop the service
    /// # drop(stop);
    /// tokio::select! {
    ///     ended = bus.run_until(stopped) => ended?,
    ///     () = serve() => {}
    /// }
    /// # async fn serve() { std::future::pending().await }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_until(self, stop: impl Future) -> Result<(), Error> {
        tokio::select! {
            _ = stop => {}
            () = self.services.end.called() => {}
        }
        self.shutdown().await
    }

    /// Runs until somebody ends the program, as [`BusHandle::run_until`]: by Ctrl-C, and on Unix by SIGTERM, which is
    /// what `docker stop`, Kubernetes and systemd send. From the call on, polled or not, these no longer end the program
    /// by themselves.
    ///
    /// A Ctrl-C that comes a second or more after the bus began to stop no longer waits for handlers: what finished is
    /// committed, the rest is handled again. The next one, a second later, ends the process with exit code 130, without a
    /// last commit and without what the producers still have to send. So does one after the bus has stopped, where
    /// something else holds the program up: `#[tokio::main]` waits for threads that block. A further SIGTERM does
    /// nothing: supervisors send SIGKILL when they lose patience.
    ///
    /// # Errors
    ///
    /// As [`BusHandle::run_until`]. If the operating system does not let the program listen, the bus shuts down, and the
    /// error says so.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O (`enable_io`); `#[tokio::main]` and `#[actix::main]` have it.
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), carom::Error> {
    /// #   use {std::{process, thread, time::Duration}, tokio::signal::unix::{SignalKind, signal}};
    /// #   let _until_the_bus_listens = signal(SignalKind::terminate()).unwrap();
    /// #   thread::spawn(|| loop {
    /// #       process::Command::new("kill").arg(process::id().to_string()).status().unwrap();
    /// #       thread::sleep(Duration::from_millis(50));
    /// #   });
    ///     let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    ///     bus.run_until_signal().await
    /// }
    /// ```
    pub fn run_until_signal(self) -> impl Future<Output = Result<(), Error>> + Send {
        let listening = Signals::listen();
        async move {
            match listening {
                Ok(signals) => self.run_until_told(signals).await,
                Err(error) => {
                    self.shutdown().await?;
                    Err(Error::internal(format!("cannot listen to signals: {error}")))
                }
            }
        }
    }

    /// Stops taking records, lets running handlers end, commits, and closes the clients.
    ///
    /// Takes as long as the running handlers do, at most the shutdown timeout (10 s unless
    /// [`Bus::shutdown_timeout`](crate::Bus::shutdown_timeout) says otherwise); then, if no broker can be reached, up
    /// to 10 s for the last commit and for closing the consumer, and 5 s for each of two producers. While other members
    /// join or leave at this moment, or a broker is there but does not answer, the last commit is waited for until the
    /// shutdown timeout has passed, and 3 s.
    ///
    /// Dropping the future stops the bus without waiting for it.
    ///
    /// # Errors
    ///
    /// What made the bus end by itself, if anything did. That a handler or the broker was not done in time is no error:
    /// the log says so, and what was not committed is handled again.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// bus.publish(OrderPlaced { order_id: 7 }).await?;
    /// bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(self) -> Result<(), Error> {
        self.stop(pending()).await
    }

    async fn run_until_told(self, mut signals: Signals) -> Result<(), Error> {
        tokio::select! {
            () = signals.told() => {}
            () = self.services.end.called() => {}
        }
        let hurry = Arc::new(Notify::new());
        heed_insistence(&hurry, &self.services.service);
        self.stop(hurry.notified()).await
    }

    /// Shuts down; from `hurry` on without waiting for handlers.
    async fn stop(mut self, hurry: impl Future<Output = ()>) -> Result<(), Error> {
        self.services.health.signs.stopping();
        if let Some(running) = self.running.take() {
            running.stop(&self.services, hurry).await;
            logs::bus::stopped(&self.services.service);
        }
        self.services.end.take().map_or(Ok(()), Err)
    }
}

impl Drop for BusHandle {
    fn drop(&mut self) {
        self.services.health.signs.stopping();
        if let Some(running) = self.running.take() {
            if running.consumes() {
                logs::bus::dropped(&self.services.service);
            }
            running.abandon();
        }
    }
}

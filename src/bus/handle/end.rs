//! How a running bus ends: because it is told to, by itself, or because its handle was dropped.

use super::BusHandle;
use crate::{
    Error,
    bus::signals::{Signals, stopping},
    telemetry::logs,
};

impl BusHandle {
    /// Runs until `stop` resolves or the bus ends by itself, then shuts down as [`BusHandle::shutdown`]. What `stop`
    /// resolves to is dropped, also the `Err` of a server: keep it, as in the second example. A program that is a
    /// service writes [`BusHandle::run_until_signal`]; one that serves HTTP as well gives the server, which ends by
    /// [`BusHandle::shutdown_signal`].
    ///
    /// A person who presses Ctrl-C again, after [`BusHandle::shutdown_signal`] or [`BusHandle::run_until_signal`] has
    /// resolved, ends the waiting as well.
    ///
    /// Dropping the future, as a `select!` does with the branch that loses, stops the bus without waiting, and cuts off
    /// handlers where the program ends.
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
    /// bus.run_until(stopped).await
    /// # }
    /// ```
    ///
    /// ```
    /// use carom::{Bus, Kafka};
    ///
    /// # mod axum { // as much of it as this needs
    /// #     pub async fn serve() -> std::io::Result<()> { Err(std::io::Error::other("too many open files")) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    /// let server = axum::serve();
    /// let mut served = Ok(());
    /// bus.run_until(async { served = server.await }).await?;
    /// # assert!(served.is_err());
    /// # served = Ok(());
    /// served?; // what ended the server
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_until(self, stop: impl Future) -> Result<(), Error> {
        let hurry = stopping();
        tokio::select! {
            _ = stop => {}
            () = self.services.end.called() => {}
            () = hurry.notified() => {}
        }
        drop(hurry);
        self.shutdown().await
    }

    /// Resolves when somebody ends the program: by Ctrl-C, and on Unix by SIGTERM, which is what `docker stop`,
    /// Kubernetes and systemd send. For what has to end before a bus does, such as an HTTP server;
    /// [`BusHandle::run_until_signal`] waits for the same.
    ///
    /// Listens from the call on, not from the first poll; from then on these signals no longer end the program by
    /// themselves. A further Ctrl-C, a second or more after the one before, ends the waiting in
    /// [`BusHandle::run_until`], the next one that for handlers, and the last one the process, with exit code 130.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O (`enable_io`), and if the operating system does not let the program listen.
    ///
    /// ```
    /// use carom::{Bus, BusHandle, Kafka};
    ///
    /// # mod axum { // as much of it as this needs
    /// #     pub async fn serve(shutdown: impl Future<Output = ()>) { shutdown.await }
    /// # }
    /// #[tokio::main]
    /// async fn main() -> Result<(), carom::Error> {
    /// #   use {std::{process, thread, time::Duration}, tokio::signal::unix::{SignalKind, signal}};
    /// #   let _until_somebody_listens = signal(SignalKind::terminate()).unwrap();
    /// #   thread::spawn(|| loop {
    /// #       process::Command::new("kill").arg(process::id().to_string()).status().unwrap();
    /// #       thread::sleep(Duration::from_millis(50));
    /// #   });
    ///     let bus = Bus::new(Kafka::embedded()).service("shop").spawn().await?;
    ///     // `axum::serve(listener, app).with_graceful_shutdown(BusHandle::shutdown_signal())`, say
    ///     let server = axum::serve(BusHandle::shutdown_signal());
    ///     bus.run_until(server).await // first no more requests, then no more events
    /// }
    /// ```
    pub fn shutdown_signal() -> impl Future<Output = ()> + Send + 'static {
        match Signals::listen() {
            Ok(signals) => signals.told(),
            Err(error) => panic!("cannot listen to signals: {error}"),
        }
    }

    /// Runs until somebody ends the program, as [`BusHandle::run_until`]: by Ctrl-C, and on Unix by SIGTERM, which is
    /// what `docker stop`, Kubernetes and systemd send. From the call on, polled or not, these no longer end the
    /// program by themselves.
    ///
    /// A further Ctrl-C, a second or more after the one before, no longer waits for handlers: what finished is committed,
    /// the rest is handled again. The next one ends the process with exit code 130, which shells show for Ctrl-C, without
    /// a last commit and without what the producers still have to send. So does one after the bus has stopped, where
    /// something else holds the program up: `#[tokio::main]` waits for threads that block. A further SIGTERM does
    /// nothing: supervisors send SIGKILL when they lose patience.
    ///
    /// # Errors
    ///
    /// As [`BusHandle::run_until`]. If the operating system does not let the program listen, the bus shuts down, and
    /// the error says so.
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
                Ok(signals) => self.run_until(signals.told()).await,
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
    pub async fn shutdown(mut self) -> Result<(), Error> {
        self.services.health.signs.stopping();
        if let Some(running) = self.running.take() {
            running.stop(&self.services).await;
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

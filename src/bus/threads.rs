//! The threads on which the router, the supervisor and the handlers run.

use std::{sync::mpsc, thread};

use actix::{Arbiter, ArbiterHandle, System};

use crate::Error;

/// An actix system on a thread of its own, so that a bus works under any runtime.
pub(crate) struct ActorThreads {
    system: System,
    /// Runs the router and the supervisor.
    pub(crate) front: ArbiterHandle,
    /// Run the handlers.
    pub(crate) workers: Vec<ArbiterHandle>,
    thread: Option<thread::JoinHandle<()>>,
}

impl ActorThreads {
    /// Starts the threads.
    pub(crate) fn start(workers: usize) -> Result<Self, Error> {
        let (send, receive) = mpsc::sync_channel(1);
        let thread = thread::Builder::new()
            .name("carom-router".to_owned())
            .spawn(move || {
                let runner = System::new();
                let arbiters: Vec<Arbiter> =
                    runner.block_on(async move { (0..workers).map(|_| Arbiter::new()).collect() });
                let handles = arbiters.iter().map(Arbiter::handle).collect::<Vec<_>>();
                let system = System::current();
                let front = system.arbiter().clone();
                if send.send((system, front, handles)).is_ok() {
                    // An error would mean that the system was stopped with a code other than 0; nobody does that.
                    let _ = runner.run();
                }
                for arbiter in arbiters {
                    arbiter.stop();
                    let _ = arbiter.join();
                }
            })
            .map_err(|error| Error::internal(format!("cannot start a thread: {error}")))?;
        let (system, front, workers) = receive.recv().map_err(|_| {
            Error::internal("the threads of the bus did not start; are there no open files left (`ulimit -n`)?")
        })?;
        Ok(Self { system, front, workers, thread: Some(thread) })
    }

    /// Stops the threads; those that hang in a blocking handler are left behind.
    pub(crate) fn stop(&mut self) {
        self.system.stop();
        self.thread.take();
    }
}

impl Drop for ActorThreads {
    fn drop(&mut self) {
        self.system.stop();
    }
}

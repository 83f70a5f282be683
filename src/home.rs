//! The runtime of the user's program: instances live there, and handlers are polled in its context.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
};

use tokio::{
    runtime::{EnterGuard, Handle},
    sync::oneshot,
    task::JoinHandle,
};

/// The runtime that called `spawn`; cheap to clone.
///
/// It may end before the bus does: a `main` that returns early, a test that does not stop its bus. Whatever waits on a
/// timer or a socket of a runtime that has ended panics when it is polled, so nothing of it may be polled from then on.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    handle: Handle,
    has_ended: Arc<AtomicBool>,
    /// The watching task ends with the last clone.
    _watched: Arc<oneshot::Sender<()>>,
}

/// Says that the runtime has ended, by being dropped with its task: a runtime drops its tasks before it wakes what
/// waits on its timers.
struct Sign(Arc<AtomicBool>);

impl Drop for Sign {
    fn drop(&mut self) {
        self.0.store(true, Release);
    }
}

impl Home {
    /// The runtime in which this is called.
    ///
    /// # Panics
    ///
    /// Outside of one.
    pub(crate) fn current() -> Self {
        let has_ended = Arc::new(AtomicBool::new(false));
        let (watched, nobody_is_left) = oneshot::channel();
        let sign = Sign(Arc::clone(&has_ended));
        let handle = Handle::current();
        handle.spawn(async move {
            let _sign = sign;
            let _ = nobody_is_left.await;
        });
        Self { handle, has_ended, _watched: Arc::new(watched) }
    }

    /// Whether it has ended: nothing that lives there may be polled any more. Dropping it is all right.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Acquire)
    }

    /// Makes it the current one of this thread.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Runs `act` on one of its threads that may block.
    pub(crate) fn spawn_blocking<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn_blocking(act)
    }

    /// Waits for `future` on this thread.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Builder;

    use super::*;

    // Fails without the task, and when the sign is set by whoever drops the last clone.
    #[test]
    fn it_is_known_before_a_timer_is_woken_that_the_runtime_has_ended() {
        for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let runtime = builder.enable_time().build().unwrap();
            let home = runtime.block_on(async { Home::current() });
            let (told, woken) = std::sync::mpsc::channel();
            let waker = futures_util::task::waker(Arc::new(Tell(home.clone(), told)));
            let _inside = home.enter();
            let mut timer = Box::pin(tokio::time::sleep(Duration::from_secs(3_600)));
            let cx = &mut std::task::Context::from_waker(&waker);
            assert!(timer.as_mut().poll(cx).is_pending() && !home.has_ended());
            std::thread::spawn(move || drop(runtime)).join().unwrap();
            assert_eq!(woken.try_recv(), Ok(true));
        }
    }

    struct Tell(Home, std::sync::mpsc::Sender<bool>);

    impl futures_util::task::ArcWake for Tell {
        fn wake_by_ref(this: &Arc<Self>) {
            let _ = this.1.send(this.0.has_ended());
        }
    }
}

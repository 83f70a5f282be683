//! The runtime of the user's program: instances live there, and handlers are polled in its context.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
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
    presence: Arc<Presence>,
    /// The watching task ends with the last clone.
    _watched: Arc<oneshot::Sender<()>>,
}

/// How long a runtime that ends waits at most for those who are inside: a handler may block its thread.
const LEAVE: Duration = Duration::from_secs(1);

/// Whether a runtime is there, and who counts on it.
#[derive(Debug, Default)]
struct Presence {
    has_ended: AtomicBool,
    /// Those who poll what lives there.
    inside: AtomicUsize,
}

/// Says that the runtime ends, by being dropped with its task, and waits for those who are inside: a runtime drops its
/// tasks before its timers end.
struct Sign(Arc<Presence>);

impl Drop for Sign {
    fn drop(&mut self) {
        self.0.has_ended.store(true, SeqCst);
        let until = crate::clock::monotonic() + LEAVE;
        while self.0.inside.load(SeqCst) > 0 && crate::clock::monotonic() < until {
            thread::sleep(Duration::from_micros(50));
        }
    }
}

/// What lives in the runtime may be polled as long as this is there.
pub(crate) struct Inside<'h> {
    presence: &'h Presence,
    _context: EnterGuard<'h>,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.presence.inside.fetch_sub(1, SeqCst);
    }
}

impl Home {
    /// The runtime in which this is called.
    ///
    /// # Panics
    ///
    /// Outside of one.
    pub(crate) fn current() -> Self {
        let presence = Arc::<Presence>::default();
        let (watched, nobody_is_left) = oneshot::channel();
        let sign = Sign(Arc::clone(&presence));
        let handle = Handle::current();
        handle.spawn(async move {
            let _sign = sign;
            let _ = nobody_is_left.await;
        });
        Self { handle, presence, _watched: Arc::new(watched) }
    }

    /// Makes it the current one of this thread, to poll what lives there. `None` if it has ended: nothing of it may be
    /// polled any more. Dropping it is all right.
    pub(crate) fn enter(&self) -> Option<Inside<'_>> {
        // First the one, then the other: whoever is not seen by the end sees it.
        self.presence.inside.fetch_add(1, SeqCst);
        let inside = Inside { presence: &self.presence, _context: self.context() };
        (!self.presence.has_ended.load(SeqCst)).then_some(inside)
    }

    /// Makes it the current one of this thread, also after its end, for what is only dropped.
    pub(crate) fn context(&self) -> EnterGuard<'_> {
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
    use std::task::{Context, Waker};

    use tokio::runtime::Builder;

    use super::*;

    // Fails when the end does not wait for who is inside: tokio panics in the user's log, where all went well.
    #[test]
    fn a_runtime_ends_when_nobody_polls_what_lives_there() {
        for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let runtime = builder.enable_time().build().unwrap();
            let home = runtime.block_on(async { Home::current() });
            let inside = home.enter();
            let mut timer = Box::pin(tokio::time::sleep(Duration::from_secs(3_600)));
            let end = thread::spawn(move || drop(runtime));
            let start = crate::clock::monotonic();
            while home.enter().is_some() || start.elapsed() < LEAVE / 10 {
                assert!(timer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            drop(inside);
            end.join().unwrap();
        }
    }

    // Fails without the task, and when the sign is set by whoever drops the last clone.
    #[test]
    fn it_is_known_before_a_timer_is_woken_that_the_runtime_has_ended() {
        for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let runtime = builder.enable_time().build().unwrap();
            let home = runtime.block_on(async { Home::current() });
            let (told, woken) = std::sync::mpsc::channel();
            let waker = futures_util::task::waker(Arc::new(Tell(home.clone(), told)));
            let _context = home.context();
            let mut timer = Box::pin(tokio::time::sleep(Duration::from_secs(3_600)));
            let cx = &mut Context::from_waker(&waker);
            assert!(timer.as_mut().poll(cx).is_pending() && home.enter().is_some());
            std::thread::spawn(move || drop(runtime)).join().unwrap();
            assert_eq!(woken.try_recv(), Ok(true));
        }
    }

    struct Tell(Home, std::sync::mpsc::Sender<bool>);

    impl futures_util::task::ArcWake for Tell {
        fn wake_by_ref(this: &Arc<Self>) {
            let _ = this.1.send(this.0.enter().is_none());
        }
    }
}

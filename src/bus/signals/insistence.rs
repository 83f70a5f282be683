//! A person who insists: a further Ctrl-C, when the program has been told to end and has not ended.

use std::{
    future::pending,
    io, process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::{clock::monotonic, telemetry::logs};

/// A further Ctrl-C counts from then on: some supervisors, and wrappers in a terminal, send one signal twice.
const AGAIN: Duration = Duration::from_secs(1);

/// What shells show of a program that Ctrl-C ended: 128, and the number of the signal.
const INTERRUPTED: i32 = 130;

/// How long the last line may take: what holds the program up may hold its log up.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What is known in the process of who ends it.
#[derive(Debug)]
struct State {
    /// Those who wait to be told: a Ctrl-C is theirs.
    waiting: usize,
    /// When a person last told the program to end.
    told: Option<Instant>,
    /// What such a person may hurry, and was not hurried yet.
    stopping: Vec<Weak<Notify>>,
}

static STATE: Mutex<State> = Mutex::new(State { waiting: 0, told: None, stopping: Vec::new() });

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a Ctrl-C means.
#[derive(Debug)]
enum Meaning {
    /// It is somebody else's, or one that was sent twice.
    Nothing,
    /// These need not wait any longer.
    Hurry(Vec<Arc<Notify>>),
    /// Nobody is left who could be hurried.
    End,
}

impl State {
    fn interrupted(&mut self, now: Instant) -> Meaning {
        if self.waiting > 0 || self.told.is_some_and(|told| now.saturating_duration_since(told) < AGAIN) {
            return Meaning::Nothing;
        }
        let was_told = self.told.replace(now).is_some();
        let stopping: Vec<_> = self.stopping.drain(..).filter_map(|one| one.upgrade()).collect();
        match () {
            () if !stopping.is_empty() => Meaning::Hurry(stopping),
            () if was_told => Meaning::End,
            // A bus that ended by itself, perhaps, and this is the first that a person says.
            () => Meaning::Nothing,
        }
    }
}

/// Somebody waits to be told, as long as it is there.
pub(super) struct Waits(());

impl Waits {
    pub(super) fn begin() -> Self {
        state().waiting += 1;
        Self(())
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        state().waiting -= 1;
        heed();
    }
}

/// The program was told to end.
pub(super) fn told() {
    state().told = Some(monotonic());
}

/// Something stops, or waits for what has to end before: what is returned is notified when a person insists, as long as
/// somebody holds it.
pub(in crate::bus) fn stopping() -> Arc<Notify> {
    let hurry = Arc::new(Notify::new());
    let mut state = state();
    state.stopping.retain(|one| one.strong_count() > 0);
    state.stopping.push(Arc::downgrade(&hurry));
    hurry
}

/// Listens to a person who insists, once for the process, from when somebody has waited for a signal. Who sends SIGTERM
/// has SIGKILL for that (decision 30).
///
/// On a thread and a runtime of its own: those of the program may be held up, or may be ending, and wait for a thread
/// that blocks. If there is none to be had, a further signal does nothing.
fn heed() {
    static HEEDS: AtomicBool = AtomicBool::new(false);
    if HEEDS.swap(true, SeqCst) {
        return;
    }
    let listen = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // Else there is nothing to listen with.
        let _ = runtime.map(|runtime| runtime.block_on(listen()));
    };
    let _ = thread::Builder::new().name("carom-signals".to_owned()).spawn(listen);
}

async fn listen() -> io::Result<()> {
    let mut interrupt = super::interrupt()?;
    loop {
        if interrupt.recv().await.is_none() {
            // No further one will come.
            pending::<()>().await;
        }
        let meaning = state().interrupted(monotonic());
        match meaning {
            Meaning::Nothing => {}
            Meaning::Hurry(stopping) => stopping.iter().for_each(|one| one.notify_one()),
            Meaning::End => {
                last_words();
                process::exit(INTERRUPTED);
            }
        }
    }
}

/// Says that the process ends, if the program's log takes it in time.
fn last_words() {
    let (said, heard) = mpsc::channel();
    let say = move || {
        logs::bus::cut_short();
        drop(said);
    };
    if thread::Builder::new().spawn(say).is_ok() {
        let _: Result<(), _> = heard.recv_timeout(LAST_WORDS);
    }
}

#[cfg(test)]
mod tests;

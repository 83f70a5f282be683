//! A TCP proxy before a broker, which can behave as a bad network does.

mod connection;
mod frames;

use std::{
    collections::HashMap,
    fmt, io,
    net::TcpListener,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime,
    sync::{oneshot, watch},
    task::LocalSet,
};

/// Between clients and a broker. Dropping it cuts its connections and ends its thread.
pub struct Proxy {
    port: u16,
    network: watch::Sender<Network>,
    live: Live,
    /// Its end is the thread's.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How the network is at the moment.
#[derive(Debug, Clone, Copy, Default)]
struct Network {
    /// How long each byte takes, at least, in each direction.
    delay: Duration,
    /// How much longer it may take.
    jitter: Duration,
    /// What clients say does not arrive.
    loses_requests: bool,
    /// What the broker says does not arrive.
    loses_answers: bool,
    /// The broker says of the cluster that it has no brokers, as one does that starts or stops.
    hides_brokers: bool,
}

/// What cuts each of the open connections.
#[derive(Clone, Default)]
struct Live(Arc<Mutex<HashMap<u64, oneshot::Sender<()>>>>);

impl Live {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// Passes on what comes to `front` to the port `broker`.
    pub(crate) fn start(front: TcpListener, broker: u16) -> io::Result<Self> {
        front.set_nonblocking(true)?;
        let port = front.local_addr()?.port();
        let (network, live) = (watch::Sender::new(Network::default()), Live::default());
        let (stop, stopped) = oneshot::channel();
        // Of its own, so that a test that blocks its runtime does not block the network.
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = serve(front, broker, network.subscribe(), live.clone());
        let thread = thread::Builder::new().name("proxy".to_owned()).spawn(move || {
            LocalSet::new().block_on(&runtime, async {
                tokio::select! {
                    _ = stopped => {}
                    ended = serve => eprintln!("the proxy has ended: {ended:?}"),
                }
            });
        })?;
        Ok(Self { port, network, live, stop: Some(stop), thread: Some(thread) })
    }

    /// Where clients connect that shall meet this network.
    pub fn bootstrap_servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Each byte takes so long in each direction, and up to `jitter` longer; nothing overtakes.
    pub fn slow_down(&self, delay: Duration, jitter: Duration) {
        self.network.send_modify(|network| (network.delay, network.jitter) = (delay, jitter));
    }

    /// Nothing arrives any more, in no direction, and nobody is told: all connections are half-open. New ones too.
    pub fn lose_everything(&self) {
        self.network.send_modify(|network| (network.loses_requests, network.loses_answers) = (true, true));
    }

    /// The broker gets what clients say; they do not get its answers.
    pub fn lose_answers(&self) {
        self.network.send_modify(|network| network.loses_answers = true);
    }

    /// Whoever asks which brokers there are is told that there are none. Topics and their leaders are named all the same.
    pub fn hide_brokers(&self) {
        self.network.send_modify(|network| network.hides_brokers = true);
    }

    /// A good network again. A connection that has lost something is cut: what comes next would not fit.
    pub fn heal(&self) {
        self.network.send_replace(Network::default());
    }

    /// Cuts all connections, as a reset does.
    pub fn cut(&self) {
        self.cut_if(|| true);
    }

    /// Cuts the connections for which `choose` says so.
    pub fn cut_if(&self, mut choose: impl FnMut() -> bool) {
        self.live.lock().retain(|_, _| !choose());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            eprintln!("the proxy panicked");
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}, {:?})", self.port, *self.network.borrow())
    }
}

async fn serve(front: TcpListener, broker: u16, network: watch::Receiver<Network>, live: Live) -> io::Result<()> {
    let front = tokio::net::TcpListener::from_std(front)?;
    for number in 0.. {
        let (client, _) = front.accept().await?;
        let (cut, is_cut) = oneshot::channel();
        live.lock().insert(number, cut);
        let (network, live) = (network.clone(), live.clone());
        tokio::task::spawn_local(async move {
            connection::connect(client, broker, network, is_cut).await;
            live.lock().remove(&number);
        });
    }
    Ok(())
}

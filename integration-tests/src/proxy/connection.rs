//! One connection through the proxy, in both directions.

use std::{cell::Cell, io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};

use super::{
    Network,
    frames::{Asked, Frames},
};

/// How many requests or answers may be under way in one direction; beyond, the sender has to wait, as with TCP.
const UNDER_WAY: usize = 256;

const READ: usize = 16 * 1024;

impl Network {
    fn delay(&self) -> Duration {
        self.delay + self.jitter.mul_f64(fastrand::f64())
    }
}

/// One direction of a connection.
struct Way<'a> {
    network: watch::Receiver<Network>,
    loses: fn(&Network) -> bool,
    /// What arrives of a request or an answer.
    pass: &'a dyn Fn(Vec<u8>) -> Vec<u8>,
    /// Something was lost, so that nothing after it may arrive.
    has_gap: &'a Cell<bool>,
}

/// Carries bytes until both sides have ended, or the connection is cut.
pub(super) async fn connect(
    mut client: TcpStream,
    broker: u16,
    network: watch::Receiver<Network>,
    is_cut: oneshot::Receiver<()>,
) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", broker)).await else { return };
    let (requests, answers) = (Cell::new(false), Cell::new(false));
    let asked = Asked::default();
    let note = |request: Vec<u8>| {
        asked.note(&request);
        request
    };
    let seen = network.clone();
    let hide = |answer: Vec<u8>| match asked.without_brokers(&answer) {
        Some(hidden) if seen.borrow().hides_brokers => hidden,
        _ => answer,
    };
    let has_ended = {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let up =
            Way { network: network.clone(), loses: |network| network.loses_requests, pass: &note, has_gap: &requests };
        let down =
            Way { network: network.clone(), loses: |network| network.loses_answers, pass: &hide, has_gap: &answers };
        let both = async { tokio::try_join!(up.carry(from_client, to_server), down.carry(from_server, to_client)) };
        tokio::select! {
            ended = both => ended.is_ok(),
            _ = is_cut => false,
            () = healed_with_a_gap(network.clone(), [&requests, &answers]) => false,
        }
    };
    if !has_ended {
        for stream in [&client, &server] {
            // Then its end is a reset. Where that cannot be, it is an end all the same.
            let _ = stream.set_zero_linger();
        }
    }
}

async fn healed_with_a_gap(mut network: watch::Receiver<Network>, gaps: [&Cell<bool>; 2]) {
    while network.changed().await.is_ok() {
        let now = *network.borrow_and_update();
        if !now.loses_requests && !now.loses_answers && gaps.iter().any(|gap| gap.get()) {
            return;
        }
    }
}

impl Way<'_> {
    async fn carry(self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let (send, mut arriving) = mpsc::channel(UNDER_WAY);
        let Self { mut network, loses, pass, has_gap } = self;
        let seen_by_reader = network.clone();
        let read = async move {
            let mut due = Instant::now();
            let (mut bytes, mut frames) = (vec![0; READ], Frames::default());
            // A reset is an end as well: the other side must not hear of it while nothing arrives.
            while let Ok(count @ 1..) = from.read(&mut bytes).await {
                for frame in frames.push(&bytes[..count]) {
                    due = due.max(Instant::now() + seen_by_reader.borrow().delay());
                    if send.send((due, pass(frame))).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Ok(())
        };
        let write = async move {
            while let Some((due, bytes)) = arriving.recv().await {
                sleep_until(due).await;
                if loses(&network.borrow()) {
                    has_gap.set(true);
                }
                if !has_gap.get() {
                    to.write_all(&bytes).await?;
                }
            }
            let is_open = network.wait_for(|network| !loses(network)).await.is_ok();
            if is_open && !has_gap.get() { to.shutdown().await } else { Ok(()) }
        };
        tokio::try_join!(read, write).map(drop)
    }
}

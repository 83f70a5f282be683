//! Free ports for brokers.

use std::{io, net::TcpListener};

/// Below the range from which systems give out ports by themselves, so that no client's connection takes the port
/// between the choice and the broker's bind, or while a stopped broker is down.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Two free ports. Another process may still be faster: whoever binds has to be ready to choose again.
pub(crate) fn two_free() -> io::Result<[u16; 2]> {
    let first = listen()?;
    let second = listen()?;
    Ok([first.local_addr()?.port(), second.local_addr()?.port()])
}

fn listen() -> io::Result<TcpListener> {
    let tried = (0..200).map(|_| TcpListener::bind(("127.0.0.1", fastrand::u16(RANGE))));
    tried.flatten().next().ok_or_else(|| io::Error::other("no free port below 32,000"))
}

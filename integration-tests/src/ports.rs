//! Free ports for brokers.

use std::{io, net::TcpListener};

/// Below the range from which systems give out ports by themselves, so that no client's connection takes the port
/// between the choice and the broker's bind, or while a stopped broker is down.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Free ports. Another process may still be faster: whoever binds has to be ready to choose again.
pub(crate) fn free<const N: usize>() -> io::Result<[u16; N]> {
    let held: Vec<_> = (0..N).map(|_| listen()).collect::<io::Result<_>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&held) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// A listener on a free port.
pub(crate) fn listen() -> io::Result<TcpListener> {
    let tried = (0..200).map(|_| TcpListener::bind(("127.0.0.1", fastrand::u16(RANGE))));
    tried.flatten().next().ok_or_else(|| io::Error::other("no free port below 32,000"))
}

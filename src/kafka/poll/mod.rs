//! The poll thread: records from a [`Source`](super::source::Source) to dispatch, and offsets back to it.
//!
//! `thread` starts the thread, and has the ways to reach it. In each turn the loop (`poll_loop`) obeys commands, serves
//! the source's events, takes a batch from each partition that has credit, moves departing partitions on (`rebalance`)
//! and commits what is finished, if that is due (`committer`), within `bounds`. It runs no user code; with nothing to
//! do it sleeps until the source wakes it, 100 ms at most.

mod bounds;
mod committer;
mod poll_loop;
mod rebalance;
mod thread;

pub(crate) use self::{
    bounds::Bounds,
    thread::{Alarm, BATCH, Poller, Settings},
};
#[cfg(feature = "testing")]
pub(crate) use self::{
    poll_loop::PollLoop,
    thread::{Command, Wiring},
};

//! The door of the dispatch room: what the poll loop hands over.
//!
//! Its calls are made on the poll thread (in a test bus, its one thread), in the order in which things happen:
//! `assign`, then `deliver` as often as there is credit, `revoke`, and `close`. There are two calls of `revoke` where
//! the bus stops and the group then takes the partition, and there may be none where it was lost or replaced, or the
//! client is dead. After `close` comes nothing of that epoch.

use std::{sync::Arc, time::Duration};

use super::assignment::Assignment;
use crate::{kafka::record::Batch, stats::Measured};

/// Where the poll loop delivers; the router implements it.
///
/// No call blocks: each sends a message.
pub(crate) trait Intake: Send + 'static {
    /// A partition came. Its actors are started, then [`Assignment::open`] gives it credit.
    fn assign(&self, assignment: &Arc<Assignment>);

    /// A partition goes: whatever has not started is given up, running handlers end ([`Assignment::is_drained`]).
    fn revoke(&self, assignment: &Arc<Assignment>);

    /// A partition is gone: its actors stop.
    fn close(&self, assignment: &Arc<Assignment>);

    /// One batch, in one message, to every mailbox of the partition.
    fn deliver(&self, assignment: &Assignment, batch: Arc<Batch>);

    /// The poll loop turned; `now` is its own time.
    fn turned(&self, _now: Duration) {}

    /// This member was told its partitions, or has lost them.
    fn joined(&self, _joined: bool) {}

    /// What the client knows of its partitions; about once a second.
    fn measured(&self, _figures: &[Measured]) {}

    /// The state of the connection, for health and for those who wait for it.
    fn broker(&self, up: bool, detail: &str);

    /// Something that an operator has to know; consuming goes on.
    fn alarm(&self, reason: &str);

    /// As [`Intake::alarm`], about commits.
    fn cannot_commit(&self, _reason: &str) {}

    /// All commits succeed again.
    fn commits_again(&self) {}

    /// The client is dead: the bus has to end with this error.
    fn fatal(&self, reason: &str);
}

//! The consumer client, a member of its group, as the [`Source`](super::source::Source) of the poll thread.
//!
//! [`KafkaSource`] (`source`) polls the client, which calls back about rebalances, figures and log lines (`group`,
//! `jumps`). Each assigned partition has a queue split off the client's own, and batches are filled from it (`split`);
//! fetchers that sleep after a rebalance are woken (`nudge`). What is finished is committed (`commits`). Of errors and
//! signs of life only changes become events (`health`). At the end the client is closed, within a bound (`close`). Beside
//! all that, `members` looks once for strangers in the group.

mod close;
mod commits;
mod group;
mod health;
mod jumps;
mod members;
mod nudge;
mod source;
mod split;

pub(crate) use self::{members::look_for_strangers, source::KafkaSource};

//! How a client is configured, of whatever kind.
//!
//! A user describes a [`Kafka`] (`cluster`): where the brokers are, and options in [`Layers`] (`layers`, `options`), of
//! which some are not to be shown (`secrets`). Wrong ones are found without a broker (`check`, `addresses`,
//! `together`). What a client is given is our `defaults`, then the user's options, then what nobody may change
//! (`config`); the log at start shows what differs from librdkafka's defaults (`effective`). What clients say
//! afterwards is common to all: log lines (`log`), codes (`errors`), silence (`unreachable`), and that they know no
//! broker any more (`bootstrap`).

mod addresses;
pub(super) mod admin;
pub(super) mod bootstrap;
mod check;
mod cluster;
mod config;
pub(super) mod defaults;
mod effective;
pub(super) mod errors;
mod layers;
pub(super) mod log;
mod misplaced;
pub(crate) mod options;
mod secrets;
#[cfg(test)]
mod tests;
mod together;
pub(super) mod unreachable;

pub use self::cluster::{GroupProtocol, Kafka};
pub(crate) use self::log::ClientLog;
pub(super) use self::secrets::Secrets;
pub(crate) use self::{
    addresses::servers_shown,
    config::Publishing,
    effective::Difference,
    layers::{Layers, Scope},
    secrets::{HIDDEN, Value, without_user_info},
};

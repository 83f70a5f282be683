//! What happens to topics before records come from them or go to them.
//!
//! At start a bus hands over one [`TopicPlan`] for each topic of its routes, each dead-letter topic and each topic that
//! it is known to publish to (`plan`); [`ensure()`] asks the cluster what is there (`state`), creates or refuses what
//! is missing, as [`Topics`] says (`missing`, `create`), and warns of settings that do not fit (`config`, not on the
//! embedded broker). An event for any other topic passes the [`ProvisioningSink`] (`sink`), which does the same for
//! that topic before it hands the first record on to the producer. With [`Topics::Ignore`] nobody looks.

mod config;
mod create;
mod ensure;
mod missing;
mod plan;
mod sink;
mod state;

pub use self::missing::Topics;
pub(crate) use self::{
    ensure::{PATIENCE, ensure},
    plan::{NotProvisioned, Provisioned, TopicPlan},
    sink::ProvisioningSink,
};

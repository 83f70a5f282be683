//! What the contract suite of carom needs besides carom: names that do not collide, and brokers.

mod broker;
pub mod capture;
pub mod cashier;
pub mod check;
pub mod commits;
pub mod foreign;
mod guard;
mod home;
mod jars;
pub mod job;
pub mod journal;
pub mod ledger;
pub mod load;
pub mod plain;
mod ports;
pub mod probe;
mod proxy;
mod real_kafka;
pub mod workers;
pub mod world;

pub use broker::Broker;
pub use guard::Guarded;
pub use home::run_dir;
pub use proxy::Proxy;
pub use real_kafka::{Backend, RealKafka};

/// A name that no other test, and no other run against the same broker, uses: for topics and groups.
pub fn unique(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4().simple())
}

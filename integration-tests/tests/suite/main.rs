//! The contract suite: one binary, one real broker per run, topics and groups of their own per test.

mod broker;
mod contract;
mod docs;
mod provisioning;
mod round_trip;
mod telemetry;
mod ui;

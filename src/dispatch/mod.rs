//! From a batch of records to a handler that runs, and back to what may be committed.
#![expect(dead_code, reason = "nothing runs the poll loop before the integration")]

pub(crate) mod assignment;
pub(crate) mod intake;
mod offset_map;
mod progress;
mod registry;

pub use registry::Registration;

//! From a batch of records to a handler that runs, and back to what may be committed.

mod probe;
mod registry;

pub use probe::{Place, Probe, Unregistered};
pub use registry::Registration;

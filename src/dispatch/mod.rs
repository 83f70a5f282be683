//! From a batch of records to a handler that runs, and back to what may be committed.

mod registry;

pub use registry::Registration;

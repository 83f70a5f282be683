//! From a batch of records to a handler that runs, and back to what may be committed.

#[cfg_attr(not(test), expect(dead_code, reason = "the router and the committer call it from the integration on"))]
pub(crate) mod offset_map;
#[cfg_attr(not(test), expect(dead_code, reason = "the router and the committer call it from the integration on"))]
pub(crate) mod progress;
mod registry;

pub use registry::Registration;

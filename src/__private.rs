//! What generated code may name. Not part of the public interface: it changes without notice.

pub use crate::{
    actor::{FromState, Registered},
    dispatch::Registration,
    event::{Descriptor, Location, TopicSource, key::join as join_key},
};
pub use inventory;

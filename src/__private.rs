//! What generated code may name. Not part of the public interface: it changes without notice.

pub use crate::{
    actor::{FromState, Portable, Registered},
    dispatch::{Place, Probe, Registration, Unregistered},
    event::{Codec, Descriptor, KeyPart, KeySource, Location, TopicSource, json},
};
pub use inventory;
pub use serde;

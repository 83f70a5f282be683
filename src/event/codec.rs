//! How an event becomes JSON and comes back.
//!
//! Serde's traits are asked for once, where the event is declared, and are no supertraits of `Event`: a forgotten
//! derive of serde would be an error at each use of the event otherwise, two each time.

use serde::{Serialize, de::DeserializeOwned};

/// Writes and reads events of one type; `#[derive(Event)]` asks for it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Codec<E> {
    pub(crate) write: fn(&E, &mut Vec<u8>) -> serde_json::Result<()>,
    /// For JSON inside an envelope, which was found to be UTF-8 when the envelope was read.
    pub(crate) from_str: fn(&str) -> serde_json::Result<E>,
    pub(crate) from_slice: fn(&[u8]) -> serde_json::Result<E>,
}

/// The codec of an event that derives serde's traits.
#[doc(hidden)]
#[inline]
pub const fn json<E: Json>() -> Codec<E> {
    Codec { write: E::write, from_str: E::from_str, from_slice: E::from_slice }
}

/// What serde can write and read.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written as JSON and read again",
    label = "an event travels as JSON",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`; both, also where it is only published or only handled"
)]
pub trait Json: Sized {
    /// Appends it as JSON.
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()>;
    /// From JSON that is known to be UTF-8.
    fn from_str(json: &str) -> serde_json::Result<Self>;
    /// From JSON.
    fn from_slice(json: &[u8]) -> serde_json::Result<Self>;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> Json for E {
    #[inline]
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(json, self)
    }

    #[inline]
    fn from_str(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }

    #[inline]
    fn from_slice(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }
}

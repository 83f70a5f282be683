//! How an event becomes JSON and comes back.
//!
//! Serde's traits are asked for once, where the event is declared, and are no supertraits of `Event`: a forgotten
//! derive of serde would be an error at each use of the event otherwise, two each time.

use serde::{Serialize, de::DeserializeOwned};

use super::asked::asks_for_a_struct;

/// Writes and reads events of one type; `#[derive(Event)]` asks for it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Codec<E> {
    pub(crate) write: fn(&E, &mut Vec<u8>) -> serde_json::Result<()>,
    /// Reads one, and leaves what follows it. Unlike `serde_json::from_str`, it does not move the event once more.
    pub(crate) read: for<'j> fn(&mut JsonStr<'j>) -> serde_json::Result<E>,
    pub(crate) from_slice: fn(&[u8]) -> serde_json::Result<E>,
    /// Whether it is an object with known members, which serde's derives would take from an array, too.
    pub(crate) is_struct: fn() -> bool,
}

/// JSON that is known to be UTF-8, as it is read.
pub(crate) type JsonStr<'j> = serde_json::Deserializer<serde_json::de::StrRead<'j>>;

impl<E> Codec<E> {
    /// From JSON that is known to be UTF-8.
    pub(crate) fn text(&self, json: &str) -> serde_json::Result<E> {
        let mut json = JsonStr::from_str(json);
        let event = (self.read)(&mut json)?;
        json.end()?;
        Ok(event)
    }
}

/// The codec of an event that derives serde's traits.
#[doc(hidden)]
#[inline]
pub const fn json<E: Json>() -> Codec<E> {
    Codec { write: E::write, read: E::read, from_slice: E::from_slice, is_struct: E::is_struct }
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
    /// From JSON that is known to be UTF-8; more may follow.
    fn read(json: &mut JsonStr<'_>) -> serde_json::Result<Self>;
    /// From JSON.
    fn from_slice(json: &[u8]) -> serde_json::Result<Self>;
    /// Whether it is read as a struct with named fields.
    fn is_struct() -> bool;
}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> Json for E {
    #[inline]
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(json, self)
    }

    #[inline]
    fn read(json: &mut JsonStr<'_>) -> serde_json::Result<Self> {
        Self::deserialize(json)
    }

    #[inline]
    fn from_slice(json: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(json)
    }

    fn is_struct() -> bool {
        asks_for_a_struct::<Self>()
    }
}

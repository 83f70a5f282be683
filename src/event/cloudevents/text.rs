//! Text of an attribute on its way out.

use std::ops::Deref;

use bytes::Bytes;

/// Text of an attribute; what many events have in common is shared, not copied for each of them.
#[derive(Debug, Clone)]
pub(crate) struct Text<'a> {
    text: &'a str,
    /// The same as bytes that may be held for as long as the record lives.
    bytes: Option<Bytes>,
}

impl Text<'static> {
    /// A text of the program itself.
    pub(crate) fn constant(text: &'static str) -> Self {
        Self { text, bytes: Some(Bytes::from_static(text.as_bytes())) }
    }
}

impl Text<'_> {
    /// The header's value: shared if it can be, else a copy.
    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes.unwrap_or_else(|| Bytes::copy_from_slice(self.text.as_bytes()))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, bytes: None }
    }
}

impl<'a> From<&'a SharedText> for Text<'a> {
    fn from(shared: &'a SharedText) -> Self {
        Self { text: &shared.text, bytes: Some(shared.bytes.clone()) }
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.text
    }
}

/// A text that goes into many events.
#[derive(Debug)]
pub(crate) struct SharedText {
    text: String,
    bytes: Bytes,
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        Self { bytes: Bytes::copy_from_slice(text.as_bytes()), text }
    }
}

//! The `carom-` headers: each at most once, absent rather than empty, without control characters, capped.

use bytes::Bytes;

use crate::kafka::record::HeaderName;

/// Whether a header is one of carom's own.
pub(super) fn is_ours(name: &[u8]) -> bool {
    name.starts_with(b"carom-")
}

/// Headers in the making.
#[derive(Default)]
pub(super) struct Headers(Vec<(HeaderName, Option<Bytes>)>);

impl Headers {
    /// Adds a header of at most `cap` bytes; nothing if the text is empty.
    pub(super) fn put(&mut self, name: &'static str, text: impl AsRef<str>, cap: usize) {
        let text = capped(text.as_ref(), cap);
        if !text.is_empty() {
            self.0.push((HeaderName::Known(name), Some(Bytes::from(text))));
        }
    }

    pub(super) fn put_some(&mut self, name: &'static str, text: Option<&str>, cap: usize) {
        if let Some(text) = text {
            self.put(name, text, cap);
        }
    }

    /// When the record was written.
    pub(super) fn stamp(&mut self, milliseconds: i64, kind: &'static str) {
        self.put("carom-original-timestamp", milliseconds.to_string(), 20);
        self.put("carom-original-timestamp-type", kind, 8);
    }

    pub(super) fn done(self) -> Vec<(HeaderName, Option<Bytes>)> {
        self.0
    }
}

/// Control characters become spaces; what is too long is cut at a character and ends with `…`.
fn capped(text: &str, cap: usize) -> String {
    const ELLIPSIS: char = '…';
    let clean = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    if text.len() <= cap {
        return clean.collect();
    }
    let mut short = String::with_capacity(cap);
    for char in clean {
        if short.len() + char.len_utf8() + ELLIPSIS.len_utf8() > cap {
            break;
        }
        short.push(char);
    }
    short.push(ELLIPSIS);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_a_character() {
        assert_eq!(capped("abc\td", 5), "abc d");
        assert_eq!(capped("abcdef", 5), "ab…");
        assert_eq!(capped("äöüäöü", 8), "äö…");
    }

    #[test]
    fn empty_is_absent() {
        let mut headers = Headers::default();
        headers.put("carom-group", "", 9);
        assert_eq!(headers.done(), []);
    }
}

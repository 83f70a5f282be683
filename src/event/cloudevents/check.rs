//! What an attribute may look like, on the way in and on the way out.
//!
//! Reading asks less than writing: what came in may hold characters that may not go out.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use super::ReadError;

/// The attributes of CloudEvents itself, and `data`: no extension may have one of these names.
const RESERVED: [&str; 10] =
    ["data", "data_base64", "datacontenttype", "dataschema", "id", "source", "specversion", "subject", "time", "type"];

/// Attributes are texts; other bytes cannot be one.
pub(super) fn utf8<'a>(name: &str, value: &'a [u8]) -> Result<&'a str, ReadError> {
    std::str::from_utf8(value).map_err(|_| ReadError::bad(name, "is not UTF-8"))
}

/// No attribute of CloudEvents itself may be empty: one that is not set is left out.
pub(super) fn filled<T: AsRef<str>>(name: &str, value: T) -> Result<T, ReadError> {
    if value.as_ref().is_empty() { Err(ReadError::bad(name, "is empty")) } else { Ok(value) }
}

/// There, and not empty.
pub(super) fn required<'a>(name: &'static str, value: Option<Cow<'a, str>>) -> Result<Cow<'a, str>, ReadError> {
    filled(name, value.ok_or(ReadError::MissingAttribute(name))?)
}

/// Not there, or not empty.
pub(super) fn optional<'a>(name: &str, value: Option<Cow<'a, str>>) -> Result<Option<Cow<'a, str>>, ReadError> {
    value.map(|value| filled(name, value)).transpose()
}

/// RFC 3339, with any offset.
pub(super) fn time(value: Option<Cow<'_, str>>) -> Result<Option<DateTime<Utc>>, ReadError> {
    value.map(|text| rfc3339(&text).ok_or_else(|| ReadError::bad("time", "is not RFC 3339"))).transpose()
}

/// A time with any offset. chrono also takes U+2212 for a minus sign, RFC 3339 does not.
pub(in crate::event) fn rfc3339(text: &str) -> Option<DateTime<Utc>> {
    let time = text.is_ascii().then(|| DateTime::parse_from_rfc3339(text).ok())??;
    Some(time.with_timezone(&Utc))
}

/// An absolute URI, as CloudEvents wants it.
pub(super) fn dataschema(value: Option<Cow<'_, str>>) -> Result<Option<Cow<'_, str>>, ReadError> {
    match value {
        Some(uri) if !is_absolute_uri(&uri) => Err(ReadError::bad("dataschema", "is not an absolute URI")),
        value => Ok(value),
    }
}

/// Version 1.0 alone: others have other attributes.
pub(super) fn specversion(value: &str) -> Result<(), ReadError> {
    if value == "1.0" { Ok(()) } else { Err(ReadError::UnsupportedSpecVersion(value.to_owned())) }
}

/// A scheme, a colon and something behind it.
pub(super) fn is_absolute_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let begins_well = scheme.starts_with(|char: char| char.is_ascii_alphabetic());
    let scheme_char = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.');
    begins_well && scheme.chars().all(scheme_char) && !rest.is_empty() && is_uri_text(rest)
}

/// Whether all characters may stand in a URI-reference; letters beyond ASCII pass.
pub(super) fn is_uri_text(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'/' | b'-' | b'.' | b'_' | b':');
    every_byte(text, plain)
        || !text.chars().any(|char| {
            char.is_whitespace()
                || char.is_control()
                || matches!(char, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
        })
}

/// Whether CloudEvents allows all characters of a text: no controls and no Unicode noncharacters.
pub(in crate::event) fn is_attribute_text(text: &str) -> bool {
    every_byte(text, |byte| (b' '..=b'~').contains(&byte))
        || !text.chars().any(|char| {
            let code = u32::from(char);
            char.is_control() || (0xfdd0..=0xfdef).contains(&code) || code & 0xfffe == 0xfffe
        })
}

/// Whether all bytes are so. Without an early end, so that many are looked at together: almost every text passes.
fn every_byte(text: &str, is_so: impl Fn(u8) -> bool) -> bool {
    text.bytes().fold(true, |all, byte| all & is_so(byte))
}

/// Whether an extension may have this name when carom writes it.
pub(super) fn is_extension_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && !is_reserved(name)
}

pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_uri_has_a_scheme() {
        for good in ["http://example.com/s.json", "urn:order:1", "x-y+z.1:a", "file:///s#part"] {
            assert!(is_absolute_uri(good), "{good}");
        }
        for bad in ["", "schemas/order.json", "/s", ":a", "1a:b", "http:", "a b:c", "a:b c", "é:a", "//host/s", "a:<b>"]
        {
            assert!(!is_absolute_uri(bad), "{bad}");
        }
    }

    #[test]
    fn control_and_noncharacters_are_refused_everywhere() {
        for good in ["", "plain", "café €", "%C3%A9", "\u{fffd}", "\u{10fffd}"] {
            assert!(is_attribute_text(good), "{good:?}");
        }
        for bad in ["\0", "a\u{1f}", "\u{7f}", "\u{9f}", "\u{fdd0}", "\u{fdef}", "\u{fffe}", "\u{1ffff}", "\u{10fffe}"]
        {
            assert!(!is_attribute_text(bad), "{bad:?}");
        }
    }

    #[test]
    fn extension_names_are_lower_case_letters_and_digits() {
        for good in ["a", "traceparent", "x2"] {
            assert!(is_extension_name(good), "{good}");
        }
        for bad in ["", "Bad_Name", "a-b", "é", "data", "id", "data_base64", "time"] {
            assert!(!is_extension_name(bad), "{bad}");
        }
    }
}

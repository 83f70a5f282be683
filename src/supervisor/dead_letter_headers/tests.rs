//! Text of errors in headers: cut to its cap, without control characters, causes and all.

use proptest::prelude::*;

use super::{error::CHAIN_MAX, *};
use crate::Failure;

#[test]
fn text_is_cut_at_a_character_boundary_with_the_ellipsis_inside_the_cap() {
    // Fails if `cut` truncates to `cap` before the ellipsis.
    let cases = [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abc…"),
        ("abéé", 6, "abéé"),
        ("abéééé", 6, "ab…"),
        ("😀😀", 7, "😀…"),
        ("😀😀", 6, "…"),
    ];
    for (text, cap, expected) in cases {
        assert_eq!(cut(text.into(), cap), expected, "{text} {cap}");
    }
}

#[test]
fn the_classes_are_a_closed_set() {
    use ErrorClass::{Decode, Expired, Oversize, Panic, Permanent, Timeout, Transient, UnknownType, Validation};
    let all = [Decode, UnknownType, Validation, Transient, Permanent, Timeout, Panic, Expired, Oversize];
    let expected = "decode unknown-type validation transient permanent timeout panic expired oversize";
    assert_eq!(all.map(ErrorClass::as_str).join(" "), expected);
    assert!(all.iter().all(|class| class.as_str().len() <= 16), "never cut");
}

#[test]
fn control_characters_become_spaces() {
    assert_eq!(clean("a\r\nb\0c\u{7f}d\u{85}é"), "a  b c d é");
}

#[test]
fn an_error_gives_its_message_and_its_sources() {
    #[derive(Debug, thiserror::Error)]
    #[error("charge failed")]
    struct Outer(#[source] std::num::ParseIntError);
    let text = ErrorText::of(&Failure::transient(Outer("x".parse::<u8>().unwrap_err())));
    assert_eq!(text.message.unwrap(), "charge failed");
    assert_eq!(text.chain, ["invalid digit found in string"]);
}

#[test]
fn an_error_that_cannot_be_shown_is_no_panic() {
    #[derive(Debug)]
    struct Mute;
    impl fmt::Display for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }
    impl std::error::Error for Mute {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(self)
        }
    }
    assert_eq!(ErrorText::of(&Failure::transient(Mute)).chain.len(), CHAIN_MAX);
}

// Fails when sources are left out of a log line, and when one that is told already is told again.
#[test]
fn a_line_tells_an_error_and_its_sources_once() {
    let line = |message: Option<&str>, chain: &[&str]| {
        let chain = chain.iter().map(|&text| text.to_owned()).collect();
        ErrorText { kind: None, message: message.map(str::to_owned), chain }.in_a_line()
    };
    let told = line(Some("the gateway declined"), &["card declined", "", "limit: 500"]);
    assert_eq!(told.as_deref(), Some("the gateway declined: card declined: limit: 500"));
    assert_eq!(line(Some("a: b"), &["b"]).as_deref(), Some("a: b"));
    assert_eq!(line(None, &["b"]), None);
}

proptest! {
    #[test]
    fn a_value_is_never_longer_than_its_cap_nor_has_control_characters(text in any::<String>(), cap in 3..40usize) {
        let mut headers = CaromHeaders::default();
        headers.text("carom-x", &text, cap);
        for (_, value) in headers.iter() {
            let value = str::from_utf8(&value).unwrap();
            prop_assert!(!value.is_empty() && value.len() <= cap);
            prop_assert!(!value.contains(char::is_control));
            prop_assert!(text.len() > cap || value.chars().count() == text.chars().count());
        }
    }
}

//! Why a record is a dead letter: the class by which tools filter, and the error's texts.

use std::fmt::Write;

use crate::actor::Failure;

/// Links of a source chain that are written; a chain may be endless.
pub(super) const CHAIN_MAX: usize = 64;

/// Why a record is a dead letter. A closed set: tools filter by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "the set is closed by the wire format; not every class has a writer yet")]
pub(crate) enum ErrorClass {
    /// The record is no event, or its value is not that of its type.
    Decode,
    /// No actor handles its type; written only with `Bus::dead_letter_unknown_types`.
    UnknownType,
    /// It is one, and breaks its schema. No writer yet: what breaks the rules of the envelope is `decode`.
    Validation,
    /// An error that may pass, and the attempts are used up.
    Transient,
    /// The handler, or a rule of the supervisor, said that it will never succeed, or one of its outputs can never be
    /// sent.
    Permanent,
    /// The last attempt was out of time.
    Timeout,
    /// The last attempt panicked.
    Panic,
    /// No writer: events that came too late are skipped.
    Expired,
    /// No writer yet.
    Oversize,
}

impl ErrorClass {
    /// As it stands on the wire, and in `Stats`: it does not change.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::UnknownType => "unknown-type",
            Self::Validation => "validation",
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
            Self::Expired => "expired",
            Self::Oversize => "oversize",
        }
    }
}

/// An error as text, not capped yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ErrorText {
    /// Rust type of the outermost error, or the user's error code.
    pub(crate) kind: Option<String>,
    /// `None` where it must not be shown.
    pub(crate) message: Option<String>,
    /// What caused it, outermost first, without the error itself.
    pub(crate) chain: Vec<String>,
}

impl ErrorText {
    /// Label, message and sources of a failure.
    pub(crate) fn of(failure: &Failure) -> Self {
        let mut message = String::new();
        let _ = write!(message, "{failure}"); // unlike `to_string`, no panic if the user's `Display` fails
        let sources = failure.chain().skip(1).take(CHAIN_MAX).map(|error| {
            let mut text = String::new();
            let _ = write!(text, "{error}");
            text
        });
        Self { kind: failure.label().map(str::to_owned), message: Some(message), chain: sources.collect() }
    }

    /// Message and sources in a line; a source that its error has told already is left out.
    pub(crate) fn in_a_line(self) -> Option<String> {
        let mut line = self.message?;
        for source in self.chain.iter().filter(|source| !source.is_empty()) {
            if !line.contains(source.as_str()) {
                line.push_str(": ");
                line.push_str(source);
            }
        }
        Some(line)
    }

    /// What `show` makes of message and chain, each text by itself: they may carry personal data.
    pub(crate) fn shown(self, show: impl Fn(&str) -> Option<String>) -> Self {
        let message = self.message.and_then(|text| show(&text));
        Self { message, chain: self.chain.iter().filter_map(|text| show(text)).collect(), ..self }
    }
}

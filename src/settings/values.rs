//! Values that are more than text.

use std::time::Duration;

use crate::{
    event::{Mode, Partitioner, Profile},
    kafka::{GroupProtocol, Topics},
    telemetry::{ErrorDetail, Keys},
};

/// A choice by name.
pub(super) type Choices<T> = [(&'static str, T)];

pub(super) const MODES: &Choices<Mode> = &[("binary", Mode::Binary), ("structured", Mode::Structured)];

pub(super) const PROFILES: &Choices<Profile> = &[("carom", Profile::Carom), ("momentum", Profile::Momentum)];

pub(super) const KEYS: &Choices<Keys> =
    &[("hidden", Keys::Hidden), ("in_failures", Keys::InFailures), ("everywhere", Keys::Everywhere)];

pub(super) const ERROR_DETAILS: &Choices<ErrorDetail> = &[("full", ErrorDetail::Full), ("none", ErrorDetail::None)];

pub(super) const TOPICS: &Choices<Topics> =
    &[("create", Topics::Create), ("verify", Topics::Verify), ("ignore", Topics::Ignore)];

pub(super) const PARTITIONERS: &Choices<Partitioner> =
    &[("librdkafka", Partitioner::Librdkafka), ("java", Partitioner::Java)];

pub(super) const GROUP_PROTOCOLS: &Choices<GroupProtocol> =
    &[("classic", GroupProtocol::Classic), ("consumer", GroupProtocol::Consumer)];

/// `` `a`, `b` or `c` ``
pub(super) fn listed<T>(choices: &Choices<T>) -> String {
    let names: Vec<_> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What to write for a time.
pub(super) const A_DURATION: &str =
    "write a whole number and its unit, such as `500ms`, `10s`, `2m` or `1h`; a number alone is seconds";

/// A whole number and `ms`, `s`, `m` or `h`; seconds without.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let end = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3_600).map(Duration::from_secs),
        _ => None,
    }
}

/// What to write for a number of threads.
pub(super) const A_COUNT: &str = "write a whole number from 1 on";

/// A number from 1 on. Rust's `+4` is refused: in a file it would be a slip of the pen.
pub(super) fn count(text: &str) -> Option<usize> {
    text.parse().ok().filter(|count| *count > 0 && !text.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Some(Duration::from_secs(10)));
        assert_eq!(duration("2m"), Some(Duration::from_secs(120)));
        assert_eq!(duration("1h"), Some(Duration::from_secs(3_600)));
        assert_eq!(duration("30"), Some(Duration::from_secs(30)));
    }

    #[test]
    fn anything_else_is_not_a_time() {
        for text in [
            "",
            "s",
            "10 s",
            " 10s",
            "10sec",
            "1.5s",
            "-1s",
            "10S",
            "1m30s",
            "99999999999999999999s",
            "9999999999999999999h",
        ] {
            assert_eq!(duration(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_time_panic(text in "[0-9]{0,25}.{0,3}") {
            let _ = duration(&text);
        }

        #[test]
        fn milliseconds_come_back(millis in any::<u64>()) {
            prop_assert_eq!(duration(&format!("{millis}ms")), Some(Duration::from_millis(millis)));
        }
    }

    #[test]
    fn a_count_starts_at_one() {
        assert_eq!(count("4"), Some(4));
        for text in ["0", "", "-1", "+1", " 4", "4.0", "four"] {
            assert_eq!(count(text), None, "{text:?}");
        }
    }

    #[test]
    fn choices_are_listed_as_one_speaks() {
        assert_eq!(listed(MODES), "`binary` or `structured`");
        assert_eq!(listed(TOPICS), "`create`, `verify` or `ignore`");
    }
}

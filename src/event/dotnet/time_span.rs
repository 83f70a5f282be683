//! `TimeSpan` of .NET as [`Duration`] or as `chrono::TimeDelta`, for `#[serde(with = "..")]`.
//!
//! The form is `[-][d.]hh:mm:ss[.fffffff]`: days only if there are any, a fraction of seven digits only if there is one
//! (.NET's "constant" format). A tick is 100 ns; what is below is cut off. A [`Duration`] is never negative, so a
//! negative time span is an error there; a `TimeDelta` takes both.
//!
//! ```
//! use std::time::Duration;
//!
//! use carom::event::dotnet;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Closed {
//!     #[serde(with = "dotnet::time_span")]
//!     after: Duration,
//! }
//!
//! let closed: Closed = serde_json::from_str(r#"{"after":"1.02:30:00.5000000"}"#).unwrap();
//! assert_eq!(closed.after, Duration::from_millis(95_400_500));
//! assert_eq!(serde_json::to_string(&closed).unwrap(), r#"{"after":"1.02:30:00.5000000"}"#);
//! ```

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserializer, Serializer, ser::Error as _};

use super::{form, form::Form, ticks};

const SECONDS_PER_DAY: u64 = 86_400;

/// The form of this module; a type that has it is a [`Form<TimeSpans>`](super::Form).
///
/// ```
/// use carom::event::dotnet::{Form, time_span::TimeSpans};
///
/// fn has_the_form<T: Form<TimeSpans>>() {}
/// has_the_form::<std::time::Duration>();
/// has_the_form::<Vec<chrono::TimeDelta>>(); // may be negative
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct TimeSpans;

/// Writes a time span; called by serde.
///
/// # Errors
///
/// For more than 10,675,199 days in either direction, which .NET does not have.
///
/// ```
/// use carom::event::dotnet::time_span;
/// use std::time::Duration;
///
/// let mut json = Vec::new();
/// time_span::serialize(&Duration::from_secs(5_400), &mut serde_json::Serializer::new(&mut json))?;
/// assert_eq!(json, br#""01:30:00""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn serialize<T: Form<TimeSpans>, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// Reads a time span; called by serde.
///
/// # Errors
///
/// For what is no string, or no time span such as `01:30:00`; and for a negative one that should become a [`Duration`].
///
/// ```
/// use carom::event::dotnet::time_span;
/// use chrono::TimeDelta;
/// use std::time::Duration;
///
/// let early: TimeDelta = time_span::deserialize(&mut serde_json::Deserializer::from_str(r#""-00:15:00""#))?;
/// assert_eq!(early, TimeDelta::minutes(-15));
///
/// let json = &mut serde_json::Deserializer::from_str(r#""-00:15:00""#);
/// let error = time_span::deserialize::<Duration, _>(json).unwrap_err();
/// assert!(error.to_string().contains("use `chrono::TimeDelta` for one that may be"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn deserialize<'de, T: Form<TimeSpans>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// A number of ticks and its sign, as .NET keeps it; `i64::MIN` is a legal one.
#[derive(Debug, Clone, Copy)]
struct Span {
    negative: bool,
    ticks: u64,
}

const EXPECTED: &str = "a time span such as `01:30:00`";

impl Form<TimeSpans> for Duration {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write(false, *self, serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        form::read_text(deserializer, EXPECTED, |text| match parse(text)? {
            Span { negative: true, ticks: 1.. } => {
                Err("it is negative; use `chrono::TimeDelta` for one that may be".into())
            }
            span => Ok(span.duration()),
        })
    }
}

impl Form<TimeSpans> for TimeDelta {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // `to_std` takes no negative one, and the smallest has a positive counterpart.
        let size = self.abs().to_std().map_err(S::Error::custom)?;
        write(*self < Self::zero(), size, serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        form::read_text(deserializer, EXPECTED, |text| {
            let span = parse(text)?;
            let size = Self::from_std(span.duration()).map_err(|error| error.to_string())?;
            Ok(if span.negative { -size } else { size })
        })
    }
}

fn write<S: Serializer>(negative: bool, size: Duration, serializer: S) -> Result<S::Ok, S::Error> {
    match Span::new(negative, size) {
        Some(span) => serializer.serialize_str(&span.text()),
        None => Err(S::Error::custom(format_args!("{size:?} cannot be written: .NET has at most 10,675,199 days"))),
    }
}

impl Span {
    /// `None` beyond what .NET has.
    fn new(negative: bool, size: Duration) -> Option<Self> {
        let ticks = u64::try_from(size.as_nanos() / u128::from(ticks::TICK)).ok()?;
        let limit = i64::MAX as u64 + u64::from(negative);
        (ticks <= limit).then_some(Self { negative, ticks })
    }

    fn duration(self) -> Duration {
        let per_second = u64::from(ticks::PER_SECOND);
        Duration::new(self.ticks / per_second, (self.ticks % per_second) as u32 * ticks::TICK)
    }

    fn text(self) -> String {
        let size = self.duration();
        let (days, of_day) = (size.as_secs() / SECONDS_PER_DAY, size.as_secs() % SECONDS_PER_DAY);
        let sign = if self.negative && self.ticks > 0 { "-" } else { "" };
        let days = if days > 0 { format!("{days}.") } else { String::new() };
        let fraction = match size.subsec_nanos() / ticks::TICK {
            0 => String::new(),
            ticks => format!(".{ticks:07}"),
        };
        format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", of_day / 3600, of_day / 60 % 60, of_day % 60)
    }
}

/// `[-][d.]hh:mm:ss[.f]`, the fraction with one to seven digits.
fn parse(text: &str) -> Result<Span, String> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let clock = |text: &str, limit: u64| number(text).filter(|number| text.len() == 2 && *number < limit);
    let parts = || {
        let (head, rest) = text.split_once(':')?;
        let (minutes, seconds) = rest.split_once(':')?;
        let (days, hours) = head.split_once('.').unwrap_or(("0", head));
        let (seconds, ticks) = match seconds.split_once('.') {
            Some((seconds, digits)) => (seconds, ticks::parse(digits)?),
            None => (seconds, 0),
        };
        let whole = clock(hours, 24)? * 3600 + clock(minutes, 60)? * 60 + clock(seconds, 60)?;
        Some((number(days)?, whole, ticks))
    };
    let (days, whole, ticks) =
        parts().ok_or("write `hh:mm:ss`, with days before it (`d.`) and up to seven fraction digits")?;
    let seconds = days.checked_mul(SECONDS_PER_DAY).and_then(|seconds| seconds.checked_add(whole));
    let size = seconds.map(|seconds| Duration::new(seconds, ticks * ticks::TICK));
    size.and_then(|size| Span::new(negative, size)).ok_or_else(|| "it is longer than .NET allows".to_owned())
}

/// Digits alone; Rust would take a `+` too.
fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::event::dotnet::form::tests::{error, round_trip};

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Positive(#[serde(with = "super")] Option<Duration>);

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Any(#[serde(with = "super")] TimeDelta);

    #[test]
    fn what_net_writes_is_written_again() {
        for span in [
            "00:00:00",
            "01:30:00",
            "23:59:59.9999999",
            "00:00:00.0000001",
            "00:00:00.5000000",
            "1.00:00:00",
            "10675199.02:48:05.4775807",
        ] {
            round_trip::<Any>(&format!("\"{span}\""));
            round_trip::<Positive>(&format!("\"{span}\""));
        }
        for negative in ["-00:00:01", "-1.02:03:04.5000000", "-10675199.02:48:05.4775808"] {
            round_trip::<Any>(&format!("\"{negative}\""));
        }
        round_trip::<Positive>("null");
    }

    #[test]
    fn a_negative_one_is_no_duration() {
        assert_eq!(
            error::<Positive>("\"-00:00:01\""),
            "\"-00:00:01\" is not a time span such as `01:30:00`: it is negative; use `chrono::TimeDelta` for one that may be"
        );
    }

    #[test]
    fn what_is_no_time_span_says_so() {
        for bad in [
            "",
            "1",
            "01:30",
            "1:30:00",
            "24:00:00",
            "00:60:00",
            "00:00:60",
            "00:00:00.",
            "00:00:00.12345678",
            "+01:00:00",
        ] {
            assert!(error::<Any>(&format!("\"{bad}\"")).contains("write `hh:mm:ss`"), "{bad}");
        }
        assert!(error::<Any>("\"10675200.00:00:00\"").ends_with("it is longer than .NET allows"));
        assert!(error::<Any>("\"99999999999999999999.00:00:00\"").contains("write `hh:mm:ss`"));
        assert!(error::<Any>("90").starts_with("invalid type: integer `90`, expected a time span such as"));
    }

    #[test]
    fn what_net_does_not_have_is_not_written() {
        let error = serde_json::to_string(&Positive(Some(Duration::MAX))).unwrap_err().to_string();
        assert!(error.ends_with("cannot be written: .NET has at most 10,675,199 days"), "{error}");
        let cut = serde_json::to_string(&Positive(Some(Duration::from_nanos(1_500_000_199)))).unwrap();
        assert_eq!(cut, "\"00:00:01.5000001\"");
    }
}

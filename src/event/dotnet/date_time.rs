//! `DateTime` and `DateTimeOffset` of .NET as `chrono::DateTime<Utc>`, for `#[serde(with = "..")]`.
//!
//! Written in UTC with a `Z` and as many fraction digits as are needed, seven at most (a tick is 100 ns; what is below
//! is cut off). Read with any offset; a time without one is taken as UTC, which is what a Momentum service means by it:
//! .NET leaves the offset out where `DateTime.Kind` is `Unspecified`, as after reading from most databases.
//!
//! ```
//! use carom::event::dotnet;
//! use chrono::{DateTime, Utc};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Opened {
//!     #[serde(with = "dotnet::date_time")]
//!     at: DateTime<Utc>,
//! }
//!
//! let opened: Opened = serde_json::from_str(r#"{"at":"2024-01-15T10:30:00.5"}"#).unwrap();
//! assert_eq!(serde_json::to_string(&opened).unwrap(), r#"{"at":"2024-01-15T10:30:00.5Z"}"#);
//! let opened: Opened = serde_json::from_str(r#"{"at":"2024-01-15T12:30:00+02:00"}"#).unwrap();
//! assert_eq!(serde_json::to_string(&opened).unwrap(), r#"{"at":"2024-01-15T10:30:00Z"}"#);
//! ```

use chrono::{DateTime, Datelike, NaiveDateTime, SecondsFormat, Timelike, Utc, format::ParseErrorKind};
use serde::{Deserializer, Serializer, ser::Error as _};

use super::{form, form::Form, ticks};
use crate::event::cloudevents::rfc3339;

/// The form of this module; a type that has it is a [`Form<DateTimes>`](super::Form).
///
/// ```
/// use carom::event::dotnet::{Form, date_time::DateTimes};
/// use chrono::{DateTime, Utc};
///
/// fn has_the_form<T: Form<DateTimes>>() {}
/// has_the_form::<DateTime<Utc>>();
/// has_the_form::<Vec<Option<DateTime<Utc>>>>();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct DateTimes;

/// Writes a date-time; called by serde.
///
/// # Errors
///
/// For a year before 1 or after 9999, which .NET does not have.
///
/// ```
/// use carom::event::dotnet::date_time;
/// use chrono::{DateTime, Utc};
///
/// let mut json = Vec::new();
/// let paid_at: DateTime<Utc> = "2024-01-15T10:30:00.123456789Z".parse().unwrap();
/// date_time::serialize(&paid_at, &mut serde_json::Serializer::new(&mut json))?;
/// assert_eq!(json, br#""2024-01-15T10:30:00.1234567Z""#); // a tick is 100 ns
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn serialize<T: Form<DateTimes>, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// Reads a date-time; called by serde.
///
/// # Errors
///
/// For what is no string, or no date-time such as `2024-01-15T10:30:00Z`.
///
/// ```
/// use carom::event::dotnet::date_time;
/// use chrono::{DateTime, Utc};
///
/// let read = |json| date_time::deserialize::<DateTime<Utc>, _>(&mut serde_json::Deserializer::from_str(json));
/// assert_eq!(read(r#""2024-01-15T12:30:00+02:00""#)?, read(r#""2024-01-15T10:30:00""#)?);
/// assert!(read(r#""2024-02-30T10:30:00""#).unwrap_err().to_string().contains("there is no such day or time"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn deserialize<'de, T: Form<DateTimes>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

impl Form<DateTimes> for DateTime<Utc> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !(1..=9999).contains(&self.year()) {
            return Err(S::Error::custom(format_args!("{self} cannot be written: .NET has the years 1 to 9999")));
        }
        serializer.serialize_str(&text(*self))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        form::read_text(deserializer, "a date-time such as `2024-01-15T10:30:00Z`", parse)
    }
}

fn text(time: DateTime<Utc>) -> String {
    let mut text = time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let ticks = time.nanosecond() % 1_000_000_000 / ticks::TICK;
    if ticks > 0 {
        let fraction = format!("{ticks:07}");
        text.insert_str(text.len() - 1, &format!(".{}", fraction.trim_end_matches('0')));
    }
    text
}

fn parse(text: &str) -> Result<DateTime<Utc>, String> {
    if let Some(time) = rfc3339(text) {
        return Ok(time);
    }
    let without_offset = text.parse::<NaiveDateTime>().map(|time| time.and_utc());
    without_offset.map_err(|error| {
        let kinds = [Some(error.kind()), DateTime::parse_from_rfc3339(text).err().map(|error| error.kind())];
        if kinds.iter().flatten().any(|kind| matches!(kind, ParseErrorKind::OutOfRange | ParseErrorKind::Impossible)) {
            "there is no such day or time".to_owned()
        } else {
            "a date, a `T` and a time are needed; an offset may follow".to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::event::dotnet::form::tests::{error, round_trip};

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(transparent)]
    struct One(#[serde(with = "super")] DateTime<Utc>);

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Many(#[serde(with = "super")] Vec<Option<DateTime<Utc>>>);

    #[test]
    fn what_net_writes_is_written_again() {
        for time in [
            "2024-01-15T10:30:00Z",
            "2024-01-15T10:30:00.1Z",
            "2024-01-15T10:30:00.1234567Z",
            "2024-01-15T10:30:00.0000001Z",
            "2024-01-15T10:30:00.12Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.9999999Z",
        ] {
            round_trip::<One>(&format!("\"{time}\""));
        }
        round_trip::<Many>(r#"["2024-01-15T10:30:00Z",null]"#);
    }

    // Fails when `parse` takes nothing without an offset.
    #[test]
    fn a_missing_offset_is_utc_and_any_other_is_turned_into_it() {
        for (read, written) in [
            ("2024-01-15T10:30:00", "2024-01-15T10:30:00Z"),
            ("2024-01-15T10:30:00.1200000", "2024-01-15T10:30:00.12Z"),
            ("2024-01-15T12:30:00+02:00", "2024-01-15T10:30:00Z"),
            ("2024-01-15T10:30:00+00:00", "2024-01-15T10:30:00Z"),
        ] {
            let One(time) = serde_json::from_str(&format!("\"{read}\"")).unwrap();
            assert_eq!(text(time), written);
        }
    }

    #[test]
    fn what_is_below_a_tick_is_cut_off() {
        let time: DateTime<Utc> = "2024-01-15T10:30:00.123456799Z".parse().unwrap();
        assert_eq!(text(time), "2024-01-15T10:30:00.1234567Z");
    }

    #[test]
    fn what_is_no_date_time_says_so() {
        let form = "a date, a `T` and a time are needed; an offset may follow";
        for bad in [
            "yesterday",
            "",
            "2024-01-15",
            "2024-01-15T10:30:00+0200",
            "2024-01-15T10:30:00 Z",
            "2024-01-15T10:30:00\u{2212}02:00",
        ] {
            let expected = format!("{bad:?} is not a date-time such as `2024-01-15T10:30:00Z`: {form}");
            assert_eq!(error::<One>(&format!("{bad:?}")), expected);
        }
        for bad in ["2024-13-15T10:30:00", "2024-02-30T10:30:00", "2024-01-15T25:30:00", "2024-02-30T10:30:00Z"] {
            assert!(error::<One>(&format!("{bad:?}")).ends_with("there is no such day or time"), "{bad}");
        }
        assert!(error::<One>("1705314600").starts_with("invalid type: integer `1705314600`, expected a date-time"));
        let late: DateTime<Utc> = "+10000-01-01T00:00:00Z".parse().unwrap();
        assert!(serde_json::to_string(&One(late)).unwrap_err().to_string().ends_with("has the years 1 to 9999"));
    }
}

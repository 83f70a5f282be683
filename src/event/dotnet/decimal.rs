//! `decimal` of .NET as `rust_decimal::Decimal`, for `#[serde(with = "..")]`. Needs the feature `rust_decimal`.
//!
//! A decimal is a JSON number here, and keeps its scale both ways: `10.50` stays `10.50`. Read digit by digit, so no
//! `f64` stands between; what does not fit a decimal exactly (96 bits, 28 digits behind the point) is an error and not
//! rounded.
//!
//! ```
//! use carom::event::dotnet;
//! use rust_decimal::Decimal;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Paid {
//!     #[serde(with = "dotnet::decimal")]
//!     amount: Decimal,
//! }
//!
//! let paid: Paid = serde_json::from_str(r#"{"amount":10.50}"#).unwrap();
//! assert_eq!(paid.amount, Decimal::new(1050, 2));
//! assert_eq!(serde_json::to_string(&paid).unwrap(), r#"{"amount":10.50}"#);
//! ```
//!
//! It takes the text of the number from serde_json (a `RawValue`), which works without serde_json's feature
//! `arbitrary_precision`: that one changes every number in the whole program. The price: it works where serde_json
//! itself reads and writes, which carom does, and not inside `#[serde(flatten)]` or an enum that is untagged or tagged
//! inside, where serde keeps values in between (an error says so), nor through a `serde_json::Value`, which holds
//! numbers as `f64`.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

use super::form::Form;

/// The form of this module; a type that has it is a [`Form<Decimals>`](super::Form).
///
/// ```
/// use carom::event::dotnet::{Form, decimal::Decimals};
///
/// fn has_the_form<T: Form<Decimals>>() {}
/// has_the_form::<Option<rust_decimal::Decimal>>();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Decimals;

/// Writes a decimal; called by serde.
///
/// # Errors
///
/// Those of the serializer: there is no decimal that cannot be written.
///
/// ```
/// use carom::event::dotnet::decimal;
/// use rust_decimal::Decimal;
///
/// let mut json = Vec::new();
/// decimal::serialize(&Decimal::new(1050, 2), &mut serde_json::Serializer::new(&mut json))?;
/// assert_eq!(json, b"10.50");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn serialize<T: Form<Decimals>, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// Reads a decimal; called by serde.
///
/// # Errors
///
/// For what is no JSON number (also one in quotes), and for a number that does not fit a decimal exactly.
///
/// ```
/// use carom::event::dotnet::decimal;
/// use rust_decimal::Decimal;
///
/// let read = |json| decimal::deserialize::<Decimal, _>(&mut serde_json::Deserializer::from_str(json));
/// assert_eq!(read("10.50")?.to_string(), "10.50");
/// assert!(read(r#""10.50""#).unwrap_err().to_string().contains("write a JSON number such as 10.50, without quotes"));
/// assert!(read("1e40").unwrap_err().to_string().contains("does not fit a decimal"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn deserialize<'de, T: Form<Decimals>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

impl Form<Decimals> for Decimal {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer).map_err(|error| {
            // serde's own words for a value that it has kept in between.
            match error.to_string() {
                text if text.contains("newtype struct") => D::Error::custom(IN_BETWEEN),
                _ => error,
            }
        })?;
        parse(json.get()).map_err(D::Error::custom)
    }
}

const IN_BETWEEN: &str = "a decimal cannot be read inside `#[serde(flatten)]` or an enum without an outer tag, because serde \
    keeps its number as a float there";

fn parse(json: &str) -> Result<Decimal, String> {
    if !json.starts_with(|char: char| char == '-' || char.is_ascii_digit()) {
        return Err(format!("{json} is not a decimal: write a JSON number such as 10.50, without quotes"));
    }
    exact(json).ok_or_else(|| {
        format!("{json} does not fit a decimal, which has 96 bits and at most 28 digits behind the point")
    })
}

/// Digits, point and exponent of a JSON number, none of them rounded: the parser of `rust_decimal` for numbers with an
/// exponent rounds.
fn exact(json: &str) -> Option<Decimal> {
    let Some((number, exponent)) = json.split_once(['e', 'E']) else { return Decimal::from_str_exact(json).ok() };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let (negative, whole) = (whole.starts_with('-'), whole.trim_start_matches('-'));
    let mut digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
    if digits.is_empty() {
        return Some(Decimal::ZERO);
    }
    let mut scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent.parse().ok()?)?;
    while scale > i64::from(Decimal::MAX_SCALE) && digits.ends_with('0') {
        digits.pop();
        scale -= 1;
    }
    if scale < 0 {
        // No decimal has more digits than this.
        let zeros = usize::try_from(-scale).ok().filter(|zeros| *zeros < 30)?;
        digits.extend(std::iter::repeat_n('0', zeros));
        scale = 0;
    }
    let number: i128 = digits.parse().ok()?;
    Decimal::try_from_i128_with_scale(if negative { -number } else { number }, u32::try_from(scale).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use carom_macros::Event;
    use serde_json::Value;

    use super::*;
    use crate::event::{
        Attributes, Encoder, Mode,
        cloudevents::write::tests::read_back,
        decode::decode,
        dotnet::form::tests::{error, round_trip},
    };

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(transparent)]
    struct One(#[serde(with = "super")] Decimal);

    #[derive(Debug, Serialize, Deserialize, Event)]
    #[event(entity = Invoice, domain = "sales")]
    struct Paid {
        #[serde(with = "super")]
        amount: Decimal,
    }

    #[derive(Debug, Serialize, Deserialize)]
    struct Line {
        #[serde(with = "super")]
        amounts: Vec<Option<Decimal>>,
        note: String,
    }

    // Fails when `read` goes through a `serde_json::Number`.
    #[test]
    fn every_decimal_keeps_its_scale_and_its_digits() {
        for decimal in [
            "0",
            "0.00",
            "10.50",
            "-10.50",
            "1.10",
            "100",
            "0.1000000000000000055511151231",
            "79228162514264337593543950335",
            "-79228162514264337593543950335",
            "7.9228162514264337593543950335",
            "0.0000000000000000000000000001",
        ] {
            round_trip::<One>(decimal);
        }
        round_trip::<Line>(r#"{"amounts":[10.50,null,9007199254740993.10],"note":"x"}"#);
    }

    // Fails when `read` goes through a `serde_json::Number`.
    #[test]
    fn an_event_carries_it_in_both_modes() {
        for mode in [Mode::Binary, Mode::Structured] {
            let encoder = Encoder::detached().mode(mode);
            let record = encoder.encode(&Paid { amount: Decimal::new(1050, 2) }, &Attributes::nil()).unwrap();
            let json = std::str::from_utf8(record.value().unwrap()).unwrap();
            assert!(json.contains(r#"{"amount":10.50}"#), "{json}");
            read_back(&record, |incoming| {
                let read: Paid = decode(&incoming.unwrap()).unwrap();
                assert_eq!(read.amount.to_string(), "10.50", "{mode:?}");
            });
        }
    }

    #[test]
    fn an_exponent_is_read() {
        for (json, decimal) in [
            ("1.5e3", "1500"),
            ("-1.5E+3", "-1500"),
            ("1.50e0", "1.50"),
            ("150e-2", "1.50"),
            ("0.00000000000000000000000000005e1", "0.0000000000000000000000000005"),
            ("1000e-30", "0.0000000000000000000000000010"),
            ("7.9228162514264337593543950335e28", "79228162514264337593543950335"),
            ("0.0e40", "0"),
            ("-0e-40", "0"),
        ] {
            let One(read) = serde_json::from_str(json).unwrap();
            assert_eq!(read.to_string(), decimal, "{json}");
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_not_rounded() {
        for number in [
            "79228162514264337593543950336",
            "0.00000000000000000000000000001",
            "1e40",
            "1e-29",
            "1e99999999999999999999",
            "7.9228162514264337593543950336e28",
            // `Decimal::from_scientific` rounds these.
            "1.2345678901234567890123456789012e5",
            "1.00000000000000000000000000001e0",
        ] {
            assert!(error::<One>(number).starts_with(&format!("{number} does not fit a decimal")), "{number}");
        }
    }

    #[test]
    fn what_is_no_number_says_so() {
        for json in ["\"10.50\"", "null", "true", "[1]"] {
            let expected = format!("{json} is not a decimal: write a JSON number such as 10.50, without quotes");
            assert_eq!(error::<One>(json), expected);
        }
    }

    #[test]
    fn where_serde_keeps_values_in_between_an_error_says_so() {
        #[derive(Debug, Deserialize)]
        struct Outer {
            #[serde(flatten)]
            _inner: Inner,
        }
        #[derive(Debug, Deserialize)]
        struct Inner {
            #[serde(with = "super")]
            _amount: Decimal,
        }
        assert_eq!(error::<Outer>(r#"{"_amount":10.50}"#), IN_BETWEEN);
        // What the error protects from: a number that went through serde's own hands.
        let kept: Value = serde_json::from_str("10.50").unwrap();
        assert_eq!(kept.to_string(), "10.5");
    }
}

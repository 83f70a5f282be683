//! `byte[]` of .NET as `Vec<u8>`, for `#[serde(with = "..")]`: base64 with padding, in a string.
//!
//! Without it serde writes a list of numbers, which .NET does not take for bytes.
//!
//! ```
//! use carom::event::dotnet;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Signed {
//!     #[serde(with = "dotnet::base64")]
//!     signature: Vec<u8>,
//! }
//!
//! let signed: Signed = serde_json::from_str(r#"{"signature":"AQL/"}"#).unwrap();
//! assert_eq!(signed.signature, [1, 2, 255]);
//! assert_eq!(serde_json::to_string(&signed).unwrap(), r#"{"signature":"AQL/"}"#);
//! ```

use ::base64::prelude::*;
use serde::{Deserializer, Serializer};

use super::{form, form::Form};

/// The form of this module; a type that has it is a [`Form<Base64>`](super::Form).
///
/// Nobody makes a value of it: it names the form, for functions that take whatever has it.
///
/// ```
/// use carom::event::dotnet::{Form, base64::{self, Base64}};
///
/// fn to_json<T: Form<Base64>>(value: &T) -> serde_json::Result<String> {
///     let mut json = Vec::new();
///     base64::serialize(value, &mut serde_json::Serializer::new(&mut json))?;
///     Ok(String::from_utf8_lossy(&json).into_owned())
/// }
///
/// assert_eq!(to_json(&vec![Some(vec![1_u8, 2, 255]), None])?, r#"["AQL/",null]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Base64;

/// Writes bytes; called by serde.
///
/// # Errors
///
/// Those of the serializer: there are no bytes that cannot be written.
///
/// ```
/// let mut json = Vec::new();
/// carom::event::dotnet::base64::serialize(&vec![1_u8, 2, 255], &mut serde_json::Serializer::new(&mut json))?;
/// assert_eq!(json, br#""AQL/""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn serialize<T: Form<Base64>, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// Reads bytes; called by serde.
///
/// # Errors
///
/// For what is no string, or no base64 with padding in the standard alphabet (that of URLs is another one).
///
/// ```
/// use carom::event::dotnet::base64;
///
/// let bytes: Vec<u8> = base64::deserialize(&mut serde_json::Deserializer::from_str(r#""AQL/""#))?;
/// assert_eq!(bytes, [1, 2, 255]);
///
/// let error = base64::deserialize::<Vec<u8>, _>(&mut serde_json::Deserializer::from_str(r#""AQL_""#)).unwrap_err();
/// assert!(error.to_string().starts_with(r#""AQL_" is not bytes in base64"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn deserialize<'de, T: Form<Base64>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

impl Form<Base64> for Vec<u8> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(self))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        form::read_text(deserializer, "bytes in base64", |text| {
            BASE64_STANDARD.decode(text).map_err(|error| error.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::event::dotnet::form::tests::{error, round_trip};

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(transparent)]
    struct One(#[serde(with = "super")] Vec<u8>);

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Many(#[serde(with = "super")] Vec<Option<Vec<u8>>>);

    #[test]
    fn what_net_writes_is_written_again() {
        for bytes in ["", "AQ==", "AQID", "+/8="] {
            round_trip::<One>(&format!("\"{bytes}\""));
        }
        round_trip::<Many>(r#"["AQID",null]"#);
    }

    #[test]
    fn what_is_no_base64_says_so() {
        assert_eq!(error::<One>("\"AQ\""), "\"AQ\" is not bytes in base64: Invalid padding");
        assert!(error::<One>("\"-_8=\"").contains("is not bytes in base64: Invalid symbol 45"));
        assert!(error::<One>("[1,2]").starts_with("invalid type: sequence, expected bytes in base64"));
    }
}

//! What the modules for `#[serde(with = "..")]` share: a form of a value covers `Option` and `Vec` of it as well.
//!
//! The form is a parameter of the trait and not a trait of its own for each module, so the impls for `Option` and `Vec`
//! are written once; and two modules could be for one Rust type.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
};

/// A type that has the form `F` (`date_time::DateTimes`, ..) in .NET's JSON.
///
/// The functions of the modules in [`dotnet`](super) ask for it. It is implemented for the types that each module
/// names, and for `Option` and `Vec` of them.
///
/// ```
/// use carom::event::dotnet;
/// use chrono::{DateTime, Utc};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Reminders {
///     #[serde(with = "dotnet::date_time")]
///     sent_at: Vec<Option<DateTime<Utc>>>,
/// }
///
/// let json = r#"{"sent_at":["2024-01-15T10:30:00Z",null]}"#;
/// let reminders: Reminders = serde_json::from_str(json)?;
/// assert_eq!(reminders.sent_at.len(), 2);
/// assert_eq!(serde_json::to_string(&reminders)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// A type that the module is not for does not compile:
///
/// ```compile_fail,E0277
/// #[derive(serde::Serialize)]
/// struct Signed {
///     #[serde(with = "carom::event::dotnet::base64")]
///     signature: String, // has no such form in .NET's JSON
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no such form in .NET's JSON",
    label = "not a type that this `#[serde(with = \"..\")]` is for",
    note = "the table in `carom::event::dotnet` says which module is for which type; each also takes an `Option` and a `Vec` of it"
)]
pub trait Form<F>: Sized {
    #[doc(hidden)]
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    #[doc(hidden)]
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// A value in its form: serializers take what is inside a list or an `Option` as something that serialises itself.
struct Written<'a, T, F>(&'a T, PhantomData<F>);

impl<T: Form<F>, F> Serialize for Written<'_, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// The same on the way in.
struct Read<T, F>(T, PhantomData<F>);

impl<'de, T: Form<F>, F> Deserialize<'de> for Read<T, F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(T::read(deserializer)?, PhantomData))
    }
}

impl<T: Form<F>, F> Form<F> for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&Written(value, PhantomData)),
            None => serializer.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Read<T, F>>::deserialize(deserializer)?.map(|read| read.0))
    }
}

impl<T: Form<F>, F> Form<F> for Vec<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|value| Written(value, PhantomData)))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(List(PhantomData))
    }
}

struct List<T, F>(PhantomData<(T, F)>);

impl<'de, T: Form<F>, F> Visitor<'de> for List<T, F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Read(value, _)) = list.next_element::<Read<T, F>>()? {
            values.push(value);
        }
        Ok(values)
    }
}

/// Reads a string with `parse`; `expected` says what it should be.
pub(super) fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    deserializer.deserialize_str(Text { expected, parse })
}

struct Text<P> {
    expected: &'static str,
    parse: P,
}

impl<T, P: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Text<P> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.parse)(text).map_err(|reason| E::custom(format_args!("{text:?} is not {}: {reason}", self.expected)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde::{Serialize, de::DeserializeOwned};

    /// What reading `json` says, without the place.
    pub(in super::super) fn error<T: DeserializeOwned>(json: &str) -> String {
        let error = serde_json::from_str::<T>(json).err().unwrap_or_else(|| panic!("{json} is read"));
        error.to_string().split(" at line ").next().unwrap_or_default().to_owned()
    }

    pub(in super::super) fn round_trip<T: Serialize + DeserializeOwned>(json: &str) {
        let value: T = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
    }
}

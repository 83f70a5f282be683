//! `enum` of .NET: its number on the wire.

use std::{fmt, marker::PhantomData};

use serde::{Deserializer, de::Visitor};

/// An enum that is a number on the wire; derive it with [`derive@NumericEnum`](super::NumericEnum).
///
/// ```
/// use carom::event::dotnet::NumericEnum;
///
/// #[derive(Debug, PartialEq, NumericEnum)]
/// enum PaymentMethod { Transfer, Card = 5 }
///
/// assert_eq!((PaymentMethod::NAME, PaymentMethod::NUMBERS), ("PaymentMethod", &[0, 5][..]));
/// assert_eq!(serde_json::to_string(&[PaymentMethod::Card, PaymentMethod::Transfer])?, "[5,0]");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a numeric enum",
    note = "add `#[derive(carom::event::dotnet::NumericEnum)]` to `{Self}`"
)]
pub trait NumericEnum: Sized + 'static {
    /// Name of the Rust type, without its path; errors name it.
    const NAME: &'static str;
    /// The numbers of all variants, in the order in which they are declared.
    const NUMBERS: &'static [i64];

    /// The number of this variant, as it is written.
    ///
    /// ```
    /// # use carom::event::dotnet::NumericEnum;
    /// # #[derive(NumericEnum)]
    /// # enum PaymentMethod { Transfer, Card = 5 }
    /// assert_eq!((PaymentMethod::Transfer.number(), PaymentMethod::Card.number()), (0, 5));
    /// ```
    fn number(&self) -> i64;

    /// The variant with this number; `None` if there is none, which is an error where an event is read.
    ///
    /// ```
    /// # use carom::event::dotnet::NumericEnum;
    /// # #[derive(Debug, PartialEq, NumericEnum)]
    /// # enum PaymentMethod { Transfer, Card = 5 }
    /// assert_eq!(PaymentMethod::from_number(5), Some(PaymentMethod::Card));
    /// assert_eq!(PaymentMethod::from_number(7), None);
    /// ```
    fn from_number(number: i64) -> Option<Self>;

    /// What the derive's `Deserialize` calls.
    #[doc(hidden)]
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(Number(PhantomData))
    }
}

struct Number<T>(PhantomData<T>);

impl<T: NumericEnum> Visitor<'_> for Number<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the number of a `{}`", T::NAME)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<T, E> {
        T::from_number(number).ok_or_else(|| unknown::<T, E>(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        i64::try_from(number).ok().and_then(T::from_number).ok_or_else(|| unknown::<T, E>(number))
    }
}

fn unknown<T: NumericEnum, E: serde::de::Error>(number: impl fmt::Display) -> E {
    let known = T::NUMBERS.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    E::custom(format_args!("`{}` has no variant with the number {number}; it knows {known}", T::NAME))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use carom_macros::NumericEnum;

    use super::*;
    use crate::event::dotnet::form::tests::{error, round_trip};

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, NumericEnum)]
    #[repr(i64)]
    enum Status {
        Active,
        Suspended = -5,
        Retired,
        r#Final = 1 << 40,
    }

    #[test]
    fn a_variant_is_its_number() {
        for (status, number) in
            [(Status::Active, 0), (Status::Suspended, -5), (Status::Retired, -4), (Status::Final, 1 << 40)]
        {
            assert_eq!(status.number(), number);
            assert_eq!(serde_json::to_string(&status).unwrap(), number.to_string());
            assert_eq!(serde_json::from_str::<Status>(&number.to_string()).unwrap(), status);
        }
        round_trip::<Vec<Option<Status>>>("[0,null,-5]");
        round_trip::<BTreeMap<String, Status>>(r#"{"a":-4}"#);
    }

    // Fails when `unknown` leaves out the name or the number.
    #[test]
    fn an_unknown_number_names_the_enum_and_itself() {
        let expected =
            |number| format!("`Status` has no variant with the number {number}; it knows 0, -5, -4, 1099511627776");
        for number in ["7", "-1", "9223372036854775807", "18446744073709551615"] {
            assert_eq!(error::<Status>(number), expected(number));
        }
    }

    #[test]
    fn what_is_no_number_says_so() {
        assert_eq!(error::<Status>("\"Active\""), "invalid type: string \"Active\", expected the number of a `Status`");
        assert_eq!(error::<Status>("0.5"), "invalid type: floating point `0.5`, expected the number of a `Status`");
        assert_eq!(error::<Status>("null"), "invalid type: null, expected the number of a `Status`");
    }
}

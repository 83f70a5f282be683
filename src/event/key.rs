//! Record keys made of fields: each has one text form, and `|` joins them.

use std::{borrow::Cow, fmt::Write, num, rc::Rc, sync::Arc};

use uuid::Uuid;

/// A value that may be part of a record key, because it has exactly one text form.
///
/// Strings and `char` go in as they are, integers in decimal, UUIDs lower-case with hyphens, `bool` as `True` or
/// `False` (as .NET prints it), and `None` as nothing; references, `Box`, `Arc`, `Rc` and `Cow` as what they hold.
/// Floats and date-times are left out on purpose: their text depends on who prints it, and two services that print one
/// value in two ways put it on two partitions.
///
/// `#[derive(KeyPart)]` covers enums without fields (the variant's name) and newtypes (the inner value). Whatever else
/// has one text form can say so itself:
///
/// ```
/// use carom::KeyPart;
///
/// struct Seat { row: char, number: u16 }
///
/// impl KeyPart for Seat {
///     fn write_key(&self, out: &mut String) {
///         out.push(self.row);
///         self.number.write_key(out);
///     }
/// }
///
/// let mut key = String::new();
/// Seat { row: 'C', number: 12 }.write_key(&mut key);
/// assert_eq!(key, "C12");
/// ```
///
/// ```compile_fail,E0277
/// let price: &dyn carom::KeyPart = &1.5_f64; // cannot be part of a record key
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a record key",
    label = "has no single text form that every service agrees on",
    note = "use a string, an integer, a `Uuid` or a `bool`; floats and date-times are refused because their text differs between services",
    note = "for an enum without fields or a newtype add `#[derive(carom::KeyPart)]` to `{Self}`"
)]
pub trait KeyPart {
    /// Appends the text of this value. An empty text is no key: see [`Event::key`](crate::Event::key).
    ///
    /// ```
    /// use carom::KeyPart;
    ///
    /// fn text(part: &dyn KeyPart) -> String {
    ///     let mut key = String::new();
    ///     part.write_key(&mut key);
    ///     key
    /// }
    ///
    /// assert_eq!(text(&"EU-1"), "EU-1");
    /// assert_eq!((text(&-7), text(&true), text(&None::<u64>)), ("-7".into(), "True".into(), "".into()));
    /// assert_eq!(text(&uuid::Uuid::from_u128(7)), "00000000-0000-0000-0000-000000000007");
    /// ```
    fn write_key(&self, out: &mut String);
}

impl KeyPart for str {
    fn write_key(&self, out: &mut String) {
        out.push_str(self);
    }
}

impl KeyPart for String {
    fn write_key(&self, out: &mut String) {
        out.push_str(self);
    }
}

impl KeyPart for char {
    fn write_key(&self, out: &mut String) {
        out.push(*self);
    }
}

impl KeyPart for bool {
    /// As .NET prints it.
    fn write_key(&self, out: &mut String) {
        out.push_str(if *self { "True" } else { "False" });
    }
}

impl KeyPart for Uuid {
    fn write_key(&self, out: &mut String) {
        out.push_str(self.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }
}

impl<T: KeyPart> KeyPart for Option<T> {
    fn write_key(&self, out: &mut String) {
        if let Some(part) = self {
            part.write_key(out);
        }
    }
}

impl<T: KeyPart + ToOwned + ?Sized> KeyPart for Cow<'_, T> {
    fn write_key(&self, out: &mut String) {
        self.as_ref().write_key(out);
    }
}

macro_rules! integers {
    ($($integer:ty)+) => {$(
        impl KeyPart for $integer {
            fn write_key(&self, out: &mut String) {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "{self}");
            }
        }
    )+};
}

integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
integers!(num::NonZeroI8 num::NonZeroI16 num::NonZeroI32 num::NonZeroI64 num::NonZeroI128 num::NonZeroIsize);
integers!(num::NonZeroU8 num::NonZeroU16 num::NonZeroU32 num::NonZeroU64 num::NonZeroU128 num::NonZeroUsize);

macro_rules! pointers {
    ($($pointer:ty)+) => {$(
        impl<T: KeyPart + ?Sized> KeyPart for $pointer {
            fn write_key(&self, out: &mut String) {
                (**self).write_key(out);
            }
        }
    )+};
}

pointers!(&T Box<T> Arc<T> Rc<T>);

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What the derive writes out: the parts in their order, `|` between them, no escaping.
    fn join(parts: &[&dyn KeyPart]) -> String {
        let mut key = String::new();
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                key.push('|');
            }
            part.write_key(&mut key);
        }
        key
    }

    /// Stands for `#[derive(KeyPart)]` on an enum.
    struct Variant(String);

    impl KeyPart for Variant {
        fn write_key(&self, out: &mut String) {
            out.push_str(&self.0);
        }
    }

    fn part(field: &Value) -> Box<dyn KeyPart> {
        let value = &field["value"];
        match field["type"].as_str().unwrap() {
            "string" => Box::new(value.as_str().map(str::to_owned)),
            "guid" => Box::new(Uuid::parse_str(&value.as_str().unwrap().to_uppercase()).unwrap()),
            "i32" => Box::new(i32::try_from(value.as_i64().unwrap()).unwrap()),
            "i64" => Box::new(value.as_i64().unwrap()),
            "bool" => Box::new(value.as_bool().unwrap()),
            "enum" => Box::new(Variant(value.as_str().unwrap().to_owned())),
            other => panic!("unknown type {other}"),
        }
    }

    #[test]
    fn every_key_of_the_vectors_is_momentums() {
        let file: Value =
            serde_json::from_str(include_str!("../../integration-tests/vectors/partition_keys.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 12);
        for case in cases {
            let mut fields: Vec<&Value> = case["fields"].as_array().unwrap().iter().collect();
            fields.sort_by_key(|field| (field["order"].as_i64().unwrap(), field["field"].as_str().unwrap()));
            let parts: Vec<Box<dyn KeyPart>> = fields.into_iter().map(part).collect();
            let parts: Vec<&dyn KeyPart> = parts.iter().map(AsRef::as_ref).collect();
            assert_eq!(join(&parts), case["key"].as_str().unwrap_or_default(), "{}", case["name"]);
        }
    }

    #[test]
    fn pointers_and_borrowed_texts_write_what_they_point_to() {
        let parts: [&dyn KeyPart; 6] = [
            &"a",
            &Box::<str>::from("b"),
            &Arc::<str>::from("c"),
            &Cow::Borrowed("d"),
            &&&5_u8,
            &num::NonZeroU64::new(6).unwrap(),
        ];
        assert_eq!(join(&parts), "a|b|c|d|5|6");
    }

    #[test]
    fn a_missing_part_leaves_its_separator() {
        assert_eq!(join(&[&None::<Uuid>, &Some(7), &None::<String>]), "|7|");
        assert_eq!(join(&[&None::<Uuid>]), "");
    }
}

//! What a type asks serde for, found out without any data.

use std::fmt;

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, Visitor},
    forward_to_deserialize_any,
};

/// Whether `T` asks for a struct with named fields first, as an adjacently tagged enum does, too.
///
/// What is transparent, a newtype, or read from another type asks what that one asks. What is flattened takes no array
/// anyway; an enum that is tagged inside, or untagged, asks for anything.
#[cold]
pub(super) fn asks_for_a_struct<T: DeserializeOwned>() -> bool {
    matches!(T::deserialize(Question), Err(Answer { is_struct: true }))
}

struct Question;

#[derive(Debug)]
struct Answer {
    is_struct: bool,
}

impl<'de> Deserializer<'de> for Question {
    type Error = Answer;

    fn deserialize_struct<V: Visitor<'de>>(self, _: &str, _: &[&str], _: V) -> Result<V::Value, Answer> {
        Err(Answer { is_struct: true })
    }

    // What is inside is asked, as serde_json does.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &str, visitor: V) -> Result<V::Value, Answer> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
        Err(Answer { is_struct: false })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl de::Error for Answer {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self { is_struct: false }
    }
}

impl std::error::Error for Answer {}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no data")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "read by nobody")]
    struct Fields {
        id: u64,
    }

    #[derive(Deserialize)]
    struct Newtype<T>(T);

    #[derive(Deserialize)]
    #[serde(transparent)]
    #[expect(dead_code, reason = "read by nobody")]
    struct Transparent<T> {
        inside: T,
    }

    #[derive(Deserialize)]
    #[serde(from = "Vec<u64>")]
    struct Read;

    impl From<Vec<u64>> for Read {
        fn from(_: Vec<u64>) -> Self {
            Self
        }
    }

    #[derive(Deserialize)]
    #[serde(tag = "kind", content = "of")]
    #[expect(dead_code, reason = "read by nobody")]
    enum Adjacent {
        One(Fields),
    }

    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "read by nobody")]
    enum Inside {
        One(Fields),
    }

    // Fails when a type that is an array by its author's will counts as a struct: none of its events would be handled.
    #[test]
    fn only_named_fields_are_a_struct() {
        assert!(asks_for_a_struct::<Fields>());
        assert!(asks_for_a_struct::<Newtype<Fields>>());
        assert!(asks_for_a_struct::<Transparent<Fields>>());
        assert!(asks_for_a_struct::<Adjacent>());
        assert!(!asks_for_a_struct::<Newtype<Vec<u64>>>());
        assert!(!asks_for_a_struct::<Transparent<Vec<u64>>>());
        assert!(!asks_for_a_struct::<Read>());
        assert!(!asks_for_a_struct::<(u64, u64)>());
        assert!(!asks_for_a_struct::<HashMap<String, u64>>());
        assert!(!asks_for_a_struct::<serde_json::Value>());
        // It may be written as an object or as an array, and looks for its tag itself.
        assert!(!asks_for_a_struct::<Inside>());
    }
}

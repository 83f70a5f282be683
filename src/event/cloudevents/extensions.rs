//! Extension attributes. Events carry few, so the first of them live without an allocation.

use std::{borrow::Cow, fmt};

/// The value of an extension attribute; binary mode knows only texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExtensionValue<'a> {
    /// The only one in binary mode; times and URIs are texts too.
    Text(Cow<'a, str>),
    /// From structured mode, or from the SDK.
    Boolean(bool),
    /// Likewise; CloudEvents has no longer ones.
    Integer(i32),
}

impl fmt::Display for ExtensionValue<'_> {
    /// The canonical text of CloudEvents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Integer(integer) => write!(f, "{integer}"),
        }
    }
}

impl ExtensionValue<'_> {
    /// The canonical text of CloudEvents, copied only where it is not there yet.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            other => other.to_string().into(),
        }
    }
}

impl<'a> From<&'a str> for ExtensionValue<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for ExtensionValue<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

/// How many attributes live in place.
const IN_PLACE: usize = 4;

type Entry<'a, V> = (Cow<'a, str>, V);

/// Values by attribute name; of a repeated name the last one counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named<'a, V> {
    /// Filled from the front, so a free slot ends the search.
    first: [Option<Entry<'a, V>>; IN_PLACE],
    /// Where a producer sent more; not overwritten in place, because looking for each of thousands takes its square.
    rest: Vec<Entry<'a, V>>,
}

impl<V> Default for Named<'_, V> {
    fn default() -> Self {
        Self { first: [const { None }; IN_PLACE], rest: Vec::new() }
    }
}

impl<'a, V> Named<'a, V> {
    /// Adds an attribute. [`Named::settle`] has to follow the last one.
    pub(super) fn push(&mut self, name: Cow<'a, str>, value: V) {
        for slot in &mut self.first {
            if slot.as_ref().is_none_or(|(taken, _)| *taken == name) {
                *slot = Some((name, value));
                return;
            }
        }
        self.rest.push((name, value));
    }

    /// Drops what was overwritten. By sorting, because a producer may have sent thousands.
    pub(super) fn settle(&mut self) {
        self.rest.reverse();
        self.rest.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.rest.dedup_by(|(left, _), (right, _)| left == right);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.first.iter().flatten().chain(&self.rest).map(|(name, value)| (name.as_ref(), value))
    }

    /// The same names with other values; the first error ends it.
    pub(super) fn try_map<W, E>(
        self,
        mut change: impl FnMut(&str, V) -> Result<Option<W>, E>,
    ) -> Result<Named<'a, W>, E> {
        let mut out = Named::default();
        for (name, value) in self.first.into_iter().flatten().chain(self.rest) {
            if let Some(value) = change(&name, value)? {
                out.push(name, value);
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_name_counts_in_place_and_beyond() {
        let mut named = Named::default();
        for round in 0..3 {
            for name in ["a", "b", "c", "d", "e", "f", "g"] {
                named.push(Cow::Borrowed(name), round);
            }
        }
        named.settle();
        let all: Vec<_> = named.iter().collect();
        assert_eq!(all, [("a", &2), ("b", &2), ("c", &2), ("d", &2), ("e", &2), ("f", &2), ("g", &2)]);
        assert_eq!(named.get("g"), Some(&2));
        assert_eq!(named.get("h"), None);
    }

    #[test]
    fn few_attributes_take_no_allocation() {
        let mut named = Named::default();
        for name in ["a", "b", "c", "d", "a"] {
            named.push(Cow::Borrowed(name), ());
        }
        assert_eq!(named.rest.capacity(), 0);
    }
}

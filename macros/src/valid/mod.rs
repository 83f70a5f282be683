//! Every rule and every message.
//!
//! A message is lower case without a full stop: first what is wrong, in the user's words, then what to type. It points
//! at the smallest token that has to change. A rule that fails stops the check, so one mistake is one error.
//!
//! ```text
//!  #[event(topic = 1)]
//!                  ─  `topic` is a string: write `topic = ".."`
//! ```
//!
//! There is a file for each macro, and in it the functions that the macro calls; one of them, such as `event` or
//! `actor`, takes what was written and gives what `expand` needs. What several macros need is here. The texts are
//! behaviour; their cases, with all that rustc prints, are in `integration-tests/tests/ui`.

mod actor;
mod doubtful;
mod event;
mod handler;
mod key;
mod numeric;
mod owned;
mod state;
#[cfg(test)]
mod tests;
mod twins;

pub(crate) use actor::{Unshared, actor, unprovided, unshared};
pub(crate) use event::event;
pub(crate) use handler::{handler, shape, target};
pub(crate) use key::key_part;
pub(crate) use numeric::{numeric_enum, outside};
pub(crate) use state::from_ref;

use quote::ToTokens;
use syn::{Data, DataStruct, DeriveInput, Error, Field, Lit, Member, Result, Type};

use crate::attr::{Entry, Value};

/// The text of `key = ".."`, as it was written; it may be empty.
fn text(entry: &Entry) -> Result<String> {
    match &entry.value {
        Value::Lit(Lit::Str(text)) => Ok(text.value()),
        _ => {
            Err(Error::new_spanned(entry.value_tokens(), format!("`{0}` is a string: write `{0} = \"..\"`", entry.key)))
        }
    }
}

/// The text of `key = ".."` that must not be blank.
fn filled(entry: &Entry) -> Result<String> {
    let text = text(entry)?;
    if text.trim().is_empty() {
        let message = format!("`{}` is empty: write a name, or leave the key out", entry.key);
        return Err(Error::new_spanned(entry.value_tokens(), message));
    }
    Ok(text)
}

/// The text of a key that becomes a segment of the topic. Kafka would refuse the whole name, at run time; here the
/// token that is to blame is known.
fn segment(entry: &Entry) -> Result<String> {
    let text = text(entry)?;
    match text.chars().find(|&c| !legal_in_topic(c)) {
        None => Ok(text),
        Some(c) => {
            let message = format!(
                "`{}` becomes a part of the topic, which cannot hold `{c}`: use `a-z`, `0-9`, `.`, `_` and `-`",
                entry.key
            );
            Err(Error::new_spanned(entry.value_tokens(), message))
        }
    }
}

/// Kafka's rule for names. Upper case passes: names are lower-cased when they are made.
fn legal_in_topic(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// A key that stands alone, such as `internal`. `internal = false` is refused too: to leave it out says the same.
fn flag(entry: &Entry) -> Result<()> {
    match entry.value {
        Value::Nothing => Ok(()),
        _ => Err(Error::new_spanned(&entry.key, format!("`{0}` takes no value: write `{0}` alone", entry.key))),
    }
}

/// A key that the attribute does not have, with all that it has. `attribute` is the word for it in the message.
fn unknown(entry: &Entry, attribute: &str, expected: &[&str]) -> Error {
    let expected = expected.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    Error::new_spanned(&entry.key, format!("unknown {attribute} key `{}`; expected {expected}", entry.key))
}

/// Refuses a key that is given twice, unless it may be.
///
/// It gives the entries back, so a loop over them cannot forget the check.
fn once<'a>(entries: &'a [Entry], repeatable: &[&str]) -> Result<&'a [Entry]> {
    for (i, entry) in entries.iter().enumerate() {
        let name = entry.name();
        if !repeatable.contains(&name.as_str()) && entries[..i].iter().any(|before| before.name() == name) {
            return Err(Error::new_spanned(&entry.key, format!("`{name}` is given twice: keep one of them")));
        }
    }
    Ok(entries)
}

/// Refuses type parameters, lifetimes too, where what is generated has to be of one type; `why` ends the sentence.
fn no_generics(input: &DeriveInput, why: &str) -> Result<()> {
    if input.generics.params.is_empty() {
        return Ok(());
    }
    Err(Error::new_spanned(&input.generics.params, format!("`{}` cannot be generic: {why}", input.ident)))
}

/// The struct behind a derive; `kind` is what it is meant to be, with its article, such as `an actor`.
fn struct_of<'a>(input: &'a DeriveInput, kind: &str) -> Result<&'a DataStruct> {
    match &input.data {
        Data::Struct(data) => Ok(data),
        Data::Enum(_) | Data::Union(_) => {
            Err(Error::new_spanned(&input.ident, format!("{kind} is a struct: make `{}` one", input.ident)))
        }
    }
}

/// The fields with the names under which they are reached, which tuple structs have too: `0`, `1`.
fn members(data: &DataStruct) -> impl Iterator<Item = (Member, &Field)> {
    data.fields.members().zip(&data.fields)
}

/// A member as the user thinks of it.
fn member_name(member: &Member) -> String {
    match member {
        Member::Named(name) => syn::ext::IdentExt::unraw(name).to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// The last segment of a type's path, if it is a path. All that can be compared without knowing what is in scope:
/// `Order` and `sales::Order` may be the same, `Order` and `Payment` are not, but for an alias.
fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Group(group) => last_name(&group.elem),
        Type::Paren(paren) => last_name(&paren.elem),
        _ => None,
    }
}

/// Tokens as a person writes them.
fn source(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, tight) in [
        (" :: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (":: ", "::"),
        ("' ", "'"),
        ("> ::", ">::"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

//! What compiles, and is probably not meant: rustc warns of it.

use syn::{Error, Ident, ext::IdentExt};

use super::text;
use crate::{attr::Entry, name};

/// `OrderPlacedV2` where nothing is said about its version. It is dropped from the default type, so the event has the
/// type and the topic of version 1, and is read as that.
pub(super) fn other_version(ident: &Ident) -> Option<Error> {
    let name = ident.unraw().to_string();
    let number = name::split_version(&name).1.filter(|number| *number != "1")?;
    let message = format!(
        "`{name}` ends in `V{number}`, and its version is `v1`: write `version = \"v{number}\"` in `#[event(..)]`, \
         `version = \"v1\"` if that is meant, or give it another name"
    );
    Some(Error::new(ident.span(), message))
}

/// `topic = "dev.shop.public.orders.v1"`, all that Kafka shows. No error: `a.public.b` may be one part of somebody's
/// topic.
pub(super) fn whole_topic(entry: &Entry) -> Option<Error> {
    let topic = text(entry).ok()?;
    let name = topic.to_lowercase();
    let internal = || Some((name.split_once(".internal.")?.1, ", internal"));
    let (end, scope) = name.split_once(".public.").map(|(_, end)| (end, "")).or_else(internal)?;
    let (part, version) = match end.rsplit_once('.') {
        Some((part, "v1")) => (part, String::new()),
        Some((part, version)) if is_version(version) => (part, format!(", version = \"{version}\"")),
        _ => (end, ", version = \"\"".to_owned()),
    };
    if part.is_empty() {
        return None;
    }
    let message = format!(
        "`{topic}` looks like a whole topic, and `topic` is one part of it: write \
         `topic = \"{part}\"{version}{scope}`; environment, `domain`, `public` or `internal`, and `version` are put around it"
    );
    Some(Error::new_spanned(entry.value_tokens(), message))
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

//! What an actor may look like.

use syn::{DeriveInput, Error, Result};

use super::{flag, members, once, struct_of, unknown};
use crate::{
    actor::{Part, Spec},
    attr,
};

/// Checks an actor: a struct whose fields come from the bus state or from `Default`.
pub(crate) fn actor(input: &DeriveInput) -> Result<Spec> {
    let data = struct_of(input, "an actor")?;
    if let Some(span) = attr::span(&input.attrs, "actor") {
        return Err(Error::new(span, "`#[actor(..)]` marks a field: move it above the field"));
    }
    let mut parts = Vec::new();
    for (member, field) in members(data) {
        let entries = attr::entries(&field.attrs, "actor")?;
        if let (Some([]), Some(span)) = (entries.as_deref(), attr::span(&field.attrs, "actor")) {
            return Err(Error::new(span, "`#[actor]` says nothing here: write `#[actor(default)]`"));
        }
        for entry in once(entries.as_deref().unwrap_or_default(), &[])? {
            match entry.name().as_str() {
                "default" => flag(entry)?,
                _ => return Err(unknown(entry, "actor", &["default"])),
            }
        }
        parts.push(Part { member, ty: field.ty.clone(), is_default: entries.is_some() });
    }
    Ok(Spec { parts })
}

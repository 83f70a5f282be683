//! What a bus state may look like.

use syn::{DeriveInput, Error, Result};

use super::{flag, members, no_generics, once, struct_of, twins, unknown};
use crate::{attr, state::Part};

/// Checks a bus state: a struct in which every type occurs once.
///
/// ```text
/// #[derive(FromRef)]
/// struct App {
///     orders: Pool,
///     audit: Pool,
///            ────  `orders` and `audit` are both `Pool`, and actors ask by type: wrap one, as in
/// }                `struct Audit(Pool);`, or mark it `#[from_ref(skip)]`
/// ```
pub(crate) fn from_ref(input: &DeriveInput) -> Result<Vec<Part>> {
    no_generics(input, "actors ask for their dependencies by type, so name the types of the fields")?;
    let data = struct_of(input, "a bus state")?;
    if let Some(span) = attr::span(&input.attrs, "from_ref") {
        return Err(Error::new(span, "`#[from_ref(..)]` marks a field: move it above the field"));
    }
    let mut parts: Vec<Part> = Vec::new();
    for (member, field) in members(data) {
        let entries = attr::entries(&field.attrs, "from_ref")?;
        if let (Some([]), Some(span)) = (entries.as_deref(), attr::span(&field.attrs, "from_ref")) {
            return Err(Error::new(span, "`#[from_ref]` says nothing here: write `#[from_ref(skip)]`"));
        }
        for entry in once(entries.as_deref().unwrap_or_default(), &[])? {
            match entry.name().as_str() {
                "skip" => flag(entry)?,
                _ => return Err(unknown(entry, "state", &["skip"])),
            }
        }
        if entries.is_none() {
            let part = Part { member, ty: field.ty.clone() };
            let before = parts.iter().map(|other| (&other.member, &other.ty));
            twins::distinct(before, (&part.member, &part.ty), "actors ask by type", "#[from_ref(skip)]")?;
            parts.push(part);
        }
    }
    Ok(parts)
}

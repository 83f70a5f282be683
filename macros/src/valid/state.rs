//! What a bus state may look like.

use quote::ToTokens;
use syn::{DeriveInput, Error, Result};

use super::{flag, member_name, members, no_generics, once, source, struct_of, unknown};
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
            distinct(&parts, &part)?;
            parts.push(part);
        }
    }
    Ok(parts)
}

/// Whether the type is another one than those before, as written: two names of one type pass here, and rustc reports
/// the second impl.
fn distinct(parts: &[Part], part: &Part) -> Result<()> {
    let text = part.ty.to_token_stream().to_string();
    let Some(twin) = parts.iter().find(|other| other.ty.to_token_stream().to_string() == text) else { return Ok(()) };
    let (first, second) = (member_name(&twin.member), member_name(&part.member));
    let ty = source(&part.ty);
    let message = format!(
        "`{first}` and `{second}` are both `{ty}`, and actors ask by type: wrap one, as in `struct {}({ty});`, or mark it `#[from_ref(skip)]`",
        newtype(&second)
    );
    Err(Error::new_spanned(&part.ty, message))
}

/// `read_replica` as the name of a type; a tuple field has no name to start from.
fn newtype(field: &str) -> String {
    if field.starts_with(|c: char| c.is_ascii_digit()) {
        return "Second".to_owned();
    }
    let words = field.split('_').filter(|word| !word.is_empty());
    words
        .flat_map(|word| word.chars().enumerate().map(|(i, c)| if i == 0 { c.to_ascii_uppercase() } else { c }))
        .collect()
}

//! Fields that only their types tell apart.

use quote::ToTokens;
use syn::{Error, Member, Result, Type};

use super::{member_name, source};

/// A field, and the type that stands for it.
pub(super) type Typed<'a> = (&'a Member, &'a Type);

/// Whether the type is another one than those before, as written: a second name of one type passes here. `why` says
/// what types are for, and `mark` how a field is taken out.
///
/// ```text
/// struct Billing {
///     live: Gateway,
///     sandbox: Gateway,
///              ───────  `live` and `sandbox` are both `Gateway`, and ..: wrap one, as in
/// }                     `struct Sandbox(Gateway);`, or mark it `#[actor(default)]`
/// ```
pub(super) fn distinct<'a>(
    before: impl IntoIterator<Item = Typed<'a>>,
    (member, ty): Typed<'_>,
    why: &str,
    mark: &str,
) -> Result<()> {
    let text = ty.to_token_stream().to_string();
    let Some((twin, _)) = before.into_iter().find(|(_, other)| other.to_token_stream().to_string() == text) else {
        return Ok(());
    };
    let (first, second, shown) = (member_name(twin), member_name(member), source(ty));
    let message = format!(
        "`{first}` and `{second}` are both `{shown}`, and {why}: wrap one, as in `struct {}({shown});`, or mark it `{mark}`",
        newtype(&second)
    );
    Err(Error::new_spanned(ty, message))
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

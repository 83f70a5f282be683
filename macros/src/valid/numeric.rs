//! What can be a number on the wire.
//!
//! What rustc checks by itself is left to it: that a number stands behind a `=`, and that no two variants have the
//! same.

use proc_macro2::TokenTree;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result};

use super::no_generics;

/// Checks a `#[derive(NumericEnum)]`: an enum without fields; its variants.
pub(crate) fn numeric_enum(input: &DeriveInput) -> Result<Vec<Ident>> {
    no_generics(input, "a number has no room for type parameters")?;
    let Data::Enum(data) = &input.data else {
        let message = format!("a numeric enum is an enum: make `{}` one", input.ident);
        return Err(Error::new_spanned(&input.ident, message));
    };
    if data.variants.is_empty() {
        let message = format!("`{}` has no variants, so no number can be read: add one", input.ident);
        return Err(Error::new_spanned(&input.ident, message));
    }
    if let Some(wide) = wide_repr(input) {
        let message =
            format!("a number on the wire has 64 bits at most, with its sign: write `i64` in place of `{wide}`");
        return Err(Error::new(wide.span(), message));
    }
    match data.variants.iter().find(|variant| !matches!(variant.fields, Fields::Unit)) {
        None => Ok(data.variants.iter().map(|variant| variant.ident.clone()).collect()),
        Some(variant) => {
            let message = format!(
                "`{}` has fields, which a number cannot carry: remove them, or derive serde's traits instead",
                variant.ident
            );
            Err(Error::new_spanned(&variant.ident, message))
        }
    }
}

/// The `u128` of `#[repr(u128)]`. Of all others, [`outside`] can tell by the number itself.
fn wide_repr(input: &DeriveInput) -> Option<Ident> {
    let reprs = input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr"));
    let tokens = reprs.filter_map(|attribute| attribute.meta.require_list().ok()).flat_map(|list| list.tokens.clone());
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "u128" || ident == "i128" => Some(ident),
        _ => None,
    })
}

/// What rustc says of a variant whose number is no `i64`: what it is, only rustc knows.
pub(crate) fn outside(variant: &Ident) -> String {
    format!(
        "the number of `{variant}` is greater than 9223372036854775807, and would be another one on the wire: write a \
         smaller one, or a struct with a field for it"
    )
}

//! What can be a number on the wire.
//!
//! What rustc checks by itself is left to it: that a number stands behind a `=`, and that no two variants have the
//! same.

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

//! `#[derive(FromRef)]`: a state struct offers each of its fields to actors.
//!
//! It is the other half of `#[derive(Actor)]`: actors ask by type, so a type may be offered once. `valid` refuses the
//! second, which rustc would call a conflicting impl.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, Ident, Member, Type, spanned::Spanned};

use crate::{fallback, valid};

/// A field that actors may ask for; those with `skip` are no parts.
pub(crate) struct Part {
    /// Where in the state the value is.
    pub(crate) member: Member,
    /// What an actor has to ask for to get it.
    pub(crate) ty: Type,
}

/// The whole derive:
///
/// ```text
/// #[derive(FromRef)]                  impl ::carom::FromRef<App> for Gateway {
/// struct App {                            fn from_ref(state: &App) -> Self { Clone::clone(&state.gateway) }
///     gateway: Gateway,          ─▶   }
///     #[from_ref(skip)]
///     secret: String,
/// }
/// ```
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match valid::from_ref(input) {
        Ok(parts) => parts.iter().map(|part| expand(&input.ident, part)).collect(),
        Err(error) => fallback::from_ref(input, &error),
    }
}

/// The impl for one field. It has the span of the field's type: rustc points there if the type is no `Clone`.
fn expand(state: &Ident, part: &Part) -> TokenStream {
    let Part { member, ty } = part;
    let span = ty.span().resolved_at(Span::call_site());
    quote_spanned! {span=>
        #[automatically_derived]
        impl ::carom::FromRef<#state> for #ty {
            fn from_ref(state: &#state) -> Self {
                <#ty as ::core::clone::Clone>::clone(&state.#member)
            }
        }
    }
}

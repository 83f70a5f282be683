//! `#[derive(FromRef)]`: a state struct offers each of its fields to actors.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, Ident, Member, Type, spanned::Spanned};

use crate::{fallback, valid};

/// A field that actors may ask for; those with `skip` are no parts.
pub(crate) struct Part {
    pub(crate) member: Member,
    pub(crate) ty: Type,
}

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match valid::from_ref(input) {
        Ok(parts) => parts.iter().map(|part| expand(&input.ident, part)).collect(),
        Err(error) => fallback::from_ref(input, &error),
    }
}

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

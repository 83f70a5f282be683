//! `#[derive(KeyPart)]`: a variant's name, or what a newtype wraps.
//!
//! Its text is part of the wire format: it decides about the partition. So there is no attribute that changes it, and
//! the names of variants are taken as they stand in the source; serde's `rename` has no say.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Ident, Member, Type, ext::IdentExt, parse_quote, spanned::Spanned};

use crate::{fallback, valid};

/// A key part, checked: of everything else there is more than one text that somebody could mean.
pub(crate) enum Shape {
    /// An enum without fields: its variants.
    Names(Vec<Ident>),
    /// A newtype: its field.
    Newtype(Member, Box<Type>),
}

/// The whole derive:
///
/// ```text
/// #[derive(KeyPart)]                  impl ::carom::KeyPart for Region {
/// enum Region { Eu, Us }         ─▶       fn write_key(&self, out: &mut String) { out.push_str(match self { .. }) }
///                                     }
///
/// #[derive(KeyPart)]                  impl ::carom::KeyPart for CustomerId {
/// struct CustomerId(u64);        ─▶       fn write_key(&self, out: &mut String) { u64::write_key(&self.0, out) }
///                                     }
/// ```
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match valid::key_part(input) {
        Ok(shape) => expand(input, &shape),
        Err(error) => fallback::key_part(input, &error),
    }
}

/// The impl. A generic newtype gets the bound that its field is a key part; one that is not generic needs none, and
/// rustc reports a field that is no key part where its type is written.
fn expand(input: &DeriveInput, shape: &Shape) -> TokenStream {
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if let (Shape::Newtype(_, ty), false) = (shape, generics.params.is_empty()) {
        generics.make_where_clause().predicates.push(parse_quote!(#ty: ::carom::KeyPart));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let write = match shape {
        Shape::Names(names) => names_of(names),
        Shape::Newtype(member, ty) => {
            let span = ty.span().resolved_at(Span::call_site());
            quote_spanned!(span=> <#ty as ::carom::KeyPart>::write_key(&self.#member, out))
        }
    };
    quote! {
        #[automatically_derived]
        impl #impl_generics ::carom::KeyPart for #ident #ty_generics #where_clause {
            fn write_key(&self, out: &mut ::std::string::String) {
                #write
            }
        }
    }
}

/// The variant's name, without the mark of a raw one (`r#type`). An enum without variants has no value that could be
/// asked.
fn names_of(variants: &[Ident]) -> TokenStream {
    if variants.is_empty() {
        return quote!({
            let _ = out;
            match *self {}
        });
    }
    let names = variants.iter().map(|variant| variant.unraw().to_string());
    quote!(out.push_str(match self { #(Self::#variants => #names,)* }))
}

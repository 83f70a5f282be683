//! `#[derive(NumericEnum)]`: an enum that is a number on the wire.
//!
//! Serde's traits are implemented here, because its derives know no numbers; through the serde that carom re-exports,
//! so that a crate need not depend on it by that name. What is read and what is said of an unknown number is a method
//! of the trait: each enum brings its numbers only.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Ident, ext::IdentExt};

use crate::{fallback, valid};

/// The whole derive:
///
/// ```text
/// #[derive(NumericEnum)]              impl NumericEnum for PaymentMethod { NAME, NUMBERS, number, from_number }
/// enum PaymentMethod {           ─▶   impl Serialize for PaymentMethod { .. }     // 0 or 5
///     Transfer,                       impl Deserialize<'_> for PaymentMethod { .. }
///     Card = 5,
/// }
/// ```
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match valid::numeric_enum(input) {
        Ok(variants) => expand(&input.ident, &variants),
        Err(error) => fallback::numeric_enum(input, &error),
    }
}

/// The impls. The numbers are those that rustc gives the variants: `as i64` counts on from the last one that was
/// written, as C# does. A `match` on numbers would not take such constants, so `from_number` is a chain of `if`s.
fn expand(ident: &Ident, variants: &[Ident]) -> TokenStream {
    let name = ident.unraw().to_string();
    let fits = variants.iter().map(|variant| fits(ident, variant));
    quote! {
        #(#fits)*

        #[automatically_derived]
        impl ::carom::event::dotnet::NumericEnum for #ident {
            const NAME: &'static str = #name;
            const NUMBERS: &'static [i64] = &[#(Self::#variants as i64),*];

            fn number(&self) -> i64 {
                match self {
                    #(Self::#variants => Self::#variants as i64,)*
                }
            }

            fn from_number(number: i64) -> ::core::option::Option<Self> {
                #(if number == Self::#variants as i64 {
                    return ::core::option::Option::Some(Self::#variants);
                })*
                ::core::option::Option::None
            }
        }

        #[automatically_derived]
        impl ::carom::__private::serde::Serialize for #ident {
            fn serialize<S: ::carom::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                ::carom::__private::serde::Serializer::serialize_i64(
                    serializer,
                    ::carom::event::dotnet::NumericEnum::number(self),
                )
            }
        }

        #[automatically_derived]
        impl<'de> ::carom::__private::serde::Deserialize<'de> for #ident {
            fn deserialize<D: ::carom::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                <Self as ::carom::event::dotnet::NumericEnum>::read(deserializer)
            }
        }
    }
}

/// Has rustc refuse a number that `as i64` would make another one: a `#[repr(u64)]` has room for such.
fn fits(ident: &Ident, variant: &Ident) -> TokenStream {
    let message = valid::outside(variant);
    quote_spanned! {variant.span()=>
        const _: () = ::core::assert!(#ident::#variant as i128 <= ::core::primitive::i64::MAX as i128, #message);
    }
}

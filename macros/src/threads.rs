//! Fields that cannot go to another thread, reported where their types are written, once each.
//!
//! That an actor is `Send` is asked of it in many places: by `Actor`, by each handler and its future. All of these take
//! it for granted in what the macros write, so that only what is written here complains.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Ident, Type, ext::IdentExt, spanned::Spanned};

use crate::{
    actor::Part,
    valid::{self, Unshared},
};

/// What has no other purpose than to be checked. A bound on an associated type is, as one in a `where` is, checked
/// before functions are, and comes without a word about features of rustc:
///
/// ```text
/// trait __Fields               { type __F0: Portable;  type __F1: __Portable1;     }
/// impl __Fields for __Billing  { type __F0 = u64;      type __F1 = Arc<dyn Email>; }
/// ```
pub(crate) fn check(ident: &Ident, parts: &[Part]) -> TokenStream {
    let fields: Vec<Field> = parts.iter().enumerate().map(|(i, part)| field(i, &part.ty)).collect();
    let traits = fields.iter().map(|field| &field.portable);
    let bounds = fields.iter().map(|field| &field.bound);
    let types = fields.iter().map(|field| &field.ty);
    let actor = format_ident!("__{}", ident.unraw());
    quote! {
        const _: () = {
            #(#traits)*
            trait __Fields { #(#bounds)* }
            struct #actor;
            impl __Fields for #actor { #(#types)* }
        };
    }
}

/// What is written for one field.
struct Field {
    /// A trait made for it, if its message has to name something.
    portable: Option<TokenStream>,
    /// `type __F0: Portable;`
    bound: TokenStream,
    /// `type __F0 = u64;`
    ty: TokenStream,
}

/// All of it stands where the type is written.
fn field(i: usize, ty: &Type) -> Field {
    let span = ty.span().resolved_at(Span::call_site());
    let field = format_ident!("__F{i}", span = span);
    let ty_item = quote_spanned!(span=> type #field = #ty;);
    let Some(Unshared { message, note }) = valid::unshared(ty) else {
        let bound = quote_spanned!(span=> type #field: ::carom::__private::Portable;);
        return Field { portable: None, bound, ty: ty_item };
    };
    let name = format_ident!("__Portable{i}", span = span);
    let portable = quote! {
        #[diagnostic::on_unimplemented(message = #message, label = "not `Send`", note = #note)]
        trait #name {}

        #[diagnostic::do_not_recommend]
        impl<__T: ::core::marker::Send + ?::core::marker::Sized> #name for __T {}
    };
    Field { portable: Some(portable), bound: quote_spanned!(span=> type #field: #name;), ty: ty_item }
}

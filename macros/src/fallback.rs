//! What stands beside an error: an impl that type-checks, so that the mistake is reported once.
//!
//! Without it, everything that uses the type would complain as well, in words that lead away from the mistake: each
//! handler of an event, each publish, each `.supervise` of an actor. No program that compiles runs what is written
//! here.
//!
//! The attribute `#[handler]` has more to keep: the names that the user imported for the signature must not become
//! unused.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Data, DeriveInput, Error, FnArg, PathArguments, parse_quote};

use crate::{
    attr,
    handler::{Item, Target},
    valid,
};

/// An event without topic.
///
/// It is generic where the user's struct is: that is one of the mistakes, and it is reported once.
pub(crate) fn event(input: &DeriveInput, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        generics.make_where_clause().predicates.push(parse_quote!(Self: ::core::marker::Send + 'static));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #error
        #[automatically_derived]
        impl #impl_generics ::carom::Event for #ident #ty_generics #where_clause {
            fn descriptor() -> &'static ::carom::__private::Descriptor {
                ::core::unreachable!()
            }

            fn key(&self) -> ::core::option::Option<::std::string::String> {
                ::core::unreachable!()
            }

            fn codec() -> ::carom::__private::Codec<Self> {
                ::core::unreachable!()
            }
        }
    }
}

/// A key part without text. An event that has it in its key is all right then.
pub(crate) fn key_part(input: &DeriveInput, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #error
        #[automatically_derived]
        impl #impl_generics ::carom::KeyPart for #ident #ty_generics #where_clause {
            fn write_key(&self, _: &mut ::std::string::String) {}
        }
    }
}

/// A numeric enum that knows no number: only serde's traits, which an event with such a field asks for.
pub(crate) fn numeric_enum(input: &DeriveInput, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let mut with_lifetime = input.generics.clone();
    with_lifetime.params.insert(0, parse_quote!('__de));
    let (impl_with_lifetime, ..) = with_lifetime.split_for_impl();
    quote! {
        #error
        #[automatically_derived]
        impl #impl_generics ::carom::__private::serde::Serialize for #ident #ty_generics #where_clause {
            fn serialize<__S: ::carom::__private::serde::Serializer>(
                &self,
                _: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                ::core::unreachable!()
            }
        }

        #[automatically_derived]
        impl #impl_with_lifetime ::carom::__private::serde::Deserialize<'__de> for #ident #ty_generics #where_clause {
            fn deserialize<__D: ::carom::__private::serde::Deserializer<'__de>>(
                _: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                ::core::unreachable!()
            }
        }
    }
}

/// An actor that every state can build, so that `.supervise` has nothing to add.
pub(crate) fn actor(input: &DeriveInput, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        generics.make_where_clause().predicates.push(parse_quote!(Self: ::core::marker::Send + 'static));
    }
    let (_, ty_generics, where_clause) = generics.split_for_impl();
    let (impl_generics, ..) = generics.split_for_impl();
    let mut with_state = generics.clone();
    with_state.params.push(parse_quote!(__S));
    let (impl_with_state, ..) = with_state.split_for_impl();
    quote! {
        #error
        #[automatically_derived]
        impl #impl_generics ::carom::Actor for #ident #ty_generics #where_clause {}
        #[automatically_derived]
        impl #impl_with_state ::carom::__private::FromState<__S> for #ident #ty_generics #where_clause {
            fn from_state(_: &__S) -> Self {
                ::core::unreachable!()
            }
        }
    }
}

/// A state whose fields are there, each type once: two of one type would be conflicting impls. A field with
/// `#[from_ref]` is left out, whatever it says; so are all fields of a generic state.
pub(crate) fn from_ref(input: &DeriveInput, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    let state = &input.ident;
    let mut types: Vec<&syn::Type> = Vec::new();
    if let (Data::Struct(data), true) = (&input.data, input.generics.params.is_empty()) {
        for field in &data.fields {
            let is_new =
                !types.iter().any(|ty| ty.to_token_stream().to_string() == field.ty.to_token_stream().to_string());
            if is_new && attr::span(&field.attrs, "from_ref").is_none() {
                types.push(&field.ty);
            }
        }
    }
    quote! {
        #error
        #(
            #[automatically_derived]
            impl ::carom::FromRef<#state> for #types {
                fn from_ref(_: &#state) -> Self {
                    ::core::unreachable!()
                }
            }
        )*
    }
}

/// Something else than an impl: it stays as it is, so that editors go on completing in it while it is being written.
pub(crate) fn not_an_impl(item: &TokenStream) -> TokenStream {
    let message = "`#[handler]` stands on an `impl Handler<Event> for Actor`";
    let error = Error::new(Span::call_site(), message).to_compile_error();
    quote!(#error #item)
}

/// A handler that counts as registered, as the user wrote it if `handle` has the right shape.
///
/// | mistake | what stands beside the error |
/// |---|---|
/// | arguments, type parameters | the user's impl, and the registration |
/// | `handle` is not there, or has another shape | a stub, and the registration |
/// | `impl Handler for Billing` | the same, for the event that `handle` takes; nothing if it takes none |
/// | an impl of something else, of `carom::Handler` without an event, or of `Handler<A, B>` | the user's impl alone |
///
/// The registration here is the trait alone: nothing is submitted to `inventory`.
pub(crate) fn handler(item: TokenStream, parsed: &Item, error: &Error) -> TokenStream {
    let error = error.to_compile_error();
    let target = match (valid::target(parsed), &parsed.header.trait_) {
        (Ok(target), _) => target,
        // `impl Handler for Billing`: rustc would miss the event as well, so `handle` has to tell it.
        (Err(_), Some((_, path, _))) if path.is_ident("Handler") => match parsed.event_of_handle() {
            Some(event) => Target { event, actor: (*parsed.header.self_ty).clone() },
            None => return error,
        },
        (Err(_), _) => return quote!(#error #item),
    };
    let item = if valid::shape(parsed, &target).is_ok() && valid::target(parsed).is_ok() {
        item
    } else {
        stub(parsed, &target)
    };
    let Target { event, actor } = &target;
    let cfgs = attr::cfgs(&parsed.header.attrs);
    let (generics, _, where_clause) = parsed.header.generics.split_for_impl();
    quote! {
        #error

        #[allow(refining_impl_trait)]
        #item

        #(#cfgs)*
        impl #generics ::carom::__private::Registered<#event> for #actor #where_clause {}
    }
}

/// The impl with a `handle` of the right shape that does nothing.
fn stub(parsed: &Item, target: &Target) -> TokenStream {
    let Target { event, actor } = target;
    let header = &parsed.header;
    let cfgs = attr::cfgs(&header.attrs);
    let (generics, _, where_clause) = header.generics.split_for_impl();
    let mut path = header.trait_.as_ref().map_or_else(|| parse_quote!(::carom::Handler), |(_, path, _)| path.clone());
    if let Some(segment) = path.segments.last_mut() {
        segment.arguments = PathArguments::AngleBracketed(parse_quote!(<#event>));
    }
    let types = types_of(parsed);
    quote! {
        #(#cfgs)*
        impl #generics #path for #actor #where_clause {
            async fn handle(
                &mut self,
                _: #event,
                _: &mut ::carom::Context<'_>,
            ) -> ::core::result::Result<(), ::carom::Failure> {
                #(let _: ::core::option::Option<#types>;)*
                ::core::unreachable!()
            }
        }
    }
}

/// The types of the user's signature: named again, so that their imports do not look unused.
fn types_of(parsed: &Item) -> Vec<TokenStream> {
    let Some(handle) = &parsed.handle else { return Vec::new() };
    let inputs = handle.arguments().into_iter().flatten().filter_map(|argument| match argument {
        FnArg::Typed(typed) => Some(typed.ty.to_token_stream()),
        FnArg::Receiver(_) => None,
    });
    let output = handle.returned();
    let is_nameable = syn::parse2(output.clone()).is_ok_and(|ty: syn::Type| !matches!(ty, syn::Type::ImplTrait(_)));
    inputs.chain(is_nameable.then_some(output)).collect()
}

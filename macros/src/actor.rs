//! `#[derive(Actor)]`: an actor that is built from the bus state.
//!
//! Its fields are asked of the state by their types. Which state that is, only the call of `.supervise` knows, so what
//! is generated holds for every state that has these types.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Member, Type, parse_quote, spanned::Spanned};

use crate::{fallback, threads, valid};

/// An actor, checked.
pub(crate) struct Spec {
    /// All fields, in their order: each has to be given a value.
    pub(crate) parts: Vec<Part>,
}

/// A field of an actor, and where its value comes from.
pub(crate) struct Part {
    /// A name, or a number: what is built is written with braces, which tuple structs take too.
    pub(crate) member: Member,
    /// What is asked of the state; also the place where rustc points if the type has no `Default`.
    pub(crate) ty: Type,
    /// `#[actor(default)]`: the field is the actor's own. No state has to have its type.
    pub(crate) is_default: bool,
}

/// The whole derive:
///
/// ```text
/// #[derive(Actor)]                 impl ::carom::Actor for Billing {}
/// struct Billing {                 const _: () = { .. each field may go to another thread .. };
///     gateway: Gateway,            const _: () = {
///     #[actor(default)]      ─▶        pub trait __Provides<A> { fn build(&self) -> A; }
///     charged: u64,                    impl<__S> __Provides<Billing> for __S where Gateway: FromRef<__S> { .. }
/// }                                    impl<__S> FromState<__S> for Billing where __S: __Provides<Billing> { .. }
///                                  };
/// ```
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match valid::actor(input) {
        Ok(spec) => expand(input, &spec),
        Err(error) => fallback::actor(input, &error),
    }
}

/// The impls. With type parameters, that the actor is `Send` and `'static` is a bound; without any, each field is asked
/// by itself, and `for<'__a>` says that the whole is taken for granted.
fn expand(input: &DeriveInput, spec: &Spec) -> TokenStream {
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    let (bound, check) = if generics.params.is_empty() {
        (parse_quote!(for<'__a> Self: ::core::marker::Send), threads::check(ident, &spec.parts))
    } else {
        (parse_quote!(Self: ::core::marker::Send + 'static), TokenStream::new())
    };
    generics.make_where_clause().predicates.push(bound);
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let from_state = from_state(input, spec);
    quote! {
        #check
        #[automatically_derived]
        impl #impl_generics ::carom::Actor for #ident #ty_generics #where_clause {}
        #from_state
    }
}

/// Whether a state can build the actor is asked of the state, by a trait of this actor alone: a bound for each field
/// on `FromState` itself would report each missing field, this reports the actor once and names what it needs.
fn from_state(input: &DeriveInput, spec: &Spec) -> TokenStream {
    let ident = &input.ident;
    let (_, ty_generics, _) = input.generics.split_for_impl();
    let needed: Vec<&Part> = spec.parts.iter().filter(|part| !part.is_default).collect();
    let text = valid::unprovided(ident, &needed);
    let (message, label, notes) = (text.message, text.label, text.notes);
    let mut builds = input.generics.clone();
    builds.params.push(parse_quote!(__S));
    let mut from_state = builds.clone();
    for ty in needed.iter().map(|part| &part.ty) {
        builds.make_where_clause().predicates.push(parse_quote!(#ty: ::carom::FromRef<__S>));
    }
    from_state.make_where_clause().predicates.push(parse_quote!(__S: __Provides<#ident #ty_generics>));
    // `for<'__a>`: taken for granted here, so that an actor that is not `Send` is reported at its fields alone.
    from_state.make_where_clause().predicates.push(parse_quote!(for<'__a> Self: ::carom::Actor));
    let (impl_generics, _, where_builds) = builds.split_for_impl();
    let (_, _, where_state) = from_state.split_for_impl();
    let fields = spec.parts.iter().map(field);
    // The user's span: with one of the derive, rustc would advise to write this impl by hand.
    let from_state = quote_spanned! {ident.span()=>
        impl #impl_generics ::carom::__private::FromState<__S> for #ident #ty_generics #where_state {
            fn from_state(state: &__S) -> Self {
                __Provides::build(state)
            }
        }
    };
    quote! {
        const _: () = {
            #[diagnostic::on_unimplemented(message = #message, label = #label, #(note = #notes),*)]
            pub trait __Provides<A> {
                fn build(&self) -> A;
            }

            #[diagnostic::do_not_recommend]
            #[automatically_derived]
            impl #impl_generics __Provides<#ident #ty_generics> for __S #where_builds {
                fn build(&self) -> #ident #ty_generics {
                    #ident { #(#fields,)* }
                }
            }

            #from_state
        };
    }
}

/// One field of the instance that is built; `self` is the state here.
fn field(part: &Part) -> TokenStream {
    let Part { member, ty, is_default } = part;
    let span = ty.span().resolved_at(Span::call_site());
    if *is_default {
        quote_spanned!(span=> #member: <#ty as ::core::default::Default>::default())
    } else {
        quote_spanned!(span=> #member: <#ty as ::carom::FromRef<__S>>::from_ref(self))
    }
}

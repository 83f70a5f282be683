//! `#[derive(Event)]`: the descriptor and the record key.
//!
//! The descriptor is a `static`: most of what can be known of an event when its crate is compiled is worked out then,
//! and asking for it costs nothing. The topic's name is made of it at run time, by the library: it depends on the
//! environment too.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{DeriveInput, Error, Ident, Member, Type, ext::IdentExt, spanned::Spanned};

use crate::{domain::Domain, fallback, name, valid};

/// An event, checked.
pub(crate) struct Spec {
    /// What the topic is named after, which every event has to say. Its name is made at run time, when the environment
    /// is known.
    pub(crate) topic: Topic,
    /// With where it comes from: one of the crate has to be rebuilt with its Cargo.toml.
    pub(crate) domain: Domain,
    /// Whether the topic's name says `internal` in place of `public`. A bus of another domain that handles the event is
    /// refused at start.
    pub(crate) internal: bool,
    /// `None` is left to run time, where the topic's name is made: the plural of an entity needs word lists.
    pub(crate) plural: Option<bool>,
    /// The last segment of the topic and of the default type; `v1` unless the attribute says otherwise. Empty where the
    /// segment is left out.
    pub(crate) version: String,
    /// What the attribute says; `None` is the default type, which follows from domain, name and version.
    pub(crate) event_type: Option<String>,
    /// Types that are accepted on read as well: former names, and those that other services write. Never written.
    pub(crate) aliases: Vec<String>,
    /// How many the topic gets where carom creates it; `None` leaves that to the broker.
    pub(crate) partitions: Option<u32>,
    /// What makes the record key, and so says which events keep their order.
    pub(crate) key: Key,
    /// The doc comment: what a person who looks for an event reads is written once.
    pub(crate) description: String,
    /// What compiles, and is probably not meant.
    pub(crate) warnings: Vec<Error>,
}

/// Where the name segment of the topic comes from.
pub(crate) enum Topic {
    /// `entity = Order`: the bare name of the type. The plural, and the kebab-case, are made at run time.
    Entity(String),
    /// `topic = "orders"`
    Verbatim(String),
}

/// What makes the record key.
pub(crate) enum Key {
    /// `key = method`
    Method(Ident),
    /// The marked fields, in their order; none means the event's id.
    Fields(Vec<KeyField>),
}

/// A field marked `#[event(key)]`.
pub(crate) struct KeyField {
    /// How the field is reached.
    pub(crate) member: Member,
    /// How it is sorted and shown: a raw name (`r#type`) without its mark, a tuple field by its position.
    pub(crate) name: String,
    /// Named in the call of `write_key`, so that rustc reports a type that cannot be in a key where it is written.
    pub(crate) ty: Type,
    /// As `key(order = 1)` says, 0 without it. Among fields that say none, names decide, or the positions of tuple
    /// fields: so named fields may be moved about in the source, which nobody takes for part of the wire format.
    pub(crate) order: i64,
}

/// The whole derive:
///
/// ```text
/// #[derive(Event)]                                  impl ::carom::Event for OrderPlaced {
/// #[event(entity = Order, domain = "sales")]            fn descriptor() -> &'static Descriptor { static .. }
/// struct OrderPlaced {                                  fn key(&self) -> Option<String> { .. }
///     #[event(key)]                            ─▶       fn codec() -> Codec<Self> { json::<OrderPlaced>() }
///     order_id: Uuid,                               }
///     cents: u64,
/// }
/// ```
pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    match valid::event(input) {
        Ok(spec) => expand(input, &spec),
        Err(error) => fallback::event(input, &error),
    }
}

/// The impl. An event has no type parameters, `valid` refuses them, so there are none to carry over.
fn expand(input: &DeriveInput, spec: &Spec) -> TokenStream {
    let ident = &input.ident;
    let descriptor = descriptor(ident, spec);
    let key = key(&spec.key);
    let codec = codec(ident);
    let rebuild = rebuild_with_manifest(&spec.domain);
    let warnings = spec.warnings.iter().map(warning);
    quote! {
        #(#warnings)*
        #[automatically_derived]
        impl ::carom::Event for #ident {
            fn descriptor() -> &'static ::carom::__private::Descriptor {
                #rebuild
                static DESCRIPTOR: ::carom::__private::Descriptor = #descriptor;
                &DESCRIPTOR
            }

            fn key(&self) -> ::core::option::Option<::std::string::String> {
                #key
            }

            #codec
        }
    }
}

/// A warning of rustc's: a macro has no other way to warn than to use what is deprecated.
fn warning(warning: &Error) -> TokenStream {
    let text = warning.to_string();
    quote_spanned! {warning.span()=>
        const _: () = {
            #[deprecated(note = #text)]
            const EVENT: () = ();
            EVENT
        };
    }
}

/// Asks for serde's derives, at the name of the event and nowhere else: one of them forgotten is one error.
fn codec(ident: &Ident) -> TokenStream {
    quote! {
        #[inline]
        fn codec() -> ::carom::__private::Codec<Self> {
            ::carom::__private::json::<#ident>()
        }
    }
}

/// The value of the `static`; an expression of constants, so lists are slices and texts are literals.
fn descriptor(ident: &Ident, spec: &Spec) -> TokenStream {
    let Spec { internal, version, aliases, description, .. } = spec;
    let domain = spec.domain.name();
    let rust_name = ident.unraw().to_string();
    let event_type = spec.event_type.clone().unwrap_or_else(|| name::default_type(domain, &rust_name, version));
    let topic = match &spec.topic {
        Topic::Entity(name) => quote!(Entity(#name)),
        Topic::Verbatim(name) => quote!(Verbatim(#name)),
    };
    let plural = option(spec.plural);
    let partitions = option(spec.partitions);
    let key = key_source(&spec.key);
    let location = location(ident.span());
    quote! {
        ::carom::__private::Descriptor {
            rust_name: #rust_name,
            event_type: #event_type,
            aliases: &[#(#aliases),*],
            domain: #domain,
            internal: #internal,
            topic: ::carom::__private::TopicSource::#topic,
            plural: #plural,
            version: #version,
            partitions: #partitions,
            key: ::carom::__private::KeySource::#key,
            description: #description,
            location: #location,
        }
    }
}

fn key_source(key: &Key) -> TokenStream {
    match key {
        Key::Method(method) => {
            let name = method.unraw().to_string();
            quote!(Method(#name))
        }
        Key::Fields(fields) if fields.is_empty() => quote!(EventId),
        Key::Fields(fields) => {
            let names = fields.iter().map(|field| &field.name);
            quote!(Fields(&[#(#names),*]))
        }
    }
}

fn option<T: quote::ToTokens>(value: Option<T>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// Where the event's name stands: a start-up error about the event says where to mend it.
fn location(span: Span) -> TokenStream {
    let (file, line) = place(span);
    quote!(::carom::__private::Location { file: #file, line: #line })
}

/// The file and the line of a token, as `file!()` and `line!()` give those of a macro call.
pub(crate) fn place(span: Span) -> (String, u32) {
    let span = span.unwrap();
    (span.file(), u32::try_from(span.line()).unwrap_or_default())
}

/// The domain that stands in Cargo.toml is an input of this crate like any source file.
///
/// Without this, a domain that is changed there would reach an event only when its crate is compiled for another
/// reason. Nothing for an event that names its domain itself.
fn rebuild_with_manifest(domain: &Domain) -> TokenStream {
    match domain {
        Domain::OfCrate { has_manifest: true, .. } => quote! {
            const _: &[u8] = ::core::include_bytes!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        },
        Domain::OfCrate { .. } | Domain::Given(_) => TokenStream::new(),
    }
}

/// The body of `Event::key`: nothing, the texts of the marked fields, or that of the method.
///
/// ```text
/// #[event(key)] tenant: String,       let mut key = String::new();
/// #[event(key)] user: u64,       ─▶   <String as KeyPart>::write_key(&self.tenant, &mut key);
///                                     key.push('|');
///                                     <u64 as KeyPart>::write_key(&self.user, &mut key);
///                                     Some(key)
/// ```
fn key(key: &Key) -> TokenStream {
    let write = match key {
        Key::Fields(fields) if fields.is_empty() => return quote!(::core::option::Option::None),
        Key::Fields(fields) => fields.iter().enumerate().map(|(i, field)| write_field(i, field)).collect(),
        Key::Method(method) => {
            let span = method.span().resolved_at(Span::call_site());
            quote_spanned!(span=> ::carom::__private::KeyPart::write_key(&self.#method(), &mut key);)
        }
    };
    quote! {
        let mut key = ::std::string::String::new();
        #write
        ::core::option::Option::Some(key)
    }
}

/// One part. The separator stands also beside an empty part: `("a", None)` and `(None, "a")` are two keys.
fn write_field(i: usize, field: &KeyField) -> TokenStream {
    let KeyField { member, ty, .. } = field;
    let separator = (i > 0).then(|| quote!(key.push('|');));
    let span = field.ty.span().resolved_at(Span::call_site());
    quote_spanned! {span=>
        #separator
        <#ty as ::carom::__private::KeyPart>::write_key(&self.#member, &mut key);
    }
}

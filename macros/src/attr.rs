//! Parses `#[event(..)]`, `#[actor(..)]` and `#[from_ref(..)]` into keys and values; what they mean is `valid`'s
//! matter.
//!
//! A key is an identifier, keywords included, and what follows it says which [`Value`] it has:
//!
//! ```text
//! #[event(internal, domain = "sales", plural = true, entity = Order, key(order = 1))]
//!         Nothing   Lit               Lit            Type            List
//! ```
//!
//! No key is known here by name: all derives have the same grammar.

use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, ExprArray, Ident, Lit, Meta, Result, Token, Type,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token,
};

/// One key of an attribute, such as `domain = "sales"`.
pub(crate) struct Entry {
    /// Parsed with `parse_any`, so that `type` is a key like any other.
    pub(crate) key: Ident,
    /// Not looked at yet: whether it fits the key is `valid`'s matter, which can say it in the words of the key.
    pub(crate) value: Value,
}

/// What stands behind a key.
pub(crate) enum Value {
    /// `internal`
    Nothing,
    /// `domain = "sales"`
    Lit(Lit),
    /// `entity = Order`
    Type(Box<Type>),
    /// `key(order = 1)`
    List(Vec<Entry>),
    /// `key(1)`, which no key has; `valid` says what was meant.
    Bare(Lit),
    /// `alias = ["a", "b"]`, which no key has either.
    Array(ExprArray),
}

impl Entry {
    /// The key as the user wrote it.
    pub(crate) fn name(&self) -> String {
        self.key.to_string()
    }

    /// The token to change when the value is wrong: the value, or the key if there is none.
    pub(crate) fn value_tokens(&self) -> TokenStream {
        let key = &self.key;
        match &self.value {
            Value::Lit(lit) | Value::Bare(lit) => quote::quote!(#lit),
            Value::Type(ty) => quote::quote!(#ty),
            Value::Array(array) => quote::quote!(#array),
            Value::Nothing | Value::List(_) => quote::quote!(#key),
        }
    }
}

/// One entry, up to the comma behind it.
impl Parse for Entry {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let value = if input.peek(token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            if content.peek(Lit) { Value::Bare(content.parse()?) } else { Value::List(list(&content)?) }
        } else if input.parse::<Option<Token![=]>>()?.is_some() {
            value(input)?
        } else {
            Value::Nothing
        };
        Ok(Self { key, value })
    }
}

/// What follows the `=`: a literal, else a type, which `[u8]` is and `["a", "b"]` is not.
fn value(input: ParseStream<'_>) -> Result<Value> {
    if input.peek(Lit) {
        return input.parse().map(Value::Lit);
    }
    if input.peek(token::Bracket) && holds_literals(&input.fork())? {
        return input.parse().map(Value::Array);
    }
    input.parse().map(Box::new).map(Value::Type)
}

/// Whether the brackets hold nothing, or a literal first, neither of which is a type.
fn holds_literals(brackets: ParseStream<'_>) -> Result<bool> {
    let content;
    syn::bracketed!(content in brackets);
    Ok(content.is_empty() || content.peek(Lit))
}

/// Entries with commas between them; one after the last does no harm.
fn list(input: ParseStream<'_>) -> Result<Vec<Entry>> {
    Punctuated::<Entry, Token![,]>::parse_terminated(input).map(|entries| entries.into_iter().collect())
}

/// The entries of all attributes called `name`, or `None` if there is no such attribute.
///
/// An attribute may be repeated, its entries add up. `Some` without entries is one that says nothing (`#[actor]`),
/// which is reported as such on fields: left alone, it would look as if it had an effect.
pub(crate) fn entries(attrs: &[Attribute], name: &str) -> Result<Option<Vec<Entry>>> {
    let mut found = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        let entries: &mut Vec<Entry> = found.get_or_insert_default();
        if !matches!(attr.meta, Meta::Path(_)) {
            attr.meta.require_list()?;
            entries.extend(attr.parse_args_with(list)?);
        }
    }
    Ok(found)
}

/// Where an attribute called `name` stands, the first if there are several: for errors about one that is in the wrong
/// place, or empty, and so has no entry to point at.
pub(crate) fn span(attrs: &[Attribute], name: &str) -> Option<Span> {
    attrs.iter().find(|attr| attr.path().is_ident(name)).map(|attr| syn::spanned::Spanned::span(attr.path()))
}

/// The doc comment, as text: one leading space of each line dropped, blank lines around it too.
///
/// It becomes the description of the event in its descriptor. A text that is not written out, such as an
/// `include_str!`, is left out: a macro does not see what it will be.
pub(crate) fn docs(attrs: &[Attribute]) -> String {
    let lines: Vec<String> = attrs.iter().filter_map(doc_line).collect();
    lines.join("\n").trim().to_owned()
}

/// One line of a doc comment; `None` for every other attribute.
fn doc_line(attr: &Attribute) -> Option<String> {
    let Meta::NameValue(doc) = &attr.meta else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) = &doc.value else { return None };
    let text = text.value();
    doc.path.is_ident("doc").then(|| text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned())
}

/// The `#[cfg(..)]` attributes: what is generated beside an item exists when the item does.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<&Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(attr: Attribute) -> Vec<Entry> {
        entries(&[attr], "event").unwrap().unwrap()
    }

    #[test]
    fn keys_may_be_keywords_and_values_literals_types_or_lists() {
        let entries =
            parse(syn::parse_quote!(#[event(type = "a", entity = a::Order<u8, u8>, internal, key(order = 1))]));
        let names: Vec<_> = entries.iter().map(Entry::name).collect();
        assert_eq!(names, ["type", "entity", "internal", "key"]);
        assert!(matches!(entries[0].value, Value::Lit(Lit::Str(_))));
        assert!(matches!(entries[1].value, Value::Type(_)));
        assert!(matches!(entries[2].value, Value::Nothing));
        assert!(matches!(&entries[3].value, Value::List(list) if list.len() == 1));
    }

    #[test]
    fn a_literal_in_parentheses_is_no_entry() {
        let entries = parse(syn::parse_quote!(#[event(key(1), key(-2), partitions("12"))]));
        assert!(entries.iter().all(|entry| matches!(entry.value, Value::Bare(_))));
        assert_eq!(entries[1].value_tokens().to_string(), "- 2");
    }

    #[test]
    fn brackets_are_a_type_or_a_list_of_values() {
        let entries = parse(syn::parse_quote!(#[event(entity = [u8], alias = ["a", "b"], internal)]));
        assert!(matches!(entries[0].value, Value::Type(_)));
        assert!(matches!(&entries[1].value, Value::Array(array) if array.elems.len() == 2));
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn several_attributes_of_one_name_are_one_list() {
        let attrs: [Attribute; 3] =
            [syn::parse_quote!(#[event(internal)]), syn::parse_quote!(#[serde(x)]), syn::parse_quote!(#[event(key)])];
        assert_eq!(entries(&attrs, "event").unwrap().unwrap().len(), 2);
        assert!(entries(&attrs, "actor").unwrap().is_none());
    }

    #[test]
    fn a_doc_comment_becomes_text() {
        let item: syn::ItemStruct = syn::parse_quote! {
            /// An order was placed.
            ///
            ///  - indented
            struct OrderPlaced;
        };
        assert_eq!(docs(&item.attrs), "An order was placed.\n\n - indented");
    }
}

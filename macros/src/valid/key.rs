//! What a record key can be made of.
//!
//! A key decides about the partition, and with it about the order of events. So what has more than one text form is
//! refused, and an event has its key from one place: a method, or fields.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Data, DeriveInput, Error, Field, Fields, Ident, Lit, Member, Result, Type};

use super::{member_name, members, once, source, unknown};
use crate::{
    attr::{self, Entry, Value},
    event::{Key, KeyField},
    key::Shape,
};

/// The key of an event: a method named on the struct, else the marked fields in their order.
///
/// ```text
/// #[event(entity = Order, key = id)]
///                               ──  `id` is a field: write `#[event(key)]` above it instead
/// struct OrderPlaced { id: Uuid }
/// ```
pub(super) fn of_event(input: &DeriveInput, method: Option<&Entry>) -> Result<Key> {
    if let Data::Enum(data) = &input.data {
        for field in data.variants.iter().flat_map(|variant| &variant.fields) {
            no_marks(field)?;
        }
    }
    let fields = match &input.data {
        Data::Struct(data) => marked(members(data))?,
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    };
    match method {
        None => Ok(Key::Fields(fields)),
        Some(entry) if fields.is_empty() => named_method(input, entry),
        Some(entry) => {
            let message = "the key comes from this method or from the fields marked `#[event(key)]`: keep one of them";
            Err(Error::new_spanned(&entry.key, message))
        }
    }
}

/// A field of a variant: which one would be the key of the others?
fn no_marks(field: &Field) -> Result<()> {
    match attr::span(&field.attrs, "event") {
        None => Ok(()),
        Some(span) => Err(Error::new(
            span,
            "a field of a variant cannot be the key of an enum: write `#[event(key = order_id)]` above the enum and a method `order_id`",
        )),
    }
}

/// The method that `key = order_id` names. Whether there is one, and whether it returns a key part, rustc says.
fn named_method(input: &DeriveInput, entry: &Entry) -> Result<Key> {
    let name = match &entry.value {
        Value::Type(ty) => syn::parse2::<Ident>(ty.to_token_stream()).ok(),
        Value::Lit(Lit::Str(text)) => text.parse().ok(),
        _ => None,
    };
    let message = match name {
        Some(name) if has_field(input, &name) => format!("`{name}` is a field: write `#[event(key)]` above it instead"),
        Some(name) if matches!(entry.value, Value::Type(_)) => return Ok(Key::Method(name)),
        Some(name) => format!("`key` is a method, not a string: write `key = {name}`"),
        None if matches!(input.data, Data::Enum(_)) => "name the method that makes the key: `key = order_id`".to_owned(),
        None => "keys are marked on fields: write `#[event(key)]` above the field; several have a number each, `#[event(key(order = 1))]`".to_owned(),
    };
    Err(Error::new_spanned(entry.value_tokens(), message))
}

/// Whether it is a struct with a field of this name.
fn has_field(input: &DeriveInput, name: &Ident) -> bool {
    matches!(&input.data, Data::Struct(data) if data.fields.members().any(|member| is_named(&member, name)))
}

fn is_named(member: &Member, name: &Ident) -> bool {
    matches!(member, Member::Named(field) if field == name)
}

/// The marked fields, by order, then by name (tuple fields: by position). So named fields can be moved about in the
/// source without another key.
fn marked<'a>(fields: impl Iterator<Item = (Member, &'a Field)>) -> Result<Vec<KeyField>> {
    let mut found = Vec::new();
    for (member, field) in fields {
        let Some(entries) = attr::entries(&field.attrs, "event")? else { continue };
        let order = order_of(field, &entries)?;
        no_float(&field.ty)?;
        let (order, written) = order.map_or((0, None), |(order, span)| (order, Some(span)));
        found.push((KeyField { name: member_name(&member), ty: field.ty.clone(), member, order }, written));
    }
    distinct(&found)?;
    let mut marked: Vec<KeyField> = found.into_iter().map(|(field, _)| field).collect();
    marked.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    if marked.iter().any(|field| matches!(field.member, Member::Unnamed(_))) {
        marked.sort_by_key(|field| (field.order, field.name.parse::<u32>().unwrap_or_default()));
    }
    Ok(marked)
}

/// Names decide among fields that say no order. Where one is written, and another field has the same, a slip of the pen
/// would decide about the key; 0 is what a field has that says none.
fn distinct(fields: &[(KeyField, Option<Span>)]) -> Result<()> {
    for (i, (second, written)) in fields.iter().enumerate() {
        let twin = fields[..i].iter().find(|(first, w)| first.order == second.order && w.or(*written).is_some());
        if let Some((first, before)) = twin {
            let default = if second.order == 0 { ", as every field that says none" } else { "" };
            let message = format!(
                "`{}` and `{}` both have the order {}{}: number them, as in `key(order = 1)` and `key(order = 2)`",
                first.name, second.name, second.order, default
            );
            return Err(Error::new(written.or(*before).unwrap_or_else(Span::call_site), message));
        }
    }
    Ok(())
}

/// The order that a marked field says, and where.
fn order_of(field: &Field, entries: &[Entry]) -> Result<Option<(i64, Span)>> {
    let mut order = None;
    for entry in once(entries, &[])? {
        match (entry.name().as_str(), &entry.value) {
            ("key", Value::List(options)) => order = options_of(options)?,
            ("key", Value::Bare(lit)) => return Err(order_without_its_name(lit)),
            ("key", Value::Type(_) | Value::Lit(_)) => {
                let message = "`key` on a field takes no value, the field is the key: write `#[event(key)]`; several have a number each, `#[event(key(order = 1))]`";
                return Err(Error::new_spanned(entry.value_tokens(), message));
            }
            ("key", Value::Nothing) => {}
            _ => return Err(unknown(entry, "field", &["key", "key(order = 1)"])),
        }
    }
    match (entries.is_empty(), attr::span(&field.attrs, "event")) {
        (true, Some(span)) => Err(Error::new(span, "`#[event]` says nothing here: write `#[event(key)]`")),
        _ => Ok(order),
    }
}

fn options_of(options: &[Entry]) -> Result<Option<(i64, Span)>> {
    let mut order = None;
    for option in once(options, &[])? {
        match (option.name().as_str(), &option.value) {
            ("order", Value::Lit(Lit::Int(number))) => order = Some((number.base10_parse()?, number.span())),
            ("order", _) => return Err(order_is_a_number(option)),
            _ => return Err(unknown(option, "field", &["order"])),
        }
    }
    Ok(order)
}

/// `key(1)`, as the number would be written in many a language.
fn order_without_its_name(lit: &Lit) -> Error {
    let order = match lit {
        Lit::Int(number) => number.base10_digits(),
        _ => "1",
    };
    Error::new_spanned(lit, format!("a value alone does not say what it is: write `key(order = {order})`"))
}

fn order_is_a_number(option: &Entry) -> Error {
    Error::new_spanned(option.value_tokens(), "`order` is a whole number: write `key(order = 1)`")
}

/// Floats are refused here and not only by the missing `KeyPart`, because the reason is worth a sentence.
fn no_float(ty: &Type) -> Result<()> {
    if !has_float(ty.to_token_stream()) {
        return Ok(());
    }
    let message = format!(
        "`{}` cannot be part of a record key: the text of a float differs between platforms, so use an integer, a string or a `Uuid`",
        source(ty)
    );
    Err(Error::new_spanned(ty, message))
}

/// Whether a float is named anywhere in the type, such as in `Option<f64>`. An alias of one is left to rustc.
fn has_float(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) => name == "f32" || name == "f64",
        TokenTree::Group(group) => has_float(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Checks a `#[derive(KeyPart)]`: an enum without fields, or a newtype.
pub(crate) fn key_part(input: &DeriveInput) -> Result<Shape> {
    match &input.data {
        Data::Enum(data) => match data.variants.iter().find(|variant| !matches!(variant.fields, Fields::Unit)) {
            None => Ok(Shape::Names(data.variants.iter().map(|variant| variant.ident.clone()).collect())),
            Some(variant) => {
                let message = format!(
                    "`{}` has fields, which a key part cannot show: write `impl KeyPart` by hand",
                    variant.ident
                );
                Err(Error::new_spanned(&variant.ident, message))
            }
        },
        Data::Struct(data) => match members(data).collect::<Vec<_>>().as_slice() {
            [(member, field)] => {
                no_float(&field.ty).map(|()| Shape::Newtype(member.clone(), Box::new(field.ty.clone())))
            }
            fields => {
                let message = format!(
                    "a key part has one field, `{}` has {}: mark the fields of the event with `#[event(key)]` one by one",
                    input.ident,
                    fields.len()
                );
                Err(Error::new_spanned(&input.ident, message))
            }
        },
        Data::Union(_) => Err(Error::new_spanned(&input.ident, "a key part is an enum or a newtype, not a union")),
    }
}

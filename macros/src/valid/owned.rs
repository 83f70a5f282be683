//! What an event may not have: anything borrowed.
//!
//! rustc would say it too, by way of `Deserialize` and in words about lifetimes; but a field that serde does not read is
//! nobody's matter. Whether `Deserialize` is written by hand cannot be seen here: there, a type of another name passes,
//! `type Interned = &'static str`.

use syn::{
    Attribute, Data, DeriveInput, Error, Field, GenericArgument, GenericParam, Meta, PathArguments, Result, Type,
    TypeReference,
};

use super::source;

/// Checks that an event owns its data.
///
/// ```text
/// struct OrderPlaced {
///     currency: &'static str,
///               ────────────  an event is read from Kafka, so it owns its data: write `String` in place of ..
/// }
/// ```
pub(super) fn owned(input: &DeriveInput) -> Result<()> {
    if let Some(GenericParam::Lifetime(lifetime)) = input.generics.params.first() {
        let name = &lifetime.lifetime;
        let message = format!(
            "`{}` cannot borrow, for an event is read from Kafka and owns its data: remove `{name}`, and write `String` in place of `&{name} str`",
            input.ident
        );
        return Err(Error::new_spanned(lifetime, message));
    }
    if is_read_otherwise(&input.attrs) {
        return Ok(());
    }
    match fields(&input.data).filter(|field| !is_read_otherwise(&field.attrs)).find_map(|field| borrowed(&field.ty)) {
        None => Ok(()),
        Some(reference) => {
            let message = format!(
                "an event is read from Kafka, so it owns its data: write `{}` in place of `{}`",
                owner(reference),
                source(reference)
            );
            Err(Error::new_spanned(reference, message))
        }
    }
}

/// All fields, those of variants too.
fn fields(data: &Data) -> Box<dyn Iterator<Item = &Field> + '_> {
    match data {
        Data::Struct(data) => Box::new(data.fields.iter()),
        Data::Enum(data) => {
            let read = data.variants.iter().filter(|variant| !is_read_otherwise(&variant.attrs));
            Box::new(read.flat_map(|variant| &variant.fields))
        }
        Data::Union(_) => Box::new(std::iter::empty()),
    }
}

/// Whether serde was told to leave it out, or to read it as something else.
fn is_read_otherwise(attrs: &[Attribute]) -> bool {
    let words = ["skip", "skip_deserializing", "deserialize_with", "with", "from", "try_from", "remote"];
    attrs.iter().filter(|attr| attr.path().is_ident("serde")).any(|attr| match &attr.meta {
        Meta::List(list) => list.tokens.clone().into_iter().any(|token| words.contains(&token.to_string().as_str())),
        Meta::Path(_) | Meta::NameValue(_) => false,
    })
}

/// A reference, also within what serde reads part by part. Elsewhere, as in `PhantomData<&str>`, it may do no harm.
fn borrowed(ty: &Type) -> Option<&TypeReference> {
    match ty {
        Type::Reference(reference) => Some(reference),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(borrowed),
        Type::Array(array) => borrowed(&array.elem),
        Type::Group(group) => borrowed(&group.elem),
        Type::Paren(paren) => borrowed(&paren.elem),
        Type::Path(path) => {
            let last =
                path.path.segments.last().filter(|last| ["Option", "Vec"].iter().any(|name| last.ident == name))?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => borrowed(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

/// What has the same data without borrowing it.
fn owner(reference: &TypeReference) -> String {
    match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", source(&slice.elem)),
        other => source(other),
    }
}

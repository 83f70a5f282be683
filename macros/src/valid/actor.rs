//! What an actor may look like.

use syn::{DeriveInput, Error, GenericArgument, Ident, PathArguments, Result, Type, TypeParamBound, TypeTraitObject};

use super::{flag, last_name, members, once, source, struct_of, twins, unknown};
use crate::{
    actor::{Part, Spec},
    attr,
};

/// Checks an actor: a struct whose fields come from the bus state, each by a type of its own, or from `Default`.
///
/// ```text
/// #[derive(Actor)]
/// struct Billing {
///     #[actor(skip)]
///             ────  unknown actor key `skip`; expected `default`
///     charged: u64,
/// }
/// ```
///
/// Whether a state has what the fields ask for is not known here: see [`unprovided`].
pub(crate) fn actor(input: &DeriveInput) -> Result<Spec> {
    let data = struct_of(input, "an actor")?;
    if let Some(span) = attr::span(&input.attrs, "actor") {
        return Err(Error::new(span, "`#[actor(..)]` marks a field: move it above the field"));
    }
    let mut parts: Vec<Part> = Vec::new();
    for (member, field) in members(data) {
        let entries = attr::entries(&field.attrs, "actor")?;
        if let (Some([]), Some(span)) = (entries.as_deref(), attr::span(&field.attrs, "actor")) {
            return Err(Error::new(span, "`#[actor]` says nothing here: write `#[actor(default)]`"));
        }
        for entry in once(entries.as_deref().unwrap_or_default(), &[])? {
            match entry.name().as_str() {
                "default" => flag(entry)?,
                _ => return Err(unknown(entry, "actor", &["default"])),
            }
        }
        let part = Part { member, ty: field.ty.clone(), is_default: entries.is_some() };
        if !part.is_default {
            let before = parts.iter().filter(|other| !other.is_default).map(|other| (&other.member, &other.ty));
            twins::distinct(before, (&part.member, &part.ty), "both would be the same value", "#[actor(default)]")?;
        }
        parts.push(part);
    }
    Ok(Spec { parts })
}

/// The error of an actor that the bus state cannot build, for `#[diagnostic::on_unimplemented]` on the actor's own
/// trait. rustc puts the state's type in place of `{Self}`.
pub(crate) struct Unprovided {
    /// The first line.
    pub(crate) message: String,
    /// What stands under the `.supervise` that is wrong.
    pub(crate) label: String,
    /// What to type: for a bus without a state, for one whose state lacks something, and for what is easily given as
    /// another type. rustc cannot choose.
    pub(crate) notes: Vec<String>,
}

/// What rustc says when the state lacks at least one of the `needed` fields; it does not say which.
pub(crate) fn unprovided(actor: &Ident, needed: &[&Part]) -> Unprovided {
    let types = needed.iter().map(|part| source(&part.ty)).collect::<Vec<_>>();
    let (message, label) = match types.as_slice() {
        [ty] => (
            format!("cannot provide `{ty}`"),
            format!("`{actor}` needs a `{ty}`, and `{{Self}}` has none, or one without `Clone`"),
        ),
        types => {
            let types = types.iter().map(|ty| format!("`{ty}`")).collect::<Vec<_>>().join(", ");
            let message = format!("cannot provide all that `{actor}` needs: {types}");
            (message, format!("at least one of {types} is not in `{{Self}}`, or not `Clone`"))
        }
    };
    let given = match types.as_slice() {
        [ty] => format!("with the `{ty}`, or with a struct that has it"),
        _ => "with a struct that has them all".to_owned(),
    };
    let mut notes = vec![
        format!("where the state is `()`, the bus was given none: call `.with_state(..)` before `.supervise`, {given}"),
        "a struct offers its fields by `#[derive(FromRef)]`, without an `Arc` around it; what an actor takes has to be `Clone`; mark fields that need no state `#[actor(default)]`".to_owned(),
    ];
    notes.extend(needed.iter().find_map(|part| as_another_type(&part.ty)));
    notes.extend(needed.iter().find_map(|part| before_it_exists(&part.ty)));
    Unprovided { message: format!("the bus state `{{Self}}` {message}"), label, notes }
}

/// What to say of a trait object: given without a name of its type, it is of another one, and a `Box` is no `Clone`.
fn as_another_type(ty: &Type) -> Option<String> {
    let object = source(trait_object(ty)?);
    let Type::Path(path) = ty else { return None };
    match path.path.segments.last()?.ident.to_string().as_str() {
        "Arc" => Some(format!(
            "a part is found by its exact type: write `let part: Arc<{object}> = Arc::new(..)`, and give the state that"
        )),
        "Box" => Some(format!("each instance gets a clone, and a `Box<{object}>` has none: write `Arc<{object}>`")),
        _ => None,
    }
}

/// What to say of a `Publisher`, which others inject like anything else. It may be the user's own type.
fn before_it_exists(ty: &Type) -> Option<String> {
    (last_name(ty)? == "Publisher").then(|| {
        "a `carom::Publisher` is there when the bus is spawned, and the state is needed before: in a handler, return the event or write `cx.publish(..)`".to_owned()
    })
}

/// The error of a field that cannot be sent, because of the trait behind its `Arc` or `Box`.
pub(crate) struct Unshared {
    /// The first line.
    pub(crate) message: String,
    /// Why the trait is to blame.
    pub(crate) note: String,
}

/// What rustc says of such a field, if it is one. That a trait is for all threads is said where it is defined, unless it
/// is `Fn`.
pub(crate) fn unshared(ty: &Type) -> Option<Unshared> {
    let object = trait_object(ty)?;
    let mut named = object.bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    let name = match named.find(|named| !is_marker(&named.ident))? {
        closure if matches!(closure.arguments, PathArguments::Parenthesized(_)) => return None,
        named => &named.ident,
    };
    Some(Unshared {
        message: format!("`dyn {name}` is for one thread alone, and actors are not: write `trait {name}: Send + Sync`"),
        note: format!(
            "`{}` goes to another thread only if everything that implements `{name}` may; where the trait is not yours, write `dyn {name} + Send + Sync`",
            source(ty)
        ),
    })
}

fn is_marker(name: &Ident) -> bool {
    ["Send", "Sync", "Unpin"].iter().any(|marker| name == marker)
}

/// The trait in `Arc<dyn Email>`. Of an `Rc` it is not to blame.
fn trait_object(ty: &Type) -> Option<&TypeTraitObject> {
    match ty {
        Type::TraitObject(object) => Some(object),
        Type::Paren(paren) => trait_object(&paren.elem),
        Type::Path(path) => {
            let last = path.path.segments.last().filter(|last| last.ident != "Rc")?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => trait_object(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

//! What `#[handler]` may stand on.
//!
//! A macro does not see what names mean, so it takes them as they stand. Types are compared by their last names: paths
//! may differ, an alias of the event is refused. A return type passes, unless its name is one that is no `Result`, or its
//! error one that is no `Failure`. All else rustc judges better.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Error, FnArg, GenericArgument, PathArguments, PathSegment, Result, Type};

use super::{last_name, source};
use crate::handler::{Handle, Item, Target};

/// Checks the header of the impl and the shape of `handle`.
///
/// ```text
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, event: &OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> { .. }
/// }                                     ────────────  the event is passed by value: write `OrderPlaced`, not ..
/// ```
pub(crate) fn handler(arguments: &TokenStream, item: &Item) -> Result<Target> {
    let target = target(item)?;
    if !arguments.is_empty() {
        let message = "`#[handler]` takes no arguments: what the bus does with a failure is said at `.supervise`";
        return Err(Error::new_spanned(arguments, message));
    }
    if !item.header.generics.params.is_empty() {
        let message =
            "`#[handler]` cannot register a generic impl: the bus needs one concrete actor and one concrete event";
        return Err(Error::new_spanned(&item.header.generics.params, message));
    }
    shape(item, &target)?;
    Ok(target)
}

/// Checks the shape of `handle`, whose name is the only thing that is taken for granted. The fallback asks again, to
/// know whether the user's own may stand.
pub(crate) fn shape(item: &Item, target: &Target) -> Result<()> {
    by_value(item)?;
    let Some(handle) = &item.handle else {
        let message =
            format!("this impl has no `handle`: write `async fn handle({}) -> Result<(), Failure>`", inputs(target));
        return Err(Error::new_spanned(&item.header.self_ty, message));
    };
    asynchronous(handle)?;
    arguments_of(handle, target)?;
    output(handle)
}

/// The event and the actor of `impl Handler<Event> for Actor`.
pub(crate) fn target(item: &Item) -> Result<Target> {
    let header = &item.header;
    let Some((_, path, _)) = &header.trait_ else {
        let event = item.event_of_handle().map_or_else(|| "Event".to_owned(), |event| source(&event));
        let actor = source(&header.self_ty);
        let message = format!("`#[handler]` stands on a trait impl: write `impl Handler<{event}> for {actor}`");
        return Err(Error::new_spanned(&header.self_ty, message));
    };
    match path.segments.last() {
        Some(segment) if segment.ident == "Handler" => event_of(segment, item),
        _ => {
            let message =
                format!("`#[handler]` stands on an `impl Handler<Event> for ..`, not on an impl of `{}`", source(path));
            Err(Error::new_spanned(path, message))
        }
    }
}

/// The target of a header whose trait is called `Handler`, where it names one event. The message for one that names
/// none has the type that `handle` takes, if that can be seen.
fn event_of(handler: &PathSegment, item: &Item) -> Result<Target> {
    let actor = &item.header.self_ty;
    if let Some(event) = written_event(handler) {
        let by_value = referenced(event).unwrap_or(event);
        return Ok(Target { event: by_value.clone(), actor: (**actor).clone() });
    }
    let event = item.event_of_handle().map_or_else(|| "OrderPlaced".to_owned(), |event| source(&event));
    let message = format!("`Handler` needs the event it handles: write `impl Handler<{event}> for {}`", source(actor));
    Err(Error::new_spanned(handler, message))
}

/// The one type that the header names, as it stands there.
fn written_event(handler: &PathSegment) -> Option<&Type> {
    match type_arguments(handler)?.as_slice() {
        [event] => Some(event),
        _ => None,
    }
}

/// What stands in the angle brackets, if all of it is types.
fn type_arguments(segment: &PathSegment) -> Option<Vec<&Type>> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    let types = arguments.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// What is behind the reference, if it is one.
fn referenced(event: &Type) -> Option<&Type> {
    let Type::Reference(reference) = event else { return None };
    Some(&reference.elem)
}

/// The event of the header, which the target has without its reference.
fn by_value(item: &Item) -> Result<()> {
    let handler = item.header.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
    let Some(event) = handler.and_then(written_event) else { return Ok(()) };
    let Some(by_value) = referenced(event).map(source) else { return Ok(()) };
    let message = format!("an event is handled by value: write `Handler<{by_value}>` and `event: {by_value}`");
    Err(Error::new_spanned(event, message))
}

/// What `handle` takes, as the user should write it.
fn inputs(target: &Target) -> String {
    format!("&mut self, event: {}, cx: &mut Context<'_>", source(&target.event))
}

/// An `fn` that returns a future by name is as good as an `async fn`.
fn asynchronous(handle: &Handle) -> Result<()> {
    let returns_future = source(&handle.output).contains("Future");
    if handle.is_async || returns_future {
        return Ok(());
    }
    Err(Error::new_spanned(&handle.fn_token, "`handle` must be an `async fn`"))
}

/// The receiver, the event and the context, in this order. Of the context nothing is asked but that it is there: rustc
/// compares its type with that of the trait.
fn arguments_of(handle: &Handle, target: &Target) -> Result<()> {
    let Some(arguments) = handle.arguments() else { return Ok(()) };
    let wrong = |tokens: &dyn ToTokens| {
        let message = format!("`handle` takes `{}`", inputs(target));
        Error::new_spanned(tokens.to_token_stream(), message)
    };
    match arguments.as_slice() {
        [FnArg::Receiver(receiver), FnArg::Typed(event), FnArg::Typed(_)] => {
            let by_value = receiver.reference.is_none() && receiver.colon_token.is_none();
            if by_value || (receiver.colon_token.is_none() && receiver.mutability.is_none()) {
                return Err(wrong(receiver));
            }
            if is_reference_to_something_else(&event.ty, target) {
                return Err(wrong(&handle.inputs));
            }
            event_argument(&event.ty, target)
        }
        _ => Err(wrong(&handle.inputs)),
    }
}

/// Such as a context that stands where the event belongs.
fn is_reference_to_something_else(ty: &Type, target: &Target) -> bool {
    let Type::Reference(reference) = ty else { return false };
    last_name(&reference.elem) != last_name(&target.event)
}

/// The event, by value and of the type in the header. `Self` passes: rustc knows what it is.
fn event_argument(ty: &Type, target: &Target) -> Result<()> {
    if let Type::Reference(reference) = ty {
        let message = format!("the event is passed by value: write `{}`, not a reference", source(&reference.elem));
        return Err(Error::new_spanned(ty, message));
    }
    match (last_name(ty), last_name(&target.event)) {
        (Some(written), Some(handled)) if written != handled && written != "Self" => {
            let (written, handled) = (source(ty), source(&target.event));
            let message =
                format!("this impl handles `{handled}`, so the first argument must be `{handled}`, not `{written}`");
            Err(Error::new_spanned(ty, message))
        }
        _ => Ok(()),
    }
}

/// Refuses no return type at all, a tuple, what is called `Option` or `Vec`, and an error that is no `Failure`; the rest
/// is rustc's to judge.
fn output(handle: &Handle) -> Result<()> {
    let message =
        "`handle` must return `Result<_, Failure>`: `Ok` is published and committed, `Err` goes to the supervisor";
    let written = handle.returned();
    if written.is_empty() {
        return Err(Error::new_spanned(&handle.name, message));
    }
    let Ok(returned) = syn::parse2::<Type>(written.clone()) else { return Ok(()) };
    if let Some(error) = other_error(&returned) {
        let message = "the error of `handle` is `Failure`: write `Result<_, Failure>`; `?` makes one of any error that is `Send + Sync`";
        return Err(Error::new_spanned(error, message));
    }
    let is_never_a_result = match &returned {
        Type::Tuple(_) => true,
        ty => last_name(ty).is_some_and(|name| ["Option", "Vec"].contains(&name.as_str())),
    };
    if is_never_a_result { Err(Error::new_spanned(written, message)) } else { Ok(()) }
}

/// The error in `Result<_, error>`, if it cannot be a `Failure` by another name: a reference, a text or a box, or a type
/// of the standard library or `anyhow` by its path.
fn other_error(returned: &Type) -> Option<&Type> {
    let Type::Path(path) = returned else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == "Result")?;
    let [_, error] = type_arguments(segment)?[..] else { return None };
    let is_another = match error {
        Type::Reference(_) => true,
        Type::Path(path) => {
            let names: Vec<_> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            ["std", "core", "alloc", "anyhow"].contains(&names[0].as_str())
                || names.last().is_some_and(|name| name == "String" || name == "Box")
        }
        _ => false,
    };
    is_another.then_some(error)
}

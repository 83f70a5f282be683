//! `#[handler]`: the registration beside an `impl Handler<Event> for Actor`, which stays as it is but for its header.
//!
//! Neither the body nor the return type of `handle` is parsed or moved, so rustc's own errors about them stay rustc's
//! own, and syntax that this crate has never heard of passes through.
//!
//! `inventory` has the registrations of every crate that is linked. That is why a handler need not be named in `main`,
//! and why one in a crate that the program never names is not there.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{FnArg, Ident, ItemImpl, Result, Token, Type, parse::Parser, punctuated::Punctuated};

use crate::{attr, event, fallback, valid};

/// What the attribute stands on, read as far as it has to be.
pub(crate) struct Item {
    /// The impl with an empty body: what is in the body is rustc's to judge, and is handed on as it came.
    pub(crate) header: ItemImpl,
    /// The method, if there is one of that name.
    pub(crate) handle: Option<Handle>,
}

/// `async fn handle(..) -> ..`, up to its body.
pub(crate) struct Handle {
    /// Whether the word before `fn` is `async`. A function without it may still return a future by name.
    pub(crate) is_async: bool,
    /// The word `fn`, where a missing `async` is reported.
    pub(crate) fn_token: Ident,
    /// The word `handle`, where a missing return type is reported.
    pub(crate) name: Ident,
    /// What stands between the parentheses.
    pub(crate) inputs: Group,
    /// Everything between the parentheses and the body, with the arrow; empty if nothing is returned.
    pub(crate) output: TokenStream,
}

/// The two types of `impl Handler<Event> for Actor`.
pub(crate) struct Target {
    /// As the user wrote it in the header, so it means what it means there; the fallback may have it from `handle`.
    pub(crate) event: Type,
    /// As the user wrote it; one concrete type, with its parameters if it has some. In the fallback it may be generic.
    pub(crate) actor: Type,
}

impl Item {
    /// The type of the second argument of `handle`, without its reference: the event, if the header does not say. What
    /// is lent to be changed is the context.
    ///
    /// For messages and for the fallback alone: what is registered is what the header says.
    pub(crate) fn event_of_handle(&self) -> Option<Type> {
        let arguments = self.handle.as_ref()?.arguments()?;
        match arguments.into_iter().nth(1)? {
            FnArg::Typed(event) => match *event.ty {
                Type::Reference(lent) => lent.mutability.is_none().then_some(*lent.elem),
                event => Some(event),
            },
            FnArg::Receiver(_) => None,
        }
    }
}

impl Handle {
    /// The arguments; `None` if syn cannot read them, which rustc, that has read them before, can.
    pub(crate) fn arguments(&self) -> Option<Vec<FnArg>> {
        let arguments = Punctuated::<FnArg, Token![,]>::parse_terminated.parse2(self.inputs.stream()).ok()?;
        Some(arguments.into_iter().collect())
    }

    /// The return type, without the arrow.
    pub(crate) fn returned(&self) -> TokenStream {
        self.output.clone().into_iter().skip(2).collect()
    }
}

/// The whole attribute:
///
/// ```text
/// #[handler]                                impl Handler<OrderPlaced> for Billing where for<'__a> Self: Send { .. }
/// impl Handler<OrderPlaced> for Billing     impl ::carom::__private::Registered<OrderPlaced> for Billing {}
/// { .. }                               ─▶   const _: () = { inventory::submit! { .. the place and both types .. } };
/// ```
///
/// `Handler` asks for the hidden `Registered`, which nothing else implements for a user's actor: a forgotten
/// `#[handler]` is a compile error instead of a handler that is never called.
pub(crate) fn attribute(arguments: &TokenStream, item: TokenStream) -> TokenStream {
    let item = named_lifetimes(item);
    let Ok(parsed) = parse(&item) else { return fallback::not_an_impl(&item) };
    match valid::handler(arguments, &parsed) {
        Ok(target) => expand(&item, &parsed, &target),
        Err(error) => fallback::handler(item, &parsed, &error),
    }
}

/// The item with `'static` for each `'_` of its header: neither an event nor an actor can have another. Where the event
/// borrows, which its derive refuses, rustc would else say it once more, and in words about lifetimes.
fn named_lifetimes(item: TokenStream) -> TokenStream {
    let mut in_lifetime = false;
    let named = item.into_iter().map(|token| match token {
        TokenTree::Ident(name) if in_lifetime && name == "_" => {
            in_lifetime = false;
            TokenTree::Ident(Ident::new("static", name.span()))
        }
        token => {
            in_lifetime = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
            token
        }
    });
    named.collect()
}

/// Reads the header and finds `handle`. The last token is the body: it is replaced by an empty one before syn sees it,
/// so syntax in it cannot be an error here.
fn parse(item: &TokenStream) -> Result<Item> {
    let mut tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let body = match tokens.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => body,
        _ => return Err(syn::Error::new(Span::call_site(), "not an impl")),
    };
    tokens.push(TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new())));
    let header = syn::parse2(tokens.into_iter().collect())?;
    Ok(Item { header, handle: find_handle(body.stream()) })
}

/// Finds the words `fn handle` among the items of the impl; bodies are groups, so they cannot be in the way.
fn find_handle(body: TokenStream) -> Option<Handle> {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let at = tokens.windows(2).position(|pair| is_word(&pair[0], "fn") && is_word(&pair[1], "handle"))?;
    let (TokenTree::Ident(fn_token), TokenTree::Ident(name)) = (&tokens[at], &tokens[at + 1]) else { return None };
    let is_async = tokens[..at].last().is_some_and(|before| is_word(before, "async"));
    let mut rest = tokens[at + 2..].iter().skip_while(|token| !is_group(token, Delimiter::Parenthesis));
    let Some(TokenTree::Group(inputs)) = rest.next() else { return None };
    let output = rest.take_while(|token| !is_group(token, Delimiter::Brace)).cloned().collect();
    Some(Handle { is_async, fn_token: fn_token.clone(), name: name.clone(), inputs: inputs.clone(), output })
}

/// A keyword is an identifier among tokens.
fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// The user's impl, and what goes with it. `refining_impl_trait` is allowed because the trait promises some outputs,
/// and a handler says which: a test that calls `handle` then gets just these.
///
/// File and line are constants of a type made here, as `Probe` takes all that it registers as type parameters.
fn expand(item: &TokenStream, parsed: &Item, target: &Target) -> TokenStream {
    let item = assuming_send(item, parsed);
    let Target { event, actor } = target;
    let cfgs = attr::cfgs(&parsed.header.attrs);
    let (file, line) = event::place(parsed.header.impl_token.span);
    quote! {
        #[allow(refining_impl_trait)]
        #item

        #(#cfgs)*
        #[automatically_derived]
        impl ::carom::__private::Registered<#event> for #actor {}

        #(#cfgs)*
        const _: () = {
            #[allow(unused_imports)]
            use ::carom::__private::Unregistered as _;
            struct __Here;
            impl ::carom::__private::Place for __Here {
                const FILE: &'static str = #file;
                const LINE: u32 = #line;
            }
            ::carom::__private::inventory::submit! {
                <::carom::__private::Probe<#actor, #event, __Here>>::REGISTRATION
            }
        };
    }
}

/// The impl with a bound that its actor is `Send`, which is so for every actor: one that is not is reported where it is
/// an actor, and need not be again for each handler and each future.
fn assuming_send(item: &TokenStream, parsed: &Item) -> TokenStream {
    let mut header: Vec<TokenTree> = item.clone().into_iter().collect();
    let body = header.pop();
    let before = match &parsed.header.generics.where_clause {
        None => quote!(where),
        Some(clause) if clause.predicates.empty_or_trailing() => TokenStream::new(),
        Some(_) => quote!(,),
    };
    quote!(#(#header)* #before for<'__a> Self: ::core::marker::Send #body)
}

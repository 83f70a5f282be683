//! Derive and attribute macros of the `carom` crate.

use proc_macro::TokenStream;

/// Marks a type as an integration event.
#[proc_macro_derive(Event, attributes(event))]
pub fn event(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Builds an actor from the bus state.
#[proc_macro_derive(Actor, attributes(actor))]
pub fn actor(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Makes each field of a state struct available to actors.
#[proc_macro_derive(FromRef)]
pub fn from_ref(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Registers an `impl Handler<Event> for Actor`.
#[proc_macro_attribute]
pub fn handler(_attributes: TokenStream, item: TokenStream) -> TokenStream {
    item
}

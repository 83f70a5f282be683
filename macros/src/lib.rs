//! Derive and attribute macros of the `carom` crate, which re-exports them.
//!
//! Each macro is parse (`attr`), validate (`valid`: every rule, every message), expand (the file called like the
//! macro). Where a rule fails, `fallback` writes what type-checks beside the error, so that one mistake is one error.
//!
//! ```text
//!  what the user wrote ─▶ attr ─▶ valid ─┬─ Ok ──▶ event, key, numeric, actor, state, handler ─▶ impls
//!                                        └─ Err ─▶ fallback ─▶ the error, and impls that do nothing
//! ```
//!
//! What they emit names everything by its full path (`::carom::..`, `::core::..`): a user may have an `Option` or a
//! `Result` of their own in scope. A crate that gives carom another name in its Cargo.toml writes
//! `extern crate bus as carom;` in its root. What is meant for them alone is in `carom::__private`.
//!
//! What users read of a macro is a page in `docs`, which is compiled as any other documentation is.

mod actor;
mod attr;
mod domain;
mod event;
mod fallback;
mod handler;
mod key;
mod name;
mod numeric;
mod state;
mod threads;
mod valid;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

#[doc = include_str!("../docs/event.md")]
#[proc_macro_derive(Event, attributes(event))]
pub fn event(input: TokenStream) -> TokenStream {
    event::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/key_part.md")]
#[proc_macro_derive(KeyPart)]
pub fn key_part(input: TokenStream) -> TokenStream {
    key::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/numeric_enum.md")]
#[proc_macro_derive(NumericEnum)]
pub fn numeric_enum(input: TokenStream) -> TokenStream {
    numeric::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/actor.md")]
#[proc_macro_derive(Actor, attributes(actor))]
pub fn actor(input: TokenStream) -> TokenStream {
    actor::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/from_ref.md")]
#[proc_macro_derive(FromRef, attributes(from_ref))]
pub fn from_ref(input: TokenStream) -> TokenStream {
    state::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("../docs/handler.md")]
#[proc_macro_attribute]
pub fn handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    handler::attribute(&arguments.into(), item.into()).into()
}

//! What the macros write does not meet the names of the user.
#![deny(warnings)]
#![allow(dead_code)]

use carom::{Actor, Context, Event, Failure, FromRef, Handler, handler};
use serde::{Deserialize, Serialize};

struct Option;
struct Result;
struct String;
trait Default {}
trait Clone {}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Here, domain = "sales")]
pub struct Here {
    #[event(key)]
    key: u64,
    #[event(key)]
    out: u64,
}

#[derive(::core::clone::Clone)]
pub struct Provides;

#[derive(::core::clone::Clone)]
pub struct Registration;

#[derive(FromRef)]
pub struct Descriptor {
    state: Provides,
    registration: Registration,
}

#[derive(Actor)]
pub struct State {
    state: Provides,
    registration: Registration,
    #[actor(default)]
    build: u64,
}

#[handler]
impl Handler<Here> for State {
    async fn handle(&mut self, _: Here, _: &mut Context<'_>) -> ::core::result::Result<(), Failure> {
        Ok(())
    }
}

fn main() {
    assert_eq!(Here { key: 1, out: 2 }.key().as_deref(), Some("1|2"));
}

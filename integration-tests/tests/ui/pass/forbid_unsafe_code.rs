//! What the macros generate is no unsafe code of the user's.
#![forbid(unsafe_code)]
#![deny(warnings)]

use carom::{Actor, Context, Event, Failure, FromRef, Handler, KeyPart, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, KeyPart)]
pub struct OrderId(u64);

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
pub struct OrderPlaced {
    #[event(key)]
    order_id: OrderId,
}

#[derive(Clone)]
pub struct Gateway;

#[derive(FromRef)]
pub struct App {
    gateway: Gateway,
}

#[derive(Actor)]
pub struct Billing {
    gateway: Gateway,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, _event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
        let _ = &self.gateway;
        Ok(())
    }
}

fn main() {}

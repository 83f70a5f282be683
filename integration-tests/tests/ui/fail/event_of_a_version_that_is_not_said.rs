//! It is a warning; a crate that wants none fails with it.

#![deny(warnings)]

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlacedV2 {
    #[event(key)]
    order_id: u64,
}

#[derive(Actor)]
struct Billing;

#[handler]
impl Handler<OrderPlacedV2> for Billing {
    async fn handle(&mut self, event: OrderPlacedV2, cx: &mut Context<'_>) -> Result<(), Failure> {
        let _ = (event.order_id, cx);
        Ok(())
    }
}

fn main() {}

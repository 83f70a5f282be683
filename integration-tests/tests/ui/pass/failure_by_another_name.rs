//! `Failure` may have another name, of a module that looks like a crate.

use carom::{Actor, Context, Event, Handler, handler};
use serde::{Deserialize, Serialize};

mod errors {
    pub type Error = carom::Failure;
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

#[derive(Actor)]
struct Billing;

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), errors::Error> {
        if event.order_id == 0 { Err("no order".into()) } else { Ok(()) }
    }
}

fn main() {
    let _ = Billing;
}

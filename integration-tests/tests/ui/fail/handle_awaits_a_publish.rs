//! What a handler publishes waits for its end, so there is nothing to await.

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Invoice, domain = "sales")]
struct InvoiceWritten {
    #[event(key)]
    order_id: u64,
}

#[derive(Actor)]
struct Invoicing;

#[handler]
impl Handler<OrderPlaced> for Invoicing {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
        cx.publish(InvoiceWritten { order_id: event.order_id }).await?;
        Ok(())
    }
}

fn main() {}

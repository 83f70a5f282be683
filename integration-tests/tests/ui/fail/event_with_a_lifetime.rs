use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced<'a> {
    #[event(key)]
    order_id: u64,
    customer: &'a str,
}

#[derive(Actor)]
struct Billing;

#[handler]
impl Handler<OrderPlaced<'_>> for Billing {
    async fn handle(&mut self, event: OrderPlaced<'_>, cx: &mut Context<'_>) -> Result<(), Failure> {
        let _ = (event.order_id, cx);
        Ok(())
    }
}

fn main() {}

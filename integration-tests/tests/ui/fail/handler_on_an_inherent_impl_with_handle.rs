use carom::{Actor, Context, Event, Failure, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

#[derive(Actor)]
struct Billing;

#[handler]
impl Billing {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
        let _ = (event.order_id, cx);
        Ok(())
    }
}

fn main() {}

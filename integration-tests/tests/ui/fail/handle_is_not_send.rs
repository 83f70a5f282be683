use carom::{Actor, Context, Event, Failure, Handler, handler};
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
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, cx: &mut Context<'_>) -> Result<(), Failure> {
        let total = std::rc::Rc::new(event.order_id);
        std::future::ready(()).await;
        let _ = (total, cx);
        Ok(())
    }
}

fn main() {}

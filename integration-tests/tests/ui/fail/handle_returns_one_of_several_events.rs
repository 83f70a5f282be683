use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPaid {
    #[event(key)]
    order_id: u64,
}

enum Out {
    Paid(OrderPaid),
    None,
}

#[derive(Actor)]
struct Billing;

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<Out, Failure> {
        let OrderPlaced { order_id } = event;
        Ok(if order_id > 0 { Out::Paid(OrderPaid { order_id }) } else { Out::None })
    }
}

fn main() {}

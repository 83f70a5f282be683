use std::sync::Arc;

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

trait Email {
    fn send(&self, order_id: u64);
}

#[derive(Actor)]
struct Letters {
    email: Arc<dyn Email>,
}

#[handler]
impl Handler<OrderPlaced> for Letters {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
        self.email.send(event.order_id);
        Ok(())
    }
}

fn main() {}

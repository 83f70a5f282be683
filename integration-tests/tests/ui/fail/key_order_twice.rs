use carom::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key(order = 1))]
    customer: String,
    #[event(key(order = 1))]
    order_id: u64,
}

fn main() {}

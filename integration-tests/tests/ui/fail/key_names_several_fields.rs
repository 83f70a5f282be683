use carom::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales", key = (customer, order_id))]
struct OrderPlaced {
    customer: String,
    order_id: u64,
}

fn main() {}

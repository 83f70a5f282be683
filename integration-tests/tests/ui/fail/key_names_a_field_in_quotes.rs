use carom::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales", key = "order_id")]
struct OrderPlaced {
    order_id: u64,
}

fn main() {}

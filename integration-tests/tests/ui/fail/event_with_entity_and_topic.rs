use carom::{Event};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, topic = "orders", domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

fn main() {}

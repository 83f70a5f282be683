use carom::{Event};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "sales/orders", domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

fn main() {}

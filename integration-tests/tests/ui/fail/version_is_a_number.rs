use carom::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales", version = 2)]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

fn main() {}

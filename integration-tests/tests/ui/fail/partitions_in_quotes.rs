use carom::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales", partitions = "12")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

fn main() {}

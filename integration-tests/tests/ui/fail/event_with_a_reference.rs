use carom::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
    currency: &'static str,
}

fn main() {}

use carom::Event;
use serde::Serialize;

#[derive(Serialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

fn main() {}

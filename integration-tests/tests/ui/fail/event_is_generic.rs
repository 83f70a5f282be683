use carom::{Event};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced<T> {
    #[event(key)]
    order_id: T,
}

fn main() {}

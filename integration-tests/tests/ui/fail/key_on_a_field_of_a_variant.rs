use carom::{Event};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
enum OrderChanged {
    Paid {
        #[event(key)]
        order_id: u64,
    },
}

fn main() {}

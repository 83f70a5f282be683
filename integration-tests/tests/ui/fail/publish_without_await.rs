#![deny(unused_must_use)]

use carom::{BusHandle, Event};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

fn run(bus: &BusHandle) {
    bus.publish(OrderPlaced { order_id: 7 });
}

fn main() {
    let _ = run;
}

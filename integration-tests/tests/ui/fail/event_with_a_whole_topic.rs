//! It is a warning; a crate that wants none fails with it.

#![deny(warnings)]

use carom::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "dev.shop.public.orders.v1", domain = "shop")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

fn main() {
    drop(serde_json::to_string(&OrderPlaced { order_id: 7 }));
}

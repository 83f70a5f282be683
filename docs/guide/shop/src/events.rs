//! What the services of the shop tell each other.

use carom::Event;
use serde::{Deserialize, Serialize};

/// An order was placed and awaits payment.
#[derive(Debug, Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "shop")]
pub struct OrderPlaced {
    #[event(key)]
    pub order_id: u32,
    pub cents: u64,
}

/// An order was paid and awaits shipment.
#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "shop")]
pub struct OrderPaid {
    #[event(key)]
    pub order_id: u32,
}

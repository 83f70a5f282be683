//! An event for the tests of this room, written by hand instead of derived.

use serde::{Deserialize, Serialize};

use super::{Codec, Descriptor, Event, KeySource, Location, TopicSource, json};

/// An order was placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrderPlaced {
    pub(crate) order_id: String,
    pub(crate) cents: u64,
}

pub(crate) const ORDER_PLACED: Descriptor = Descriptor {
    rust_name: "OrderPlaced",
    event_type: "sales.order-placed.v1",
    aliases: &[],
    domain: "sales",
    internal: false,
    topic: TopicSource::Entity("Order"),
    plural: None,
    version: "v1",
    partitions: None,
    key: KeySource::Fields(&["order_id"]),
    description: "An order was placed.",
    location: Location { file: "src/order.rs", line: 7 },
};

impl Event for OrderPlaced {
    fn descriptor() -> &'static Descriptor {
        &ORDER_PLACED
    }

    fn key(&self) -> Option<String> {
        Some(self.order_id.clone())
    }

    fn codec() -> Codec<Self> {
        json()
    }
}

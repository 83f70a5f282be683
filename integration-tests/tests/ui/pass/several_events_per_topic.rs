//! Events of one entity share its topic; enums and unit structs are events too.

use carom::Event;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = crate::Order, domain = "Sales", internal, partitions = 12)]
struct OrderPlacedV1 {
    #[event(key)]
    order_id: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "Sales", internal, plural = false, version = "")]
#[event(type = "com.acme.order.moved", alias = "order-moved", alias = "order-shifted")]
#[serde(tag = "to", rename_all = "snake_case")]
enum OrderMoved {
    Shelf { number: u32 },
    Street,
}

#[derive(Serialize, Deserialize, Event)]
#[event(topic = "orders", version = "v2")]
struct OrdersClosed;

fn main() {
    let placed = OrderPlacedV1::descriptor();
    assert_eq!((placed.event_type, placed.rust_name), ("sales.order-placed.v1", "OrderPlacedV1"));
    assert_eq!((placed.domain, placed.internal, placed.partitions), ("Sales", true, Some(12)));

    let moved = OrderMoved::descriptor();
    assert_eq!(moved.event_type, "com.acme.order.moved");
    assert_eq!(moved.aliases, ["order-moved", "order-shifted"]);
    assert_eq!((moved.plural, moved.version), (Some(false), ""));
    assert_eq!(OrderMoved::Shelf { number: 1 }.key(), None);
    assert_eq!(OrderMoved::Street.key(), None);

    // The domain is that of the crate: the first word of its name.
    assert_eq!(OrdersClosed::descriptor().event_type, "integration.orders-closed.v2");
    assert!(OrdersClosed::descriptor().location.to_string().ends_with("several_events_per_topic.rs:24"));
}

//! Key parts are sorted by order, then by name, and joined with `|`; a method can make the key as well.

use carom::{Event, KeyPart, event::KeySource};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize, KeyPart)]
struct TenantId(Uuid);

#[derive(Serialize, Deserialize, KeyPart)]
enum Region {
    North,
    South,
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key(order = 2))]
    number: i64,
    #[event(key(order = 1))]
    region: Region,
    #[event(key)]
    coupon: Option<String>,
    #[event(key)]
    r#type: bool,
    #[event(key(order = -1))]
    tenant: TenantId,
    cents: f64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderSplit(#[event(key)] String, f64, #[event(key)] char);

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales", key = order)]
enum OrderChanged {
    Paid { order: u64 },
    Shipped { order: u64 },
}

impl OrderChanged {
    fn order(&self) -> u64 {
        match self {
            Self::Paid { order } | Self::Shipped { order } => *order,
        }
    }
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales", key = shard)]
struct OrderAudited {
    lines: Vec<String>,
}

impl OrderAudited {
    fn shard(&self) -> Option<&str> {
        self.lines.first().map(String::as_str)
    }
}

fn main() {
    let mut placed = OrderPlaced {
        number: -7,
        region: Region::South,
        coupon: Some("a|b".to_owned()),
        r#type: true,
        tenant: TenantId(Uuid::nil()),
        cents: 0.5,
    };
    let nil = "00000000-0000-0000-0000-000000000000";
    assert_eq!(placed.key(), Some(format!("{nil}|a|b|True|South|-7")));
    (placed.coupon, placed.region) = (None, Region::North);
    assert_eq!(placed.key(), Some(format!("{nil}||True|North|-7")));
    let fields = &["tenant", "coupon", "type", "region", "number"];
    assert_eq!(OrderPlaced::descriptor().key, KeySource::Fields(fields));
    assert_eq!(OrderChanged::descriptor().key, KeySource::Method("order"));

    assert_eq!(OrderSplit("a".to_owned(), 1.0, 'b').key(), Some("a|b".to_owned()));
    assert_eq!(OrderChanged::Paid { order: 7 }.key(), Some("7".to_owned()));
    assert_eq!(OrderChanged::Shipped { order: 8 }.key(), Some("8".to_owned()));
    assert_eq!(OrderAudited { lines: vec!["x".to_owned()] }.key(), Some("x".to_owned()));
    assert_eq!(OrderAudited { lines: vec![] }.key(), Some(String::new()));
}

//! The program of the front page, up to the bus.

use carom::{Actor, Context, Event, Failure, Handler, handler};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An order was placed and awaits payment.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: Uuid,
    cents: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPaid {
    #[event(key)]
    order_id: Uuid,
}

#[derive(Clone)]
struct Gateway;

impl Gateway {
    async fn charge(&self, _order: Uuid, cents: u64) -> Result<(), std::num::ParseIntError> {
        cents.to_string().parse::<u64>().map(drop)
    }
}

#[derive(Actor)]
struct Billing {
    gateway: Gateway,
}

#[handler]
impl Handler<OrderPlaced> for Billing {
    async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<OrderPaid, Failure> {
        self.gateway.charge(event.order_id, event.cents).await?;
        Ok(OrderPaid { order_id: event.order_id })
    }
}

fn main() {
    assert_eq!(OrderPlaced::descriptor().event_type, "sales.order-placed.v1");
    assert_eq!(OrderPlaced::descriptor().description, "An order was placed and awaits payment.");
    let _ = Billing { gateway: Gateway };
}

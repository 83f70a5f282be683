//! The shipping service: sends what is paid.

use carom::{Actor, Bus, Context, Failure, Handler, Kafka, Supervisor, handler};
use tokio::sync::mpsc::UnboundedSender;

use crate::events::OrderPaid;

/// Where orders are told that were handed to the carrier.
pub type Shipped = UnboundedSender<u32>;

/// Ships orders.
#[derive(Actor)]
pub struct Shipping {
    shipped: Shipped,
}

#[handler]
impl Handler<OrderPaid> for Shipping {
    async fn handle(&mut self, event: OrderPaid, _cx: &mut Context<'_>) -> Result<(), Failure> {
        println!("shipping: order {}", event.order_id);
        Ok(self.shipped.send(event.order_id)?)
    }
}

/// The service, ready to be spawned.
pub fn bus(kafka: Kafka, shipped: Shipped) -> Bus<Shipped> {
    Bus::new(kafka).service("shipping").with_state(shipped).supervise::<Shipping>(Supervisor::one_for_one()).partial()
}

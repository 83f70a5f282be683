use carom::{Bus, Event, Kafka};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

async fn run() -> Result<(), carom::Error> {
    let bus = Bus::new(Kafka::embedded()).service("billing");
    bus.publish(OrderPlaced { order_id: 7 }).await?;
    Ok(())
}

fn main() {
    drop(run());
}

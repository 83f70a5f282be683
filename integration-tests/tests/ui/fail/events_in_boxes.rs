use carom::{BusHandle, Event};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPlaced {
    #[event(key)]
    order_id: u64,
}

#[derive(Serialize, Deserialize, Event)]
#[event(entity = Order, domain = "sales")]
struct OrderPaid {
    #[event(key)]
    order_id: u64,
}

struct Checkout {
    events: Vec<Box<dyn Event>>,
}

async fn run(bus: &BusHandle, checkout: Checkout) -> Result<(), carom::Error> {
    let _ = (bus, checkout.events);
    Ok(())
}

fn main() {
    let _ = run;
}

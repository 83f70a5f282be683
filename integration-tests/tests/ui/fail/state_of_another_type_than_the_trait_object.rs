use std::sync::Arc;

use carom::{Actor, Bus, Kafka, Supervisor};

trait Gateway: Send + Sync {}

struct Visa;

impl Gateway for Visa {}

#[derive(Actor)]
struct Billing {
    gateway: Arc<dyn Gateway>,
}

fn main() {
    let _ = Bus::new(Kafka::embedded()).with_state(Arc::new(Visa)).supervise::<Billing>(Supervisor::one_for_one());
}

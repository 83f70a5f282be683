use carom::{Actor, Bus, Kafka, Supervisor};

trait Gateway: Send + Sync {}

struct Visa;

impl Gateway for Visa {}

#[derive(Actor)]
struct Billing {
    gateway: Box<dyn Gateway>,
}

fn main() {
    let gateway: Box<dyn Gateway> = Box::new(Visa);
    let _ = Bus::new(Kafka::embedded()).with_state(gateway).supervise::<Billing>(Supervisor::one_for_one());
}

use carom::{Actor, Bus, Kafka, Supervisor};

#[derive(Clone)]
struct Gateway;

#[derive(Actor)]
struct Billing {
    gateway: Gateway,
}

fn main() {
    let _ = Bus::new(Kafka::embedded()).supervise::<Billing>(Supervisor::one_for_one());
}

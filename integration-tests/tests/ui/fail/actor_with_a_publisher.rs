use carom::{Actor, Bus, Kafka, Publisher, Supervisor};

#[derive(Actor)]
struct Billing {
    publisher: Publisher,
}

fn main() {
    let _ = Bus::new(Kafka::embedded()).supervise::<Billing>(Supervisor::one_for_one());
}

use carom::{Bus, Kafka, Supervisor};

struct Billing;

fn main() {
    let _ = Bus::new(Kafka::embedded()).with_state(()).supervise::<Billing>(Supervisor::one_for_one());
}

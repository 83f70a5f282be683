use carom::{Bus, Kafka};

#[derive(Clone)]
struct Gateway;

#[derive(Clone)]
struct Database;

fn main() {
    let _ = Bus::new(Kafka::embedded()).with_state(Gateway).with_state(Database);
}

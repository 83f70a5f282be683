use carom::{Actor, Bus, FromRef, Kafka, Supervisor};

#[derive(Clone)]
struct Gateway;

#[derive(Clone)]
struct Clock;

#[derive(Clone, FromRef)]
struct App {
    port: u16,
}

#[derive(Actor)]
struct Billing {
    gateway: Gateway,
    port: u16,
    clock: Clock,
}

fn main() {
    let _ = Bus::new(Kafka::embedded()).with_state(App { port: 80 }).supervise::<Billing>(Supervisor::one_for_one());
}

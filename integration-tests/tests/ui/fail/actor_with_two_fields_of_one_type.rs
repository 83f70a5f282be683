use carom::{Actor, Bus, FromRef, Kafka, Supervisor};

#[derive(Clone)]
struct Gateway;

#[derive(FromRef)]
struct App {
    gateway: Gateway,
}

#[derive(Actor)]
struct Billing {
    live: Gateway,
    sandbox: Gateway,
    #[actor(default)]
    charged: u64,
    #[actor(default)]
    refunded: u64,
}

fn main() {
    let _ = Bus::new(Kafka::embedded()).with_state(App { gateway: Gateway }).supervise::<Billing>(Supervisor::one_for_one());
}

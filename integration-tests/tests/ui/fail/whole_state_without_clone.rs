use carom::{Actor, Bus, Kafka, Supervisor};

struct App {
    port: u16,
}

#[derive(Actor)]
struct Billing {
    app: App,
}

fn main() {
    let _ = Bus::new(Kafka::embedded()).with_state(App { port: 80 }).supervise::<Billing>(Supervisor::one_for_one());
}

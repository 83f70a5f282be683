use carom::{Bus, Kafka};

struct App {
    port: u16,
}

fn main() {
    let _ = Bus::new(Kafka::embedded()).with_state(App { port: 80 });
}

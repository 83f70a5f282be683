use carom::{Bus, Kafka};

async fn run() -> Result<(), carom::Error> {
    let bus = Bus::new(Kafka::embedded()).service("billing");
    bus.run_until_signal().await
}

fn main() {
    drop(run());
}

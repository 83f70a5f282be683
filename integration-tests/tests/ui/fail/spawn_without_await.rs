use carom::{Bus, Kafka};

async fn run() -> Result<(), carom::Error> {
    let bus = Bus::new(Kafka::embedded()).spawn();
    bus.run_until(std::future::pending::<()>()).await
}

fn main() {
    drop(run());
}

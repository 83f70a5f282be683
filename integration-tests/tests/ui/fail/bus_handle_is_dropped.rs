#![deny(unused_must_use)]

use carom::{Bus, Kafka};

async fn start() -> Result<(), carom::Error> {
    Bus::new(Kafka::embedded()).spawn().await?;
    Ok(())
}

fn main() {
    drop(start());
}

//! The billing service, as a program of its own.

use carom::Kafka;
use shop::billing;

#[tokio::main]
async fn main() -> Result<(), carom::Error> {
    tracing_subscriber::fmt::init();
    let bus = billing::bus(Kafka::new("localhost:9092")).spawn().await?;
    bus.run_until_signal().await
}

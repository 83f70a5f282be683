use std::error::Error;

use carom::Kafka;
use shop::{billing, events::OrderPlaced, letters, shipping};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let kafka = Kafka::embedded();
    let (shipped, mut orders) = mpsc::unbounded_channel();
    let billing = billing::bus(kafka.clone()).spawn().await?;
    let shipping = shipping::bus(kafka.clone(), shipped).spawn().await?;

    billing.publish(OrderPlaced { order_id: 1, cents: 500 }).await?;
    billing.publish(OrderPlaced { order_id: 7, cents: 4_200 }).await?;
    billing.publish(OrderPlaced { order_id: 13, cents: 1_000_000 }).await?;

    println!("shipped {:?} and {:?}", orders.recv().await, orders.recv().await);
    println!("a dead letter: {}", letters::next(&kafka, &billing).await?);
    billing.shutdown().await?;
    shipping.shutdown().await?;
    Ok(())
}

//! A look into a dead-letter topic, with a plain Kafka client.

use std::error::Error;

use carom::{BusHandle, Kafka};
use rdkafka::{
    ClientConfig, Message,
    consumer::{Consumer, StreamConsumer},
    message::Headers,
};

/// Waits for one dead letter of a service and returns it as text: its value, then its headers.
pub async fn next(kafka: &Kafka, service: &BusHandle) -> Result<String, Box<dyn Error>> {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka.bootstrap_servers()?)
        .set("group.id", "curious")
        .set("auto.offset.reset", "earliest")
        .create()?;
    consumer.subscribe(&[&service.routes()[0].dead_letter_topic])?;
    let letter = consumer.recv().await?;
    let mut text = String::from_utf8_lossy(letter.payload().unwrap_or_default()).into_owned();
    for header in letter.headers().into_iter().flat_map(Headers::iter) {
        let value = String::from_utf8_lossy(header.value.unwrap_or_default());
        text.push_str(&format!("\n  {}: {value}", header.key));
    }
    Ok(text)
}

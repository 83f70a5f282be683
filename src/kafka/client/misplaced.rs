//! Options given to clients of the other kind, which librdkafka ignores with a word in its log.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaResult,
    message::DeliveryResult,
    producer::{BaseProducer, Producer, ProducerContext},
};

use super::options::canonical;

/// How often a client is asked for what it has to say; each time is at least one line.
const ASKED: usize = 32;

/// The names in what a client says of options that are not for it.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl ClientContext for Heard {
    fn log(&self, _level: RDKafkaLogLevel, _fac: &str, message: &str) {
        if let Some(name) = ignored(message) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(canonical(name).to_owned());
        }
    }
}

impl ConsumerContext for Heard {}

impl ProducerContext for Heard {
    type DeliveryOpaque = ();

    fn delivery(&self, _result: &DeliveryResult<'_>, (): ()) {}
}

impl Heard {
    fn names(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The option that a client ignores, if this is what it says.
pub(super) fn ignored(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("Configuration property ")?;
    let (name, rest) = rest.split_once(' ')?;
    rest.contains("property and will be ignored by this").then_some(name)
}

/// Makes a consumer; the options that it ignores.
pub(super) fn of_consumer(config: ClientConfig) -> KafkaResult<Vec<String>> {
    let client: BaseConsumer<Heard> = audible(config).create_with_context(Heard::default())?;
    (0..ASKED).for_each(|_| drop(client.poll(Duration::ZERO)));
    Ok(client.context().names())
}

/// Makes a producer; the options that it ignores.
pub(super) fn of_producer(config: ClientConfig) -> KafkaResult<Vec<String>> {
    let client: BaseProducer<Heard> = audible(config).create_with_context(Heard::default())?;
    (0..ASKED).for_each(|_| client.poll(Duration::ZERO));
    Ok(client.context().names())
}

/// Without the many lines of `debug`, in which those that count would drown, and with all that count.
fn audible(mut config: ClientConfig) -> ClientConfig {
    config.remove("debug").remove("log_level");
    config
}

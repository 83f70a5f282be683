//! Why no broker answers: the call that got no answer only knows that, the connection knows more.

use std::time::Duration;

use rdkafka::ClientConfig;

use super::Kafka;
use crate::kafka::raw::produce::{Event, RawProducer};

/// How long a connection may take to fail.
const WITHIN: Duration = Duration::from_secs(2);

/// Connects once more, and returns what a connection failed with, in librdkafka's words; `None` if none of them failed
/// soon.
pub(in crate::kafka) async fn why(kafka: &Kafka) -> Option<String> {
    let config = kafka.admin_config("carom-admin").ok()?;
    let reason = tokio::task::spawn_blocking(move || reason(&config, WITHIN)).await.ok()??;
    Some(kafka.secrets().hide(&reason))
}

fn reason(config: &ClientConfig, within: Duration) -> Option<String> {
    let client = RawProducer::new(config).ok()?;
    let deadline = crate::clock::monotonic() + within;
    loop {
        let left = deadline.checked_duration_since(crate::clock::monotonic())?;
        // The first is about a connection; that all brokers are down comes after it.
        if let Event::Error { text, .. } = client.poll(left.max(Duration::from_millis(1)), &mut Vec::new()) {
            return Some(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(servers: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", servers);
        config
    }

    // Fails when the code is returned instead of the text: it does not say what the system said.
    #[test]
    fn a_port_that_nobody_listens_on_refuses() {
        let reason = reason(&config("127.0.0.1:1"), Duration::from_secs(30)).unwrap();
        assert!(reason.starts_with("127.0.0.1:1/bootstrap: ") && reason.contains("Connection refused"), "{reason}");
    }

    #[test]
    fn a_name_that_nobody_has_cannot_be_resolved() {
        let reason = reason(&config("kafka.invalid:9092"), Duration::from_secs(30)).unwrap();
        assert!(reason.contains("Failed to resolve 'kafka.invalid:9092'"), "{reason}");
    }
}

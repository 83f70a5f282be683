//! What each client is given: carom's defaults, then the user's options, then what nobody may change.

use rdkafka::{ClientConfig, config::RDKafkaLogLevel};

use super::{Kafka, defaults, layers::Scope};
use crate::kafka::Embedded;

/// What a producer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Publishing {
    Events,
    /// Gives up sooner: the record's key waits for the result.
    DeadLetters,
}

impl Kafka {
    /// The configuration of a consumer.
    pub(crate) fn consumer_config(&self, group_id: &str, client_id: &str) -> Result<ClientConfig, String> {
        self.connected(self.consumer_layers(group_id, client_id))
    }

    /// The configuration of a producer.
    pub(crate) fn producer_config(&self, client_id: &str, purpose: Publishing) -> Result<ClientConfig, String> {
        self.connected(self.producer_layers(client_id, purpose))
    }

    /// The configuration of a client that manages topics.
    pub(crate) fn admin_config(&self, client_id: &str) -> Result<ClientConfig, String> {
        let mut config = ClientConfig::new();
        config.set("client.id", client_id);
        self.embedded_defaults(&mut config);
        self.options.apply(&mut config, Scope::All);
        config.set("allow.auto.create.topics", "false");
        self.connected(config)
    }

    fn connected(&self, mut config: ClientConfig) -> Result<ClientConfig, String> {
        config.set("bootstrap.servers", self.bootstrap_servers()?);
        config.set_log_level(log_level(&config));
        Ok(config)
    }

    fn embedded_defaults(&self, config: &mut ClientConfig) {
        if self.broker().is_some() {
            // It ends with the program, before its clients do.
            config.set("log.connection.close", "false");
        }
    }

    pub(super) fn consumer_layers(&self, group_id: &str, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", client_id);
        defaults::consumer(&mut config, self.group_protocol);
        self.embedded_defaults(&mut config);
        if self.broker().is_some() {
            defaults::apply(&mut config, Embedded::consumer_overrides(self.group_protocol));
        }
        self.options.apply(&mut config, Scope::Consumer);
        config.set("group.id", group_id);
        defaults::owned_by_consumer(&mut config, self.group_protocol);
        config
    }

    pub(super) fn producer_layers(&self, client_id: &str, purpose: Publishing) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", client_id);
        defaults::producer(&mut config, purpose);
        self.embedded_defaults(&mut config);
        self.options.apply(&mut config, Scope::Producer);
        if purpose == Publishing::DeadLetters {
            defaults::room_for_reasons(&mut config);
        }
        config.set("partitioner", self.partitioner.config_value());
        defaults::owned_by_producer(&mut config);
        config
    }
}

/// What a client says at all. By default rdkafka asks the crate `log`, which programs with `tracing` need not have; here
/// the filters of `tracing` choose. It is never less than warnings: some losses are told in no other way, see
/// `consumer::jumps`.
fn log_level(config: &ClientConfig) -> RDKafkaLogLevel {
    let asked = config.get("debug").is_some_and(|facilities| !facilities.is_empty());
    if asked { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info }
}

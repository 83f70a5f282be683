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
        let mut config = self.connected(self.consumer_layers(group_id, client_id))?;
        if (config.log_level as i32) < RDKafkaLogLevel::Warning as i32 {
            // By default rdkafka asks the crate `log`, which programs with `tracing` need not have. What has to be
            // known comes with a warning and in no other way, see `consumer::jumps`.
            config.set_log_level(RDKafkaLogLevel::Warning);
        }
        Ok(config)
    }

    /// The configuration of a producer.
    pub(crate) fn producer_config(&self, client_id: &str, purpose: Publishing) -> Result<ClientConfig, String> {
        self.connected(self.producer_layers(client_id, purpose))
    }

    /// The configuration of a client that manages topics.
    pub(crate) fn admin_config(&self, client_id: &str) -> Result<ClientConfig, String> {
        let mut config = ClientConfig::new();
        config.set("client.id", client_id);
        self.options.apply(&mut config, Scope::All);
        config.set("allow.auto.create.topics", "false");
        self.connected(config)
    }

    fn connected(&self, mut config: ClientConfig) -> Result<ClientConfig, String> {
        config.set("bootstrap.servers", self.bootstrap_servers()?);
        if self.broker().is_some() {
            // It ends with the program, before its clients do.
            config.set("log.connection.close", "false");
        }
        Ok(config)
    }

    pub(super) fn consumer_layers(&self, group_id: &str, client_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", client_id);
        defaults::consumer(&mut config, self.group_protocol);
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
        self.options.apply(&mut config, Scope::Producer);
        if purpose == Publishing::DeadLetters {
            defaults::room_for_reasons(&mut config);
        }
        config.set("partitioner", self.partitioner.config_value());
        defaults::owned_by_producer(&mut config);
        config
    }
}

//! The client that asks, and that manages topics.

use rdkafka::{admin::AdminClient, error::KafkaError};

use super::{
    Kafka,
    log::{ClientLog, LogContext},
};
use crate::telemetry::logs::client::{ADMIN, Name};

/// Its callbacks only log.
pub(in crate::kafka) type Admin = AdminClient<LogContext>;

/// Made of the options that are for all clients.
pub(in crate::kafka) fn admin(kafka: &Kafka) -> Result<Admin, String> {
    let secrets = kafka.secrets();
    // It asks about the cluster, and several buses of a process ask the same.
    let name = Name { service: "".into(), client: ADMIN };
    let context = LogContext(ClientLog::new(name, secrets.clone()));
    let admin = kafka.admin_config("carom-admin")?.create_with_context(context);
    admin.map_err(|error: KafkaError| secrets.hide(&error.to_string()))
}

//! Whether the cluster is reached: said when it changes, and not with each error.

use std::{collections::HashMap, sync::Arc};

use rdkafka::error::RDKafkaErrorCode;
use serde::Deserialize;

use super::super::client::{
    bootstrap::{self, FORGOTTEN},
    errors::{PollError, of_poll},
};
use crate::telemetry::logs::{self, client::Name};

/// Told whether the cluster is reached, and how that is known, whenever it changes.
pub(crate) type Tell = Arc<dyn Fn(bool, &str) + Send + Sync>;

/// What is known of the connection.
pub(super) struct Connection {
    /// `None` until the first sign.
    up: Option<bool>,
    /// Errors since the cluster last gave a sign: an outage is a wall of them, and one line of log.
    errors: u64,
    name: Name,
    tell: Tell,
}

/// The part of librdkafka's statistics that is of interest.
#[derive(Deserialize)]
struct Statistics {
    brokers: HashMap<String, Broker>,
}

#[derive(Deserialize)]
struct Broker {
    source: String,
    state: String,
}

impl Connection {
    pub(super) fn new(name: Name, tell: Tell) -> Self {
        Self { up: None, errors: 0, name, tell }
    }

    /// An error came up.
    pub(super) fn error(&mut self, code: RDKafkaErrorCode, text: &str) {
        match of_poll(code) {
            PollError::Down => self.set(false, text),
            PollError::Passing => tracing::debug!("producer: {code}: {text}"),
            PollError::Alarm | PollError::Fatal if self.errors > 0 => tracing::debug!("producer: {code}: {text}"),
            PollError::Alarm | PollError::Fatal => {
                self.errors += 1;
                logs::client::producer_error(&self.name, &format!("{code}: {text}"));
            }
        }
    }

    /// The cluster acknowledged something.
    pub(super) fn acknowledged(&mut self) {
        self.errors = 0;
        self.set(true, "it acknowledges records");
    }

    /// librdkafka's statistics, as JSON. They say when an idle client is connected again; returns whether the client has
    /// forgotten all brokers.
    pub(super) fn statistics(&mut self, json: &str) -> bool {
        let Ok(Statistics { brokers }) = serde_json::from_str(json) else { return false };
        let has_forgotten = bootstrap::knows_none(brokers.values().map(|broker| &*broker.source));
        if has_forgotten {
            self.set(false, FORGOTTEN);
        } else if brokers.values().any(|broker| broker.state == "UP") {
            self.set(true, "connected");
        }
        has_forgotten
    }

    fn set(&mut self, up: bool, detail: &str) {
        if self.up == Some(up) {
            return;
        }
        self.up = Some(up);
        (self.tell)(up, detail);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::telemetry::heard::heard;

    fn name() -> Name {
        Name { service: "billing".into(), client: "producer" }
    }

    #[test]
    fn a_change_is_told_once() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = {
            let told = Arc::clone(&told);
            Arc::new(move |up, _: &str| told.lock().unwrap().push(up))
        };
        let mut connection = Connection::new(name(), tell);
        connection.acknowledged();
        connection.acknowledged();
        connection.error(RDKafkaErrorCode::BrokerTransportFailure, "one of three");
        // Fails without the comparison in `set`: a wall of lines for one outage.
        (0..9).for_each(|_| connection.error(RDKafkaErrorCode::AllBrokersDown, "3/3"));
        let known = |state| format!(r#"{{"brokers":{{"a/1":{{"state":"{state}","source":"learned","nodeid":1}}}}}}"#);
        assert!(!connection.statistics(&known("TRY_CONNECT")));
        assert!(!connection.statistics("no JSON"));
        assert_eq!(*told.lock().unwrap(), [true, false]);
        assert!(!connection.statistics(&known("UP")));
        assert_eq!(*told.lock().unwrap(), [true, false, true]);
        assert!(connection.statistics(r#"{"brokers":{}}"#));
        assert_eq!(*told.lock().unwrap(), [true, false, true, false]);
    }

    // Fails when `error` keeps it to itself, and when a client that goes on failing fills the log.
    #[test]
    fn an_error_that_the_client_cannot_repair_is_one_line_until_something_is_acknowledged() {
        let mut connection = Connection::new(name(), Arc::new(|_, _: &str| {}));
        let refused = RDKafkaErrorCode::ClusterAuthorizationFailed;
        let text = heard(|| {
            (0..3).for_each(|_| connection.error(refused, "no rights"));
            connection.acknowledged();
            connection.error(refused, "no rights");
        });
        let line = "ERROR carom::bus: a producer reports an error that it cannot repair alone service=\"billing\" \
                    client=\"producer\" reason=\"";
        assert_eq!((text.matches(line).count(), text.matches(": no rights\"\n").count()), (2, 2), "{text}");
    }
}

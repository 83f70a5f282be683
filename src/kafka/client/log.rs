//! What librdkafka says, as lines of our log.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use rdkafka::{ClientContext, config::RDKafkaLogLevel, error::KafkaError};

use super::{Secrets, misplaced::ignored};
use crate::telemetry::logs::client::Name;

/// The log of one client: of all clients the same lines, which say whose they are.
#[derive(Clone, Default)]
pub(crate) struct ClientLog {
    /// A process may have several buses, and each has several clients.
    pub(crate) name: Name,
    /// Not to be repeated in what the client says.
    pub(crate) secrets: Secrets,
    /// How often it was told that an id is not there yet; shared by the clones.
    waits: Waits,
}

/// Counts how often a client was told to ask again for an id of a producer.
#[derive(Clone, Default)]
struct Waits(Arc<AtomicU32>);

/// One line, at a level that is a constant for `tracing`.
macro_rules! line {
    ($level:ident, $log:expr, $facility:expr, $message:expr) => {
        tracing::$level!(
            target: "librdkafka",
            service = Some(&*$log.name.service).filter(|service| !service.is_empty()),
            client = $log.name.client,
            facility = $facility,
            "{}",
            $log.secrets.hide($message)
        )
    };
}

impl ClientLog {
    pub(crate) fn new(name: Name, secrets: Secrets) -> Self {
        Self { name, secrets, waits: Waits::default() }
    }

    /// One line, at the level it was written with (syslog's numbers), or as `info` where that mostly passes by itself.
    pub(in crate::kafka) fn line(&self, level: i32, facility: &str, message: &str) {
        // What was given for all clients is for those that can use it.
        if ignored(message).is_some() {
            return;
        }
        match level {
            4 if self.waits.passes(facility, message) => line!(info, self, facility, message),
            ..=3 => line!(error, self, facility, message),
            4 => line!(warn, self, facility, message),
            5 | 6 => line!(info, self, facility, message),
            _ => line!(debug, self, facility, message),
        }
    }
}

/// A client asks each 500 ms: after 5 s it is worth a warning.
const WAITS: u32 = 10;

impl Waits {
    /// Whether it is about a broker that has no ids of producers from its controller yet, as one that has just started,
    /// and was not for long: the client asks again.
    fn passes(&self, facility: &str, message: &str) -> bool {
        facility == "GETPID"
            && message.ends_with("Coordinator load in progress: retrying")
            && self.0.fetch_add(1, Relaxed) < WAITS
    }
}

/// The callbacks of a client that only has something to log.
#[derive(Default)]
pub(in crate::kafka) struct LogContext(pub(super) ClientLog);

impl ClientContext for LogContext {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        self.0.line(level as i32, fac, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.line(RDKafkaLogLevel::Debug as i32, "ERROR", &format!("{error}: {reason}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{kafka::client::secrets::Value, telemetry::heard::heard};

    // Fails when the clients' lines have two shapes, or do not say whose they are.
    #[test]
    fn a_line_says_whose_it_is_and_no_secret() {
        let password = Value { text: "hunter2".to_owned(), hidden: true };
        let name = Name { service: "billing".into(), client: "producer" };
        let log = ClientLog::new(name, Secrets::of([("sasl.password", &password)].into_iter()));
        let line = heard(|| log.line(3, "FAIL", "[thrd:kafka-1]: refused: hunter2"));
        assert_eq!(
            line,
            "ERROR librdkafka: [thrd:kafka-1]: refused: *** service=\"billing\" client=\"producer\" facility=\"FAIL\"\n"
        );
        let levels = heard(|| (0..8).for_each(|level| log.line(level, "FAIL", "x")));
        let levels: Vec<_> = levels.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
        assert_eq!(levels, ["ERROR", "ERROR", "ERROR", "ERROR", "WARN", "INFO", "INFO"]); // no `debug` here
    }

    // Fails when the first start of a service on a fresh broker warns of what nobody has to see to, or when what
    // somebody has to is no warning any more: a controller that is not there keeps all producers waiting.
    #[test]
    fn ids_that_are_not_there_yet_are_a_warning_only_if_that_goes_on() {
        let log = ClientLog::default();
        let level = |facility, reason| {
            let message = format!("Failed to acquire idempotence PID from broker b:1/1: Broker: {reason}: retrying");
            heard(|| log.line(4, facility, &message)).split_whitespace().next().unwrap().to_owned()
        };
        let waits: Vec<_> = (0..12).map(|_| level("GETPID", "Coordinator load in progress")).collect();
        assert_eq!(waits, [vec!["INFO"; 10], vec!["WARN"; 2]].concat());
        assert_eq!(level("GETPID", "Cluster authorization failed"), "WARN");
        assert_eq!(level("FAIL", "Coordinator load in progress"), "WARN");
    }

    #[test]
    fn a_client_without_a_service_names_none() {
        let name = Name { service: "".into(), client: "admin" };
        let context = LogContext(ClientLog::new(name, Secrets::default()));
        let line = heard(|| context.log(RDKafkaLogLevel::Warning, "GETPID", "slow"));
        assert_eq!(line, " WARN librdkafka: slow client=\"admin\" facility=\"GETPID\"\n");
    }
}

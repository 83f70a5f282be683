//! Whether and where this test run finds a real Apache Kafka.

use std::{
    env,
    io::{self, Write},
    sync::OnceLock,
};

use crate::{broker::Broker, jars, proxy::Proxy};

/// A real Kafka for this test run.
#[derive(Debug)]
pub enum Backend {
    /// `KAFKA_BOOTSTRAP_SERVERS` names one.
    Given(String),
    /// This run started one; all tests share it.
    Started(Broker),
    /// There is none, and why.
    Skip(String),
}

/// The real Kafka of this test run.
#[derive(Debug)]
pub struct RealKafka;

impl RealKafka {
    /// The backend, decided once per run: `KAFKA_BOOTSTRAP_SERVERS`, else a broker of our own (JDK 17+ and Maven), else
    /// none. Blocks until the broker answers: some seconds, or minutes while its jars are fetched.
    ///
    /// # Panics
    ///
    /// If there is none while `CAROM_REQUIRE_KAFKA=1`.
    pub fn get() -> &'static Backend {
        static BACKEND: OnceLock<Backend> = OnceLock::new();
        let backend = BACKEND.get_or_init(|| given_or(Broker::start_new));
        if let Backend::Skip(reason) = backend {
            refuse_if_required(reason);
        }
        backend
    }

    /// A backend to measure on: as [`get`](Self::get) decides, but a broker that is started runs as one in production
    /// does. It ends when the backend is dropped.
    pub fn to_measure() -> Backend {
        given_or(Broker::start_lasting)
    }

    /// The addresses of the shared Kafka. Without one the test is skipped: says so where it is seen, and `None`.
    pub fn bootstrap_servers(test: &str) -> Option<String> {
        match Self::get() {
            Backend::Given(servers) => Some(servers.clone()),
            Backend::Started(broker) => Some(broker.bootstrap_servers()),
            Backend::Skip(reason) => {
                say_skipped(test, reason);
                None
            }
        }
    }

    /// A broker for one test alone, which may stop, kill and suspend it; `None` as with
    /// [`bootstrap_servers`](Self::bootstrap_servers).
    pub fn private(test: &str) -> Option<Broker> {
        for_one_test(test, Broker::start_new)
    }

    /// As [`private`](Self::private), with a network before it that the test may make bad.
    pub fn behind_proxy(test: &str) -> Option<(Broker, Proxy)> {
        for_one_test(test, Broker::start_behind_proxy)
    }
}

fn for_one_test<T>(test: &str, start_broker: impl FnOnce() -> io::Result<T>) -> Option<T> {
    match start(start_broker) {
        Ok(started) => Some(started),
        Err(reason) => {
            refuse_if_required(&reason);
            say_skipped(test, &reason);
            None
        }
    }
}

/// The addresses in `KAFKA_BOOTSTRAP_SERVERS`.
pub(crate) fn given() -> Option<String> {
    env::var("KAFKA_BOOTSTRAP_SERVERS").ok().filter(|servers| !servers.trim().is_empty())
}

fn given_or(start_broker: impl FnOnce() -> io::Result<Broker>) -> Backend {
    let start = || start(start_broker).map_or_else(Backend::Skip, Backend::Started);
    given().map_or_else(start, Backend::Given)
}

fn start<T>(start_broker: impl FnOnce() -> io::Result<T>) -> Result<T, String> {
    if let Some(missing) = jars::missing_tools() {
        return Err(missing);
    }
    start_broker().map_err(|error| error.to_string())
}

fn refuse_if_required(reason: &str) {
    assert!(!is_required(), "CAROM_REQUIRE_KAFKA=1, but there is no Kafka: {reason}");
}

fn is_required() -> bool {
    env::var("CAROM_REQUIRE_KAFKA").as_deref() == Ok("1")
}

/// Skips a test that wants another client, where a skip is allowed.
pub(crate) fn skip_without<T>(test: &str, missing: &str) -> Option<T> {
    assert!(!is_required(), "CAROM_REQUIRE_KAFKA=1, but {missing}");
    let _ = writeln!(io::stderr(), "SKIPPED with another client: {test} ({missing})");
    None
}

/// Not `eprintln!`: the test runner would swallow it with the output of a test that passes.
fn say_skipped(test: &str, reason: &str) {
    let _ = writeln!(
        io::stderr(),
        "SKIPPED on a real Kafka: {test} ({reason}; set KAFKA_BOOTSTRAP_SERVERS, or install JDK 17 and Maven)"
    );
}

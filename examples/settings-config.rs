//! Run with `cargo run --example settings-config`: a TOML file, and the environment on top of it, by the crate
//! `config`.
//!
//! Any loader that speaks serde will do. Three things to know of this one:
//!
//! - Without `try_parsing(true)` values of the environment stay texts; with it `0123` becomes 123.
//! - A dot in the name of a variable goes down a level too. Write `_`: carom reads `fetch_min_bytes` as librdkafka's
//!   `fetch.min.bytes`.
//! - It merges by key: for the environment to override the file, the file has to spell the option with `_` as well.

use std::{collections::HashMap, sync::Arc};

use carom::{Actor, Bus, Context, Event, Failure, Handler, Settings, Supervisor, handler};
use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// The service's own configuration, with a section for the bus.
#[derive(Deserialize)]
struct Configuration {
    greeting: String,
    carom: Settings,
}

const FILE: &str = r#"
greeting = "hello"

[carom]
service = "greeter"
shutdown_timeout = "30s"

[carom.kafka]
bootstrap_servers = "embedded" # or "kafka-1:9092,kafka-2:9092"
topics = "create"

[carom.kafka.consumer]
fetch_min_bytes = 1
"client.rack" = "0123"         # as librdkafka spells it: nobody overrides this one

[carom.kafka.producer.linger]
ms = 10                        # tables in tables are joined with dots
"#;

/// The file, and on top of it the variables that start with `GREETER__`.
fn load(variables: HashMap<String, String>) -> Result<Configuration, ConfigError> {
    let environment = Environment::with_prefix("GREETER").prefix_separator("__").separator("__");
    Config::builder()
        .add_source(File::from_str(FILE, FileFormat::Toml))
        .add_source(environment.source(Some(variables))) // a service leaves `.source(..)` out
        .build()?
        .try_deserialize()
}

fn variable(name: &str, value: &str) -> HashMap<String, String> {
    HashMap::from([(name.to_owned(), value.to_owned())])
}

/// Somebody came in.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Guest, domain = "greeter")]
struct GuestArrived {
    #[event(key)]
    name: String,
}

/// Greets guests.
#[derive(Actor)]
struct Greeter {
    greeting: Arc<str>,
    greeted: Arc<Notify>,
}

#[handler]
impl Handler<GuestArrived> for Greeter {
    async fn handle(&mut self, event: GuestArrived, _cx: &mut Context<'_>) -> Result<(), Failure> {
        println!("{}, {}", self.greeting, event.name);
        self.greeted.notify_one();
        Ok(())
    }
}

#[derive(Clone, carom::FromRef)]
struct State {
    greeting: Arc<str>,
    greeted: Arc<Notify>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::INFO).without_time().init();

    let configuration = load(variable("GREETER__CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES", "64"))?;
    let shown = format!("{:?}", configuration.carom);
    assert!(shown.contains(r#""fetch.min.bytes": "64""#) && shown.contains(r#""client.rack": "0123""#), "{shown}");

    // A mistake is told with its key, and with what was meant.
    let error = load(variable("GREETER__CAROM__KAFKA__TOPIC", "verify")).err().ok_or("a mistake")?.to_string();
    println!("{error}");
    assert!(error.contains("did you mean `kafka.topics`?"), "{error}");

    let state = State { greeting: configuration.greeting.into(), greeted: Arc::default() };
    let greeted = Arc::clone(&state.greeted);
    let bus = Bus::from_settings(configuration.carom)
        .with_state(state)
        .supervise::<Greeter>(Supervisor::one_for_one())
        .spawn()
        .await?;
    bus.publish(GuestArrived { name: "world".to_owned() }).await?;
    bus.run_until(greeted.notified()).await?;
    Ok(())
}

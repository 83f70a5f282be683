//! Settings as a whole: what comes in by the environment and by serde, and what a bus makes of it.

mod bus;
mod loaders;
mod options;
mod problems;
mod secrets;

use std::{fs, path::PathBuf};

use super::*;
use crate::Kafka;

fn from(vars: &[(&str, &str)]) -> Settings {
    Settings::from_vars("CAROM", vars.iter().copied()).unwrap()
}

/// Everything that is wrong with these variables.
fn refused(vars: &[(&str, &str)]) -> Vec<String> {
    match Settings::from_vars("CAROM", vars.iter().copied()) {
        Err(Error::Misconfigured(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn only_problem(vars: &[(&str, &str)]) -> String {
    let problems = refused(vars);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.into_iter().next().unwrap()
}

fn read(value: &serde_json::Value) -> Result<Settings, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

/// What clients get for an option.
fn option(settings: Settings, option: &str) -> [Option<String>; 2] {
    let kafka = Kafka::from(settings.kafka);
    let consumer = kafka.consumer_config("group", "client").unwrap();
    let producer = kafka.producer_config("client", crate::kafka::Publishing::Events).unwrap();
    [&consumer, &producer].map(|config| config.get(option).map(str::to_owned))
}

/// A file that goes with the test.
struct Secret(PathBuf);

impl Secret {
    fn new(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("carom-settings-{}", uuid::Uuid::now_v7()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

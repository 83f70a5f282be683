//! The options a user gave: those for all clients, and on top of them those for one kind.

use std::{collections::BTreeMap, fmt};

use rdkafka::ClientConfig;

use super::{options::canonical, secrets::Value};

/// Options by name, the last value of each.
type Options = BTreeMap<String, Value>;

/// Which clients an option is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    All,
    Consumer,
    Producer,
}

/// The options a user gave.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Layers {
    all: Options,
    consumer: Options,
    producer: Options,
}

impl Layers {
    pub(crate) fn set(&mut self, scope: Scope, option: &str, value: Value) {
        let layer = match scope {
            Scope::All => &mut self.all,
            Scope::Consumer => &mut self.consumer,
            Scope::Producer => &mut self.producer,
        };
        layer.insert(canonical(option).to_owned(), value);
    }

    /// Sets the options of clients of this kind on `config`, the narrower ones last.
    pub(super) fn apply(&self, config: &mut ClientConfig, scope: Scope) {
        for (key, value) in self.of(scope) {
            config.set(key, &value.text);
        }
    }

    /// The options of clients of this kind, the narrower ones last.
    fn of(&self, scope: Scope) -> impl Iterator<Item = (&str, &Value)> {
        let narrower = match scope {
            Scope::All => None,
            Scope::Consumer => Some(&self.consumer),
            Scope::Producer => Some(&self.producer),
        };
        self.all.iter().chain(narrower.into_iter().flatten()).map(|(key, value)| (key.as_str(), value))
    }

    /// Whether it was given in this layer, whatever stands in another.
    pub(super) fn has(&self, scope: Scope, key: &str) -> bool {
        self.layer(scope).contains_key(key)
    }

    pub(super) fn is_empty(&self, scope: Scope) -> bool {
        self.layer(scope).is_empty()
    }

    fn layer(&self, scope: Scope) -> &Options {
        match scope {
            Scope::All => &self.all,
            Scope::Consumer => &self.consumer,
            Scope::Producer => &self.producer,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.all.iter().chain(&self.consumer).chain(&self.producer).map(|(key, value)| (key.as_str(), value))
    }

    /// What clients of this kind were given as `key`; `None` if the user left it alone.
    pub(super) fn given(&self, scope: Scope, key: &str) -> Option<&Value> {
        self.of(scope).filter(|(given, _)| *given == key).last().map(|(_, value)| value)
    }

    /// Likewise, as it may be shown.
    pub(super) fn shown(&self, scope: Scope, key: &str) -> Option<String> {
        self.given(scope, key).map(|value| value.shown(key))
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |options: &Options| -> BTreeMap<String, String> {
            options.iter().map(|(key, value)| (key.clone(), value.shown(key))).collect()
        };
        f.debug_struct("Layers")
            .field("all", &shown(&self.all))
            .field("consumer", &shown(&self.consumer))
            .field("producer", &shown(&self.producer))
            .finish()
    }
}

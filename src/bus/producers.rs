//! The two producers of a bus: one for events, and one for dead letters, which gives up sooner.

use std::sync::Arc;

use super::plan::Planned;
use crate::{
    Error,
    kafka::{ClientLog, KafkaSink, ProvisioningSink, Publishing, Tell},
    telemetry::logs::{
        self,
        client::{DEAD_LETTERS, Name, PRODUCER},
    },
};

impl Planned {
    /// For outputs and for what is published by hand. It tells probes and operators when it reaches the cluster, or no
    /// longer does, and sees to topics that were not known at start.
    pub(super) fn producer_of_events(&self) -> Result<ProvisioningSink, Error> {
        let sink = self.producer(Publishing::Events, PRODUCER, self.watch())?;
        let encoder = Arc::clone(&self.encoder);
        let wanted = Arc::new(move |topic: &str| encoder.partitions(topic));
        let known = self.topics().into_iter().map(|topic| topic.name.into());
        Ok(ProvisioningSink::new(sink, self.options.kafka.clone(), wanted, known.collect::<Vec<_>>()))
    }

    pub(super) fn producer_of_dead_letters(&self) -> Result<KafkaSink, Error> {
        self.producer(Publishing::DeadLetters, DEAD_LETTERS, Arc::new(|_, _| {}))
    }

    fn producer(&self, purpose: Publishing, client: &'static str, tell: Tell) -> Result<KafkaSink, Error> {
        let service = &self.identity.service;
        let config = self.options.kafka.producer_config(service, purpose).map_err(Error::client)?;
        let log = self.log_of(client);
        KafkaSink::watched(&config, log.clone(), tell, self.options.kafka.broker().cloned())
            .map_err(|error| Error::client(log.secrets.hide(&error.to_string())))
    }

    /// Where what a client of this bus says goes.
    pub(super) fn log_of(&self, client: &'static str) -> ClientLog {
        let name = Name { service: self.identity.service.as_str().into(), client };
        ClientLog::new(name, self.options.kafka.secrets())
    }

    fn watch(&self) -> Tell {
        let (signs, service) = (Arc::clone(&self.health.signs), self.identity.service.clone());
        Arc::new(move |up, detail| {
            signs.producer_reaches_the_cluster(up);
            if up {
                logs::client::broker_up(&service, PRODUCER, detail);
            } else {
                logs::client::broker_down(&service, PRODUCER, detail);
            }
        })
    }
}

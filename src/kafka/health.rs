//! Which of the client's signs are worth an event: changes, not repetitions.

use std::collections::HashSet;

use rdkafka::error::RDKafkaErrorCode as Code;

use super::{
    errors::{self, PollError},
    source::SourceEvent,
};

/// What has been told already.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// `None` until the first sign of either.
    up: Option<bool>,
    /// Alarms that an operator has seen; forgotten when the connection comes back.
    raised: HashSet<String>,
}

impl Health {
    pub(super) fn is_down(&self) -> bool {
        self.up == Some(false)
    }

    /// Something came from the cluster.
    pub(super) fn alive(&mut self) -> Option<SourceEvent> {
        if self.up == Some(true) {
            return None;
        }
        self.up = Some(true);
        self.raised.clear();
        Some(SourceEvent::Broker { up: true, detail: "connected".to_owned() })
    }

    /// An error came up. `key` is the same for each repetition of it.
    pub(super) fn error(&mut self, code: Code, fatal: bool, key: &str, reason: String) -> Option<SourceEvent> {
        match errors::of_poll(code, fatal) {
            PollError::Down if !self.is_down() => {
                self.up = Some(false);
                Some(SourceEvent::Broker { up: false, detail: reason })
            }
            PollError::Down | PollError::Passing => {
                tracing::debug!(reason, "the client repairs this by itself");
                None
            }
            PollError::Alarm => self.raised.insert(key.to_owned()).then_some(SourceEvent::Alarm(reason)),
            PollError::Fatal => Some(SourceEvent::Fatal(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(health: &mut Health, code: Code) -> Option<SourceEvent> {
        health.error(code, false, &code.to_string(), code.to_string())
    }

    #[test]
    fn an_outage_is_told_once_and_its_end_too() {
        let mut health = Health::default();
        assert!(matches!(health.alive(), Some(SourceEvent::Broker { up: true, .. })));
        assert!(error(&mut health, Code::BrokerTransportFailure).is_none());
        assert!(matches!(error(&mut health, Code::AllBrokersDown), Some(SourceEvent::Broker { up: false, .. })));
        // Fails without the guard on `is_down`: a wall of events for one outage.
        assert!((0..50).all(|_| error(&mut health, Code::AllBrokersDown).is_none()));
        assert!(matches!(health.alive(), Some(SourceEvent::Broker { up: true, .. })));
        assert!(health.alive().is_none());
    }

    #[test]
    fn an_alarm_is_raised_once_until_the_connection_came_back() {
        let mut health = Health::default();
        assert!(matches!(error(&mut health, Code::TopicAuthorizationFailed), Some(SourceEvent::Alarm(_))));
        assert!(error(&mut health, Code::TopicAuthorizationFailed).is_none());
        assert!(matches!(error(&mut health, Code::UnknownTopicOrPartition), Some(SourceEvent::Alarm(_))));
        error(&mut health, Code::AllBrokersDown);
        health.alive();
        assert!(matches!(error(&mut health, Code::TopicAuthorizationFailed), Some(SourceEvent::Alarm(_))));
    }
}

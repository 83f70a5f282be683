//! Which of the client's signs are worth an event: changes, not repetitions.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use rdkafka::error::RDKafkaErrorCode as Code;

use crate::kafka::{
    client::errors::{self, PollError},
    source::SourceEvent,
};

/// What arrives so soon after the connection went was on its way before.
const STALE: Duration = Duration::from_secs(1);

/// What has been told already.
#[derive(Debug, Default)]
pub(super) struct Health {
    up: bool,
    /// Since when nothing can be reached.
    down: Option<Instant>,
    /// Alarms that an operator has seen; forgotten when the connection comes back.
    raised: HashSet<String>,
}

impl Health {
    fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// Something came from the cluster.
    pub(super) fn alive(&mut self, now: Instant) -> Option<SourceEvent> {
        if self.up || self.down.is_some_and(|since| now < since + STALE) {
            return None;
        }
        self.up = true;
        self.down = None;
        self.raised.clear();
        Some(SourceEvent::Broker { up: true, detail: "connected".to_owned() })
    }

    /// An error came up. `key` is the same for each repetition of it.
    pub(super) fn error(&mut self, now: Instant, code: Code, key: &str, reason: String) -> Option<SourceEvent> {
        match errors::of_poll(code) {
            PollError::Down if !self.is_down() => {
                self.up = false;
                self.down = Some(now);
                Some(SourceEvent::Broker { up: false, detail: reason })
            }
            PollError::Down | PollError::Passing => {
                tracing::debug!(reason, "the client repairs this by itself");
                None
            }
            PollError::Alarm => {
                let advice = errors::advice(code).map(|advice| format!("; {advice}")).unwrap_or_default();
                self.raised.insert(key.to_owned()).then(|| SourceEvent::Alarm(reason + &advice))
            }
            PollError::Fatal => Some(SourceEvent::Fatal(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(health: &mut Health, now: Instant, code: Code) -> Option<SourceEvent> {
        health.error(now, code, &code.to_string(), code.to_string())
    }

    #[test]
    fn an_outage_is_told_once_and_its_end_too() {
        let mut health = Health::default();
        let now = Instant::now();
        assert!(matches!(health.alive(now), Some(SourceEvent::Broker { up: true, .. })));
        assert!(error(&mut health, now, Code::BrokerTransportFailure).is_none());
        assert!(matches!(error(&mut health, now, Code::AllBrokersDown), Some(SourceEvent::Broker { up: false, .. })));
        // Fails without the guard on `is_down`: a wall of events for one outage.
        assert!((0..50).all(|_| error(&mut health, now, Code::AllBrokersDown).is_none()));
        // Fails without `STALE`: the client says only once that all is down, and would count as up from here on.
        assert!(health.alive(now + STALE / 2).is_none(), "an answer that was on its way");
        assert!(matches!(health.alive(now + STALE), Some(SourceEvent::Broker { up: true, .. })));
        assert!(health.alive(now + STALE).is_none());
    }

    #[test]
    fn an_alarm_is_raised_once_until_the_connection_came_back() {
        let mut health = Health::default();
        let now = Instant::now();
        assert!(matches!(error(&mut health, now, Code::TopicAuthorizationFailed), Some(SourceEvent::Alarm(_))));
        assert!(error(&mut health, now, Code::TopicAuthorizationFailed).is_none());
        assert!(matches!(error(&mut health, now, Code::UnknownTopicOrPartition), Some(SourceEvent::Alarm(_))));
        error(&mut health, now, Code::AllBrokersDown);
        health.alive(now + STALE);
        assert!(matches!(error(&mut health, now, Code::TopicAuthorizationFailed), Some(SourceEvent::Alarm(_))));
    }
}

//! Whether the bus does its job, for probes and operators.

use std::sync::{Arc, Mutex, PoisonError};

/// Whether the bus does its job; [`BusHandle::health`](crate::BusHandle::health) returns one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Health {
    /// What is wrong, in sentences; empty when all is well. The bus goes on and mends what it can.
    pub degraded: Vec<String>,
}

impl Health {
    /// Nothing is wrong.
    ///
    /// ```
    /// assert!(carom::Health::default().is_well());
    /// ```
    pub fn is_well(&self) -> bool {
        self.degraded.is_empty()
    }
}

/// The reasons why the bus is degraded, each under a key of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct HealthState {
    reasons: Arc<Mutex<Vec<(String, String)>>>,
}

impl HealthState {
    /// Something is wrong; logged when it is new.
    pub(crate) fn degrade(&self, key: &str, reason: impl Into<String>) {
        let reason = reason.into();
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        match reasons.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => *known = reason,
            None => {
                tracing::warn!(reason, "degraded");
                reasons.push((key.to_owned(), reason));
            }
        }
    }

    /// It is well again; logged when it was not.
    pub(crate) fn recover(&self, key: &str) {
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = reasons.iter().position(|(known, _)| known == key) {
            let (_, reason) = reasons.swap_remove(at);
            tracing::info!(reason, "recovered");
        }
    }

    /// A reason of one record, which goes when whoever deals with the record ends, in whatever way.
    pub(crate) fn reason(&self, key: String) -> Reason {
        Reason { health: self.clone(), key, given: false }
    }

    pub(crate) fn snapshot(&self) -> Health {
        let reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        Health { degraded: reasons.iter().map(|(_, reason)| reason.clone()).collect() }
    }
}

/// Why the bus is degraded for as long as this lives, once it was [given](Reason::degrade).
#[derive(Debug)]
pub(crate) struct Reason {
    health: HealthState,
    key: String,
    given: bool,
}

impl Reason {
    pub(crate) fn degrade(&mut self, reason: impl Into<String>) {
        self.given = true;
        self.health.degrade(&self.key, reason);
    }
}

impl Drop for Reason {
    fn drop(&mut self) {
        if self.given {
            self.health.recover(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Fails without `Drop for Reason`: outputs that were being sent when their partition went would degrade the bus for
    // ever.
    #[test]
    fn a_reason_of_a_record_goes_with_who_deals_with_it() {
        let health = HealthState::default();
        let mut reason = health.reason("outputs".to_owned());
        reason.degrade("cannot publish");
        assert!(!health.snapshot().is_well());
        drop(reason);
        assert!(health.snapshot().is_well());
    }

    #[test]
    fn a_reason_is_there_until_it_recovers() {
        let health = HealthState::default();
        health.degrade("dlq", "cannot write dead letters");
        health.degrade("dlq", "still cannot write dead letters");
        assert_eq!(health.snapshot().degraded, ["still cannot write dead letters"]);
        health.recover("dlq");
        assert!(health.snapshot().is_well());
    }
}

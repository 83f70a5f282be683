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

    pub(crate) fn snapshot(&self) -> Health {
        let reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        Health { degraded: reasons.iter().map(|(_, reason)| reason.clone()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

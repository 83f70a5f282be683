//! Why the bus is degraded, for as long as it is.
//!
//! A key is what the reason is about, and a sentence what an operator reads: the same key is told once in the log when
//! it comes and once when all is well again, however often its sentence changes in between. One that goes with its
//! partition or its record goes without a word.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Health, signs::Signs};
use crate::telemetry::logs;

/// The reasons why the bus is degraded, each under a key of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct HealthState {
    /// Key and sentence. A list, because there are few, most often none.
    reasons: Arc<Mutex<Vec<(String, String)>>>,
    /// What probes ask besides.
    pub(crate) signs: Arc<Signs>,
}

/// Under what the reasons of partitions without progress begin.
const STALLED: &str = "stalled ";

impl HealthState {
    fn reasons(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.reasons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is wrong; logged when it is new.
    pub(crate) fn degrade(&self, key: &str, reason: impl Into<String>) {
        let reason = reason.into();
        if self.note(key, &reason) {
            logs::bus::degraded(&reason);
        }
    }

    /// It is well again; logged when it was not.
    pub(crate) fn recover(&self, key: &str) {
        if let Some(reason) = self.lift(key) {
            logs::bus::recovered(&reason);
        }
    }

    /// As [`HealthState::degrade`], for what has a log line of its own; true when it is new.
    pub(crate) fn note(&self, key: &str, reason: &str) -> bool {
        let mut reasons = self.reasons();
        let known = reasons.iter_mut().find(|(known, _)| known == key);
        let is_new = known.is_none();
        match known {
            Some((_, known)) => reason.clone_into(known),
            None => reasons.push((key.to_owned(), reason.to_owned())),
        }
        is_new
    }

    /// As [`HealthState::recover`], without the log line; what was wrong.
    pub(crate) fn lift(&self, key: &str) -> Option<String> {
        let mut reasons = self.reasons();
        let at = reasons.iter().position(|(known, _)| known == key)?;
        Some(reasons.swap_remove(at).1)
    }

    /// The key under which a partition is said to make no progress.
    pub(crate) fn stalled(partition: &impl std::fmt::Display) -> String {
        format!("{STALLED}{partition}")
    }

    /// A reason of one record, which goes when whoever deals with the record ends, in whatever way.
    pub(crate) fn reason(&self, key: String) -> Reason {
        Reason { health: self.clone(), key, given: false }
    }

    pub(crate) fn snapshot(&self) -> Health {
        let reasons = self.reasons();
        Health {
            live: self.signs.is_live(),
            ready: self.signs.is_ready(),
            progressing: !reasons.iter().any(|(key, _)| key.starts_with(STALLED)),
            degraded: reasons.iter().map(|(_, reason)| reason.clone()).collect(),
        }
    }
}

/// Why the bus is degraded for as long as this lives, once it was [given](Reason::degrade).
#[derive(Debug)]
pub(crate) struct Reason {
    /// To whom it is told, and taken back.
    health: HealthState,
    /// One for each record and actor: the others' success does not make this one well.
    key: String,
    /// Whether there is something to take back; most records never give a reason.
    given: bool,
}

impl Reason {
    /// As [`HealthState::degrade`], and remembered, so that it is taken back.
    pub(crate) fn degrade(&mut self, reason: impl Into<String>) {
        self.given = true;
        self.health.degrade(&self.key, reason);
    }

    /// As [`HealthState::recover`]; whoever ends otherwise drops it, which takes it back without a word.
    pub(crate) fn recover(mut self) {
        if std::mem::take(&mut self.given) {
            self.health.recover(&self.key);
        }
    }
}

impl Drop for Reason {
    fn drop(&mut self) {
        if self.given {
            self.health.lift(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::heard::heard;

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

    // Fails when `Drop for Reason` says that all is well again: the record was given up, or went with its partition.
    #[test]
    fn only_what_is_well_again_has_recovered() {
        let health = HealthState::default();
        let reason = |text: &str| {
            let mut reason = health.reason(text.to_owned());
            reason.degrade(text);
            reason.degrade(format!("{text}, still"));
            reason
        };
        let text = heard(|| {
            reason("one").recover();
            drop(reason("two"));
            health.degrade("three", "three");
            health.lift("three");
        });
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let degraded = |what: &str| format!("WARN carom::bus: degraded reason=\"{what}\"");
        let expected = [
            degraded("one"),
            "INFO carom::bus: recovered reason=\"one, still\"".to_owned(),
            degraded("two"),
            degraded("three"),
        ];
        assert_eq!(lines, expected);
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

//! How a delivered event ended.

/// How a delivered event ended, for every actor that handles it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// One for each actor, in the order in which they ended; empty if no actor handles the type.
    pub actors: Vec<ActorOutcome>,
}

/// How a delivered event ended for one actor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActorOutcome {
    /// The handler succeeded, and what it published was acknowledged.
    Acked {
        /// Attempts it took; 1 if nothing failed.
        attempts: u32,
    },
    /// A policy discarded the record.
    Discarded {
        /// Attempts before that.
        attempts: u32,
    },
    /// The event's `expirytime` had passed: the record was skipped.
    Expired,
    /// The record went to the dead-letter topic.
    DeadLettered {
        /// Attempts before that; 0 if it could not be decoded.
        attempts: u32,
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Every actor that handles the type succeeded, and there is at least one.
    pub fn is_acked(&self) -> bool {
        !self.actors.is_empty() && self.actors.iter().all(|actor| matches!(actor, ActorOutcome::Acked { .. }))
    }

    /// No actor handles the type: the record was skipped.
    pub fn is_unhandled(&self) -> bool {
        self.actors.is_empty()
    }

    /// Attempts after the first, over all actors.
    pub fn retries(&self) -> u32 {
        self.actors.iter().map(|actor| actor.attempts().saturating_sub(1)).sum()
    }

    /// Why the record was dead-lettered, if it was; the first reason if several actors did so.
    pub fn dead_letter(&self) -> Option<&str> {
        self.actors.iter().find_map(|actor| match actor {
            ActorOutcome::DeadLettered { reason, .. } => Some(reason.as_str()),
            _ => None,
        })
    }
}

impl ActorOutcome {
    /// Attempts that were made.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Acked { attempts } | Self::Discarded { attempts } | Self::DeadLettered { attempts, .. } => *attempts,
            Self::Expired => 0,
        }
    }
}

//! What happens after an attempt: the decision alone, pure. Acting on it is in [`actor`](super::actor) and
//! [`forward`](super::forward).

use std::{
    any::type_name,
    error::Error as StdError,
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use super::{Directive, OnLimit, Retry, Strategy, dead_letter_headers::ErrorClass};
use crate::actor::{Failure, FailureKind};

type Matches = dyn Fn(&(dyn StdError + 'static)) -> bool + Send + Sync;

/// One `.on::<E>(..)` or `.on_if::<E>(..)`.
#[derive(Clone)]
pub(crate) struct Rule {
    /// Whether an error is one of the rule's, whose type is known only where the rule was written.
    matches: Arc<Matches>,
    /// The method that made it, for problems.
    method: &'static str,
    /// Name of that type, for problems.
    error: &'static str,
    pub(crate) directive: Directive,
}

/// By what it is decided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    pub(crate) strategy: Strategy,
    pub(crate) retry: Retry,
    /// In the order in which they were written.
    pub(crate) rules: Vec<Rule>,
    pub(crate) restart_limit: Option<RestartLimit>,
    /// `None`: not set. To set it without a limit is a problem, which the default could not tell.
    pub(crate) on_limit: Option<OnLimit>,
}

/// At most `restarts` within any `within`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RestartLimit {
    pub(crate) restarts: u32,
    pub(crate) within: Duration,
}

/// How an attempt ended.
#[derive(Debug)]
#[allow(dead_code, reason = "the table is complete; successes never reach the supervisor")]
pub(crate) enum Outcome<'a> {
    Ok,
    Failed(&'a Failure),
    TimedOut,
    Panicked,
    /// The value is not an event of its type.
    Undecodable,
    /// It is one, but breaks the schema or the rules of the envelope.
    WrongSchema,
    /// No handler for this type, on a bus that keeps such records; elsewhere they are skipped before anything is
    /// decided.
    UnknownType,
}

/// What is remembered besides the number of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct History {
    /// Restarts of this actor in this partition within the window of the limit, before this one.
    pub(crate) restarts: u32,
    /// How often this record was held already: holds count no attempt, so their backoff needs a number of its own.
    pub(crate) holds: u32,
}

/// What happens to the record, and to the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) record: RecordDirective,
    pub(crate) restart: Option<Scope>,
}

/// What happens to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordDirective {
    /// Complete, once its outputs are acknowledged.
    Ack,
    /// The next attempt after this delay; its key is parked.
    Retry(Duration),
    /// The same attempt again after this delay; its key is parked.
    Hold(Duration),
    /// Complete, once its dead letter is acknowledged.
    DeadLetter,
    /// Complete; counted as discarded.
    Discard,
    /// Not complete: the bus drains and ends with an error.
    Escalate,
}

/// Which instances are rebuilt, within the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Lane,
    Actor,
    ActorAndLater,
}

/// Shortest hold: without it a policy without delays would turn a dependency that is down into a busy loop.
const HOLD_MIN: Duration = Duration::from_millis(10);

/// Links of a source chain that are looked at; a chain may be endless.
const CHAIN_MAX: usize = 64;

/// Decides what follows attempt number `attempt` (from 1); `random` is any number, evenly spread.
pub(crate) fn decide(outcome: &Outcome<'_>, attempt: u32, policy: &Policy, history: History, random: u64) -> Decision {
    let record = match outcome {
        Outcome::Ok => RecordDirective::Ack,
        Outcome::Undecodable | Outcome::WrongSchema | Outcome::UnknownType => RecordDirective::DeadLetter,
        Outcome::Failed(failure) => carry_out(directive(failure, policy), attempt, policy, history, random),
        Outcome::TimedOut | Outcome::Panicked => return restart(attempt, policy, history, random),
    };
    Decision { record, restart: None }
}

impl Policy {
    /// Whether a rule may be meant for a failure, and cannot see its error.
    pub(crate) fn is_blind_to(&self, failure: &Failure) -> bool {
        !self.rules.is_empty() && failure.may_hide_its_type() && !self.rules.iter().any(|rule| rule.finds(failure))
    }
}

/// What the policy says to a failure: the first rule that matches, else the default of its kind.
fn directive(failure: &Failure, policy: &Policy) -> Directive {
    let rule = policy.rules.iter().find(|rule| rule.finds(failure));
    match (rule, failure.kind()) {
        (Some(rule), _) => rule.directive,
        (None, FailureKind::Transient) => Directive::Retry(policy.retry),
        (None, FailureKind::Permanent) => Directive::DeadLetter,
        (None, FailureKind::Unavailable(_)) => Directive::Hold,
    }
}

fn carry_out(directive: Directive, attempt: u32, policy: &Policy, history: History, random: u64) -> RecordDirective {
    match directive {
        Directive::DeadLetter => RecordDirective::DeadLetter,
        Directive::Discard => RecordDirective::Discard,
        Directive::Retry(retry) if retry.allows_another(attempt) => {
            RecordDirective::Retry(retry.delay(attempt, random))
        }
        Directive::Retry(_) => RecordDirective::DeadLetter,
        Directive::Hold => {
            RecordDirective::Hold(policy.retry.delay(history.holds.saturating_add(1), random).max(HOLD_MIN))
        }
    }
}

/// After a panic or a timeout: the instance is rebuilt whatever the limit says, for its state may be half-way.
fn restart(attempt: u32, policy: &Policy, history: History, random: u64) -> Decision {
    let exceeded = policy.restart_limit.is_some_and(|limit| history.restarts >= limit.restarts);
    let record = match policy.on_limit.unwrap_or_default() {
        OnLimit::Escalate if exceeded => RecordDirective::Escalate,
        OnLimit::DeadLetter if exceeded => RecordDirective::DeadLetter,
        _ => carry_out(Directive::Retry(policy.retry), attempt, policy, history, random),
    };
    Decision { record, restart: Some(policy.strategy.scope()) }
}

impl Strategy {
    fn scope(self) -> Scope {
        match self {
            Self::OneForOne => Scope::Lane,
            Self::OneForAll => Scope::Actor,
            Self::RestForOne => Scope::ActorAndLater,
        }
    }
}

impl Outcome<'_> {
    /// The class under which a dead letter is filed; `None` if nothing failed. Of a failure it says whether the policy
    /// had it handled again, so a rule wins over the kind here too.
    pub(crate) fn class(&self, policy: &Policy) -> Option<ErrorClass> {
        match self {
            Self::Ok => None,
            Self::Failed(failure) => Some(match directive(failure, policy) {
                Directive::Retry(_) | Directive::Hold => ErrorClass::Transient,
                Directive::DeadLetter | Directive::Discard => ErrorClass::Permanent,
            }),
            Self::TimedOut => Some(ErrorClass::Timeout),
            Self::Panicked => Some(ErrorClass::Panic),
            Self::Undecodable => Some(ErrorClass::Decode),
            Self::WrongSchema => Some(ErrorClass::Validation),
            Self::UnknownType => Some(ErrorClass::UnknownType),
        }
    }
}

impl Rule {
    /// A rule for errors of type `E`, wherever in the source chain.
    pub(crate) fn of<E: StdError + 'static>(directive: Directive) -> Self {
        let matches = Arc::new(|error: &(dyn StdError + 'static)| one_of::<E>(error).is_some());
        Self { matches, method: "on", error: type_name::<E>(), directive }
    }

    /// The same for some of these errors.
    pub(crate) fn of_some<E: StdError + 'static>(
        when: impl Fn(&E) -> bool + Send + Sync + 'static,
        directive: Directive,
    ) -> Self {
        let matches = Arc::new(move |error: &(dyn StdError + 'static)| one_of(error).is_some_and(&when));
        Self { matches, method: "on_if", error: type_name::<E>(), directive }
    }

    /// Whether the failure or one of its sources is meant; not, if `source` of a user's error, or the rule, panics.
    fn finds(&self, failure: &Failure) -> bool {
        let guarded = |find: &dyn Fn() -> bool| catch_unwind(AssertUnwindSafe(find)).unwrap_or_default();
        // The outermost one by itself: the chain asks each error for its source before it yields it.
        guarded(&|| (self.matches)(failure.error()))
            || guarded(&|| failure.chain().take(CHAIN_MAX).any(|error| (self.matches)(error)))
    }

    /// What is wrong with this rule.
    pub(crate) fn problem(&self) -> Option<String> {
        let Directive::Retry(retry) = self.directive else { return None };
        retry.problem().map(|problem| format!("`.{}::<{}>(..)`: {problem}", self.method, self.error))
    }
}

/// The error as an `E`, also where it is shared or boxed, or kept in an [`io::Error`]: these give their error's source
/// as theirs, and not the error.
fn one_of<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let kept = || direct::<E>(direct::<io::Error>(error)?.get_ref()?);
    let shared = || direct::<E>(&**error.downcast_ref::<Arc<dyn StdError + Send + Sync>>()?);
    direct(error).or_else(kept).or_else(shared)
}

fn direct<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let shared = || error.downcast_ref::<Arc<E>>().map(AsRef::as_ref);
    let boxed = || error.downcast_ref::<Box<E>>().map(AsRef::as_ref);
    error.downcast_ref::<E>().or_else(shared).or_else(boxed)
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::<{}>({:?})", self.method, self.error, self.directive)
    }
}

#[cfg(test)]
mod tests;

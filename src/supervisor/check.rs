//! What makes no sense in a supervisor's options: found when a bus is spawned, all of it together, so that nobody mends
//! one mistake to meet the next.

use super::{Ordering, Supervisor, directive::Rule};

/// Each lane builds an actor; beyond this the number is more likely a mistake than a wish.
const CONCURRENCY_MAX: usize = 4096;

// As a number of an attempt's lane, see `At`.
const _: () = assert!(CONCURRENCY_MAX <= u16::MAX as usize);

impl Supervisor {
    /// What makes no sense, each in a sentence that says what to write instead.
    pub(crate) fn problems(&self) -> Vec<String> {
        let own = [self.concurrency_problem(), self.timeout_problem(), self.limit_problem()];
        let rules = self.policy.rules.iter().map(Rule::problem);
        own.into_iter().chain([self.policy.retry.problem()]).chain(rules).flatten().collect()
    }

    fn concurrency_problem(&self) -> Option<String> {
        let lanes = self.concurrency?;
        match lanes {
            0 => Some("`.concurrency(0)` would handle nothing: write 1 or more".into()),
            2.. if self.ordering == Ordering::Partition => Some(format!(
                "`Ordering::Partition` handles one event at a time: leave out `.concurrency({lanes})`, or write `Ordering::Key`"
            )),
            _ if lanes > CONCURRENCY_MAX => Some(format!(
                "`.concurrency({lanes})` builds as many actors in each partition: write {CONCURRENCY_MAX} or less"
            )),
            _ => None,
        }
    }

    fn timeout_problem(&self) -> Option<String> {
        let none = self.timeout.is_zero();
        none.then(|| "`.timeout(0)` would fail every attempt: write a longer one, or leave it out for 60 s".into())
    }

    fn limit_problem(&self) -> Option<String> {
        match (self.policy.restart_limit, self.policy.on_limit) {
            (None, Some(_)) => {
                Some("`.on_limit(..)` without `.restart_limit(..)` has no effect: set the limit too".into())
            }
            (Some(limit), _) if limit.within.is_zero() => {
                Some("`.restart_limit(..)` within 0 s counts nothing: write a longer window".into())
            }
            _ => None,
        }
    }
}

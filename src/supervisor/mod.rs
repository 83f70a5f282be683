//! What happens after a failure: deciding, and carrying it out.
//!
//! [`Supervisor`] says how an actor runs and what follows its failures, [`Retry`] how often and after what delay a
//! record is handled again, [`Directive`] what else may become of a record, [`Ordering`] which records wait for each
//! other.
//!
//! Deciding is a pure function of the policy and the failure, and a table test goes through it. Acting on the decision
//! is the supervisor of the bus, which sees failures alone: what succeeds never passes it, and pays nothing for it.

mod actor;
mod check;
mod choices;
mod dead_letter;
mod dead_letter_headers;
mod directive;
mod forward;
mod history;
mod key_hash;
mod options;
mod restart;
mod retry;

pub(crate) use actor::{Failed, Forget, SupervisorActor};
pub use choices::{Directive, OnLimit, Ordering, Strategy};
pub(crate) use directive::Policy;
#[cfg(feature = "testing")]
pub(crate) use directive::{History, Outcome, RecordDirective, decide};
pub(crate) use key_hash::key_hash;
pub use options::Supervisor;
pub use retry::{Jitter, Retry};

#[cfg(test)]
mod tests;

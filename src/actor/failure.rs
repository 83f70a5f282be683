//! Why a handler could not handle an event.

use std::{borrow::Cow, error::Error as StdError, fmt};

/// Any error, boxed.
pub(crate) type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a handler could not handle an event, and what that means for the record.
///
/// `?` turns every error into a *transient* failure: the record is retried and, when its attempts are used up,
/// dead-lettered. The two other kinds are said by name:
///
/// ```
/// use carom::Failure;
///
/// fn charge(cents: u64) -> Result<(), Failure> {
///     if cents == 0 {
///         return Err(Failure::permanent("an order of 0 cents cannot be charged"));
///     }
///     let answer: u64 = "402".parse()?; // any error: retried, then dead-lettered
///     if answer == 503 {
///         return Err(Failure::unavailable("payments", "503 Service Unavailable"));
///     }
///     Ok(())
/// }
/// # assert!(charge(0).is_err());
/// ```
///
/// `Failure` itself does not implement [`std::error::Error`]: if it did, the conversion above, from every error type
/// into `Failure`, would overlap with the standard library's `impl From<T> for T`, and `?` would not work.
pub struct Failure {
    kind: FailureKind,
    error: BoxError,
}

/// What a [`Failure`] means for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// May succeed later: retried, then dead-lettered.
    Transient,
    /// Never will succeed: dead-lettered without a retry.
    Permanent,
    /// The named dependency is down, which is not the record's fault: the key waits, no attempt is counted.
    Unavailable(Cow<'static, str>),
}

impl Failure {
    /// May succeed later: retried, then dead-lettered. This is what `?` makes of an error.
    pub fn transient(error: impl Into<BoxError>) -> Self {
        Self { kind: FailureKind::Transient, error: error.into() }
    }

    /// Never will succeed: dead-lettered without a retry.
    pub fn permanent(error: impl Into<BoxError>) -> Self {
        Self { kind: FailureKind::Permanent, error: error.into() }
    }

    /// The dependency named `dependency` is down, which is not the record's fault.
    ///
    /// The key waits with the backoff of the retry policy, uncommitted, and no attempt is counted.
    pub fn unavailable(dependency: impl Into<Cow<'static, str>>, error: impl Into<BoxError>) -> Self {
        Self { kind: FailureKind::Unavailable(dependency.into()), error: error.into() }
    }

    /// What this failure means for the record.
    pub fn kind(&self) -> &FailureKind {
        &self.kind
    }

    /// The error behind it.
    pub fn error(&self) -> &(dyn StdError + 'static) {
        self.error.as_ref()
    }

    /// The error and its sources, outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(Some(self.error()), |&error: &&(dyn StdError + 'static)| error.source())
    }
}

impl<E: Into<BoxError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::transient(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let FailureKind::Unavailable(dependency) = &self.kind {
            write!(f, "{dependency} is unavailable: ")?;
        }
        fmt::Display::fmt(&self.error, f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("kind", &self.kind).field("error", &self.error).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_mark_makes_any_error_transient() {
        fn fails() -> Result<(), Failure> {
            "x".parse::<u8>()?;
            Ok(())
        }
        assert_eq!(fails().unwrap_err().kind(), &FailureKind::Transient);
    }

    #[test]
    fn display_names_the_dependency_that_is_down() {
        let failure = Failure::unavailable("payments", "503");
        assert_eq!(failure.to_string(), "payments is unavailable: 503");
    }
}

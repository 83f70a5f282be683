//! Why a handler could not handle an event.

use std::{any::type_name, borrow::Cow, error::Error as StdError, fmt};

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
pub struct Failure(Box<Inside>);

/// Boxed, so that a `Result` of a handler, which is moved on each attempt that succeeds too, is small.
struct Inside {
    kind: FailureKind,
    error: BoxError,
    /// Type of the error as it was given: once it is boxed, nothing can tell.
    error_type: &'static str,
    /// Set by [`Failure::with_code`]; wins over `error_type` in the dead letter.
    code: Option<Cow<'static, str>>,
}

/// What a [`Failure`] means for the record, unless a rule of the supervisor
/// ([`Supervisor::on`](crate::Supervisor::on)) says otherwise for its error.
///
/// ```
/// use carom::{Failure, actor::FailureKind};
///
/// let failure = Failure::unavailable("payments", "503 Service Unavailable");
/// match failure.kind() {
///     FailureKind::Unavailable(dependency) => assert_eq!(dependency, "payments"),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// May succeed later: retried as [`Supervisor::retry`](crate::Supervisor::retry) says, then dead-lettered.
    Transient,
    /// Never will succeed: dead-lettered without a retry.
    Permanent,
    /// The named dependency is down, which is not the record's fault: the key waits as long as it takes, no attempt is
    /// counted.
    Unavailable(Cow<'static, str>),
}

impl Failure {
    /// May succeed later: retried, then dead-lettered. This is what `?` makes of an error.
    ///
    /// ```
    /// use carom::{Failure, actor::FailureKind};
    ///
    /// let failure = Failure::transient("the gateway did not answer");
    /// assert_eq!(failure.kind(), &FailureKind::Transient);
    /// ```
    pub fn transient<E: Into<BoxError>>(error: E) -> Self {
        Self::of_kind(FailureKind::Transient, error)
    }

    /// Never will succeed: dead-lettered without a retry.
    ///
    /// ```
    /// use carom::{Failure, actor::FailureKind};
    ///
    /// fn cents(text: &str) -> Result<u64, Failure> {
    ///     text.parse().map_err(Failure::permanent) // the same bytes will never be a number
    /// }
    /// assert_eq!(cents("12,50").unwrap_err().kind(), &FailureKind::Permanent);
    /// ```
    pub fn permanent<E: Into<BoxError>>(error: E) -> Self {
        Self::of_kind(FailureKind::Permanent, error)
    }

    /// The dependency named `dependency` is down, which is not the record's fault.
    ///
    /// The key waits with the backoff of the retry policy, 10 ms at least, uncommitted, and no attempt is counted. Keys
    /// that do not ask the dependency go on.
    ///
    /// ```
    /// use carom::Failure;
    ///
    /// fn charged(status: u16) -> Result<(), Failure> {
    ///     match status {
    ///         200 => Ok(()),
    ///         502..=504 => Err(Failure::unavailable("payments", format!("status {status}"))),
    ///         _ => Err(Failure::permanent(format!("status {status}"))),
    ///     }
    /// }
    /// assert_eq!(charged(503).unwrap_err().to_string(), "payments is unavailable: status 503");
    /// ```
    pub fn unavailable<E: Into<BoxError>>(dependency: impl Into<Cow<'static, str>>, error: E) -> Self {
        Self::of_kind(FailureKind::Unavailable(dependency.into()), error)
    }

    fn of_kind<E: Into<BoxError>>(kind: FailureKind, error: E) -> Self {
        Self(Box::new(Inside { kind, error: error.into(), error_type: type_name::<E>(), code: None }))
    }

    /// The same with an error code of yours, for the header `carom-error-type` of its dead letter: something to filter
    /// and to count by. Default: the Rust type of the error, where it has one of its own.
    ///
    /// ```
    /// use carom::Failure;
    ///
    /// let failure = Failure::permanent("the card was declined").with_code("card-declined");
    /// assert_eq!(failure.code(), Some("card-declined"));
    /// ```
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// The error code, if [`Failure::with_code`] gave one.
    ///
    /// ```
    /// use carom::Failure;
    ///
    /// assert_eq!(Failure::transient("a time-out").code(), None);
    /// assert_eq!(Failure::transient("a time-out").with_code("gateway").code(), Some("gateway"));
    /// ```
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Error code or type of the error; none for what was a text, or had lost its type before.
    pub(crate) fn label(&self) -> Option<&str> {
        let no_type = |name: &str| {
            name.contains("dyn ") || name == type_name::<String>() || name.ends_with("str") || name.contains("Cow<")
        };
        self.code().or_else(|| Some(self.0.error_type).filter(|name| !no_type(name)))
    }

    /// Whether the error's type may be known to the library alone that it comes from, so that no rule can see it.
    pub(crate) fn may_hide_its_type(&self) -> bool {
        ["anyhow::Error", "eyre::Report"].contains(&self.0.error_type)
    }

    /// What this failure means for the record, unless a rule of the supervisor says otherwise.
    ///
    /// ```
    /// use carom::{Failure, actor::FailureKind};
    ///
    /// // A test of a handler that calls it as a method.
    /// let failure = Failure::from("7,5".parse::<u64>().unwrap_err());
    /// assert_eq!(failure.kind(), &FailureKind::Transient);
    /// ```
    pub fn kind(&self) -> &FailureKind {
        &self.0.kind
    }

    /// The error behind it, as it was given; what was a text is an error without a type of its own.
    ///
    /// ```
    /// use std::num::ParseIntError;
    ///
    /// use carom::Failure;
    ///
    /// let failure = Failure::from("x".parse::<u64>().unwrap_err());
    /// assert!(failure.error().is::<ParseIntError>());
    /// ```
    pub fn error(&self) -> &(dyn StdError + 'static) {
        self.0.error.as_ref()
    }

    /// The error and its sources, outermost first. Rules look for their error type in it.
    ///
    /// ```
    /// use carom::Failure;
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("the price list is broken")]
    /// struct BrokenPriceList(#[source] std::num::ParseIntError);
    ///
    /// let failure = Failure::permanent(BrokenPriceList("x".parse::<u64>().unwrap_err()));
    /// let texts: Vec<_> = failure.chain().map(ToString::to_string).collect();
    /// assert_eq!(texts, ["the price list is broken", "invalid digit found in string"]);
    /// ```
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
        if let FailureKind::Unavailable(dependency) = &self.0.kind {
            write!(f, "{dependency} is unavailable: ")?;
        }
        fmt::Display::fmt(&self.0.error, f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("kind", &self.0.kind).field("error", &self.0.error).finish()
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

    // Fails when texts count as a type, and when the type wins over the code.
    #[test]
    fn a_failure_has_a_label_if_its_error_has_a_type_or_a_code() {
        let number = || "x".parse::<u8>().unwrap_err();
        assert_eq!(Failure::from(number()).label(), Some("core::num::error::ParseIntError"));
        assert_eq!(Failure::from(number()).with_code("E42").label(), Some("E42"));
        let boxed: BoxError = Box::new(number());
        let texts = [
            Failure::from("text"),
            Failure::permanent("text".to_owned()),
            Failure::from(Cow::from("text")),
            Failure::from(boxed),
        ];
        assert!(texts.iter().all(|failure| failure.label().is_none()), "{texts:?}");
    }

    #[test]
    fn display_names_the_dependency_that_is_down() {
        let failure = Failure::unavailable("payments", "503");
        assert_eq!(failure.to_string(), "payments is unavailable: 503");
    }
}

//! How an actor runs and what follows its failures: the options, and their defaults.

use std::{error::Error as StdError, time::Duration};

use super::{
    Directive, Ordering, Retry, Strategy,
    directive::{Policy, Rule},
};

/// Lanes of a partition; decision 11 says why so many.
const CONCURRENCY: usize = 32;
/// Of one attempt, unless [`Supervisor::timeout`] says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How an actor runs, and what happens when one of its handlers fails.
///
/// Every option has a default; `Supervisor::one_for_one()` alone is a good start. What makes no sense is an error when
/// the bus is spawned, together with all others, and says what to write instead.
///
/// | outcome of an attempt | what happens |
/// |---|---|
/// | `Ok` | outputs are published, then the record is complete |
/// | a transient [`Failure`](crate::Failure) (`?`) | [retry](Self::retry), then dead letter |
/// | no answer within the [timeout](Self::timeout) | as transient, and the actor is rebuilt |
/// | a panic | as transient, and the actor is rebuilt |
/// | `Failure::permanent`, bytes that are not the event | dead letter |
/// | `Failure::unavailable` | the key waits, no attempt is counted |
/// | an error with a [rule](Self::on) | what the rule says |
///
/// ```
/// use std::time::Duration;
/// use carom::{Directive, Ordering, Retry, Supervisor};
///
/// let supervisor = Supervisor::one_for_one()
///     .retry(Retry::exponential(8).max(Duration::from_secs(30)))
///     .on::<std::num::ParseIntError>(Directive::DeadLetter)
///     .timeout(Duration::from_secs(10))
///     .ordering(Ordering::Key)
///     .concurrency(64);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a supervisor does nothing until it is given to `supervise`"]
pub struct Supervisor {
    /// What is decided by after a failure; apart from the rest, because the decision is a pure function of it.
    pub(crate) policy: Policy,
    /// Of one attempt, in working time.
    pub(crate) timeout: Duration,
    /// Which records share a lane, and so wait for each other.
    pub(crate) ordering: Ordering,
    /// Handlers run aside, and the timeout is not enforced: a thread cannot be stopped.
    pub(crate) blocking: bool,
    /// `None`: not set, so the default of the ordering holds. A number that contradicts the ordering is a problem, the
    /// default is not.
    pub(super) concurrency: Option<usize>,
}

impl Default for Supervisor {
    /// [`Supervisor::one_for_one`].
    fn default() -> Self {
        Self::one_for_one()
    }
}

/// Every error type, `std::error::Error + 'static`: what a rule can look for. It is a trait of its own for the sake of
/// what the compiler says about others.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error type, so no rule can look for it",
    label = "not a `std::error::Error`",
    note = "a rule is for the type of an error that a handler returns by `?`, such as `std::io::Error`; your own derives `thiserror::Error`",
    note = "a `Failure` is what such an error becomes: name the type of the error within"
)]
pub trait RuleError: StdError + 'static {}

#[diagnostic::do_not_recommend]
impl<E: StdError + 'static> RuleError for E {}

impl Supervisor {
    /// A supervisor with this strategy, for programs that read it from their settings; [`Supervisor::one_for_one`] and
    /// the others are the usual way.
    ///
    /// ```
    /// use carom::{Supervisor, supervisor::Strategy};
    ///
    /// let fragile = true; // from the settings
    /// let strategy = if fragile { Strategy::OneForAll } else { Strategy::default() };
    /// let supervisor = Supervisor::new(strategy).concurrency(8);
    /// ```
    pub fn new(strategy: Strategy) -> Self {
        Self {
            policy: Policy { strategy, ..Policy::default() },
            timeout: TIMEOUT,
            ordering: Ordering::Key,
            blocking: false,
            concurrency: None,
        }
    }

    /// How often and when a record is handled again after a transient failure, a timeout or a panic.
    ///
    /// Default: 5 attempts, exponential from 100 ms to 10 s, full jitter. Its delays are also those of a record that
    /// waits for an unavailable dependency, 10 ms at least. A policy that makes no sense is an error when the bus is
    /// spawned.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{Retry, Supervisor};
    ///
    /// let supervisor = Supervisor::one_for_one().retry(Retry::fixed(3, Duration::from_secs(5)));
    /// ```
    pub fn retry(mut self, retry: Retry) -> Self {
        self.policy.retry = retry;
        self
    }

    /// What happens to a record whose handler failed with an `E`, instead of what the kind of the failure says.
    ///
    /// Default: no rules. `E`, which is any `std::error::Error + 'static`, is looked for in the whole source chain of the
    /// error, also in an `Arc`, a `Box` or an `io::Error` there, and the first rule that matches wins, so write the
    /// special ones first. (Of an `anyhow::Error`, without `.context(..)`, only anyhow knows the type: a rule does not
    /// see it, which a line in the log says.) A rule also overrides `Failure::permanent` and `Failure::unavailable`.
    /// Panics and timeouts have no error type: no rule matches them. For some errors of a type there is
    /// [`on_if`](Self::on_if).
    ///
    /// ```
    /// use carom::{Directive, Retry, Supervisor};
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// #[error("card declined")]
    /// struct CardDeclined;
    ///
    /// let supervisor = Supervisor::one_for_one()
    ///     .on::<CardDeclined>(Directive::DeadLetter)
    ///     .on::<std::io::Error>(Directive::Retry(Retry::exponential(20)));
    /// ```
    pub fn on<E: RuleError>(mut self, directive: Directive) -> Self {
        self.policy.rules.push(Rule::of::<E>(directive));
        self
    }

    /// A [rule](Self::on) for some errors of type `E`, such as a variant: those of which `when` says yes.
    ///
    /// Rules of both kinds are tried in the order in which they are written. `when` may be asked more than once about
    /// one failure, so its answer must depend on the error alone; if it panics, the rule does not match. It runs where
    /// records of all partitions are routed: it looks at the error and must not wait for anything.
    ///
    /// ```
    /// use carom::{
    ///     Actor, Bus, Context, Directive, Event, Failure, Handler, Kafka, Supervisor, handler,
    ///     testing::{ActorEnd, TestBus},
    /// };
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// #[derive(Debug, thiserror::Error)]
    /// enum Refused {
    ///     #[error("stolen card")]
    ///     Stolen,
    ///     #[error("charged already")]
    ///     Twice,
    /// }
    ///
    /// #[derive(Actor)]
    /// struct Billing;
    ///
    /// #[handler]
    /// impl Handler<OrderPlaced> for Billing {
    ///     async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
    ///         Err(if event.order_id == 7 { Refused::Twice } else { Refused::Stolen })?
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let policy = Supervisor::one_for_one()
    ///     .on_if::<Refused>(|error| matches!(error, Refused::Twice), Directive::Discard)
    ///     .on::<Refused>(Directive::DeadLetter); // all others
    /// let bus = TestBus::start(Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(policy)).await?;
    /// let twice = bus.deliver(OrderPlaced { order_id: 7 }).await;
    /// assert_eq!(twice.actors[0].end, ActorEnd::Discarded { attempts: 1 });
    /// assert_eq!(bus.deliver(OrderPlaced { order_id: 8 }).await.dead_letter(), Some("stolen card"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_if<E: RuleError>(
        mut self,
        when: impl Fn(&E) -> bool + Send + Sync + 'static,
        directive: Directive,
    ) -> Self {
        self.policy.rules.push(Rule::of_some(when, directive));
        self
    }

    /// How long one attempt may take. Default 60 s; 0 is an error.
    ///
    /// What takes longer is cancelled at its next `.await` and counts as a transient failure. A handler that blocks its
    /// thread cannot be cancelled; see [`blocking`](Self::blocking).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::Supervisor;
    ///
    /// // The gateway answers within two seconds, or not at all.
    /// let supervisor = Supervisor::one_for_one().timeout(Duration::from_secs(5));
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many events this actor handles side by side, in each partition. Default 32; 1 to 4,096.
    ///
    /// As many instances of the actor are built, when they are first needed. For [`Ordering::Partition`] it is 1, and
    /// anything else is an error.
    ///
    /// ```
    /// use carom::Supervisor;
    ///
    /// // Each event waits a second for a slow partner, who takes 200 calls at a time: 4 partitions with 50 each.
    /// let supervisor = Supervisor::one_for_one().concurrency(50);
    /// ```
    pub fn concurrency(mut self, lanes: usize) -> Self {
        self.concurrency = Some(lanes);
        self
    }

    /// Which events wait for each other. Default [`Ordering::Key`].
    ///
    /// ```
    /// use carom::{Ordering, Supervisor};
    ///
    /// // A ledger: entries are booked in the order of the log, whatever account they are for.
    /// let supervisor = Supervisor::one_for_one().ordering(Ordering::Partition);
    /// ```
    pub fn ordering(mut self, ordering: Ordering) -> Self {
        self.ordering = ordering;
        self
    }

    /// The handlers of this actor block their thread: they run on the blocking threads of the runtime that spawned the
    /// bus.
    ///
    /// Default: they do not, and a handler that blocks anyway stalls the other keys of its thread. A thread cannot be
    /// stopped, so with this the [`timeout`](Self::timeout) is not enforced: the next attempt would run beside the
    /// last.
    ///
    /// tokio has 512 such threads unless the runtime was built with another number; attempts beyond that wait for one. A
    /// runtime that ends waits for them, that of `#[tokio::main]` without a bound: give a call that may hang a timeout of
    /// its own, or build the runtime yourself and end it with `Runtime::shutdown_timeout`.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Invoice, domain = "sales")]
    /// # struct InvoiceWritten { #[event(key)] order_id: u64 }
    ///
    /// #[derive(Actor)]
    /// struct Printing;
    ///
    /// #[handler]
    /// impl Handler<InvoiceWritten> for Printing {
    ///     async fn handle(&mut self, _event: InvoiceWritten, _cx: &mut Context<'_>) -> Result<(), Failure> {
    ///         std::thread::sleep(std::time::Duration::from_millis(1)); // a driver that knows no async
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let policy = Supervisor::one_for_one().blocking().concurrency(4);
    /// let bus = Bus::new(Kafka::embedded()).service("printing").supervise::<Printing>(policy);
    /// assert!(TestBus::start(bus).await.unwrap().deliver(InvoiceWritten { order_id: 7 }).await.is_acked());
    /// # }
    /// ```
    pub fn blocking(mut self) -> Self {
        self.blocking = true;
        self
    }

    /// How many lanes a partition has.
    pub(crate) fn lanes(&self) -> usize {
        match self.ordering {
            Ordering::Partition => 1,
            Ordering::Key | Ordering::Unordered => self.concurrency.unwrap_or(CONCURRENCY),
        }
    }
}

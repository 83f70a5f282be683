//! How a delivered event ended.

/// How a delivered event ended, for every actor that handles it; [`TestBus::deliver`](super::TestBus::deliver) returns
/// one.
///
/// ```
/// use std::time::Duration;
///
/// use carom::{
///     Actor, Bus, Context, Event, Failure, Handler, Kafka, Retry, Supervisor, handler,
///     testing::{ActorOutcome, TestBus},
/// };
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
///
/// #[derive(Actor)]
/// struct Billing;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, _event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         Err("the gateway did not answer".into())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// let policy = Supervisor::one_for_one().retry(Retry::fixed(3, Duration::from_secs(60)));
/// let bus = TestBus::start(Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(policy)).await?;
/// let outcome = bus.deliver(OrderPlaced { order_id: 7 }).await; // two minutes pass at once
/// assert!(!outcome.is_acked());
/// assert_eq!(outcome.retries(), 2);
/// assert_eq!(outcome.dead_letter(), Some("the gateway did not answer"));
/// assert!(matches!(outcome.actors[0], ActorOutcome::DeadLettered { attempts: 3, .. }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// One for each actor, in the order in which they ended; empty if no actor handles the type and the record was
    /// skipped.
    pub actors: Vec<ActorOutcome>,
}

/// How a delivered event ended for one actor.
///
/// ```
/// use carom::testing::{ActorOutcome, Outcome};
///
/// /// For tests of several actors: how many of them gave up.
/// fn given_up(outcome: &Outcome) -> usize {
///     outcome.actors.iter().filter(|actor| matches!(actor, ActorOutcome::DeadLettered { .. })).count()
/// }
/// let declined = ActorOutcome::DeadLettered { attempts: 1, reason: "declined".to_owned() };
/// assert_eq!(given_up(&Outcome { actors: vec![ActorOutcome::Acked { attempts: 1 }, declined] }), 1);
/// ```
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
        /// Attempts before that; 0 if it could not be decoded, or nobody handles its type.
        attempts: u32,
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Every actor that handles the type succeeded, and there is at least one.
    ///
    /// ```
    /// use carom::testing::{ActorOutcome, Outcome};
    ///
    /// let outcome = Outcome { actors: vec![ActorOutcome::Acked { attempts: 2 }] };
    /// assert!(outcome.is_acked());
    /// assert!(!Outcome { actors: Vec::new() }.is_acked());
    /// ```
    pub fn is_acked(&self) -> bool {
        !self.actors.is_empty() && self.actors.iter().all(|actor| matches!(actor, ActorOutcome::Acked { .. }))
    }

    /// No actor handles the type: the record was skipped.
    ///
    /// ```
    /// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> {
    /// #         Ok(())
    /// #     }
    /// # }
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderShipped { #[event(key)] order_id: u64 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// # let bus = Bus::new(Kafka::embedded()).service("billing").supervise::<Billing>(Supervisor::one_for_one());
    /// let bus = TestBus::start(bus).await?; // it handles `OrderPlaced` alone
    /// assert!(bus.deliver(OrderShipped { order_id: 7 }).await.is_unhandled()); // of the same topic
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_unhandled(&self) -> bool {
        self.actors.is_empty()
    }

    /// Attempts after the first, over all actors.
    ///
    /// ```
    /// use carom::testing::{ActorOutcome, Outcome};
    ///
    /// let outcome = Outcome { actors: vec![ActorOutcome::Acked { attempts: 1 }, ActorOutcome::Acked { attempts: 3 }] };
    /// assert_eq!(outcome.retries(), 2);
    /// ```
    pub fn retries(&self) -> u32 {
        self.actors.iter().map(|actor| actor.attempts().saturating_sub(1)).sum()
    }

    /// Why the record was dead-lettered, if it was; the first reason if several actors did so.
    ///
    /// ```
    /// use carom::testing::{ActorOutcome, Outcome};
    ///
    /// let declined = ActorOutcome::DeadLettered { attempts: 1, reason: "declined".to_owned() };
    /// let outcome = Outcome { actors: vec![ActorOutcome::Acked { attempts: 1 }, declined] };
    /// assert_eq!(outcome.dead_letter(), Some("declined"));
    /// ```
    pub fn dead_letter(&self) -> Option<&str> {
        self.actors.iter().find_map(|actor| match actor {
            ActorOutcome::DeadLettered { reason, .. } => Some(reason.as_str()),
            _ => None,
        })
    }
}

impl ActorOutcome {
    /// Attempts that were made; 0 for a record that could not be decoded, that nobody handles or that had expired.
    /// Holds are none.
    ///
    /// ```
    /// use carom::testing::ActorOutcome;
    ///
    /// assert_eq!(ActorOutcome::Discarded { attempts: 2 }.attempts(), 2);
    /// assert_eq!(ActorOutcome::Expired.attempts(), 0);
    /// ```
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Acked { attempts } | Self::Discarded { attempts } | Self::DeadLettered { attempts, .. } => *attempts,
            Self::Expired => 0,
        }
    }
}

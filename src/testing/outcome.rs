//! How a delivered event ended.

/// How a delivered event ended, for every actor that handles it; [`TestBus::deliver`](super::TestBus::deliver) returns
/// one.
///
/// ```
/// use std::time::Duration;
///
/// use carom::{
///     Actor, Bus, Context, Event, Failure, Handler, Kafka, Retry, Supervisor, handler,
///     testing::{ActorEnd, TestBus},
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
/// assert!(matches!(outcome.actors[0].end, ActorEnd::DeadLettered { attempts: 3, .. }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// One for each actor, in the order in which they ended; empty if no actor handles the type and the record was
    /// skipped.
    pub actors: Vec<ActorOutcome>,
}

/// How a delivered event ended for one actor, and whose end it is.
///
/// ```
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
///
/// #[derive(Actor)]
/// struct Billing;
///
/// #[derive(Actor)]
/// struct Shipping;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, _event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         Err(Failure::permanent("declined"))
///     }
/// }
///
/// #[handler]
/// impl Handler<OrderPlaced> for Shipping {
///     async fn handle(&mut self, _event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// let policy = Supervisor::one_for_one;
/// let bus = Bus::new(Kafka::embedded()).service("shop").supervise::<Billing>(policy()).supervise::<Shipping>(policy());
/// let outcome = TestBus::start(bus).await?.deliver(OrderPlaced { order_id: 7 }).await;
/// let of = |name| outcome.actors.iter().find(|one| one.actor().is_some_and(|actor| actor.ends_with(name)));
/// assert!(of("::Shipping").is_some_and(|shipping| shipping.is_acked()));
/// let billing = of("::Billing").unwrap();
/// assert!(!billing.is_acked());
/// assert!(billing.handler.as_ref().unwrap().ends_with("::Billing/sales.order-placed.v1"));
/// assert!(format!("{billing:?}").contains("::Billing/sales.order-placed.v1"), "{billing:?}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorOutcome {
    /// Path of the actor's type and type of the event, `shop::Billing/sales.order-placed.v1`, as dead letters and the
    /// log name it; `None` for a record that is no event, or of a type that nobody handles.
    pub handler: Option<String>,
    /// How it ended.
    pub end: ActorEnd,
}

/// How a delivered event may end for one actor.
///
/// ```
/// use carom::testing::{ActorEnd, Outcome};
///
/// /// For tests of several actors: how many of them gave up.
/// fn given_up(outcome: &Outcome) -> usize {
///     outcome.actors.iter().filter(|actor| matches!(actor.end, ActorEnd::DeadLettered { .. })).count()
/// }
/// # use carom::testing::ActorOutcome;
/// # let declined = ActorEnd::DeadLettered { attempts: 1, reason: "declined".to_owned() };
/// # let ends = [ActorEnd::Acked { attempts: 1 }, declined];
/// # let actors = ends.map(|end| ActorOutcome { handler: None, end }).to_vec();
/// # assert_eq!(given_up(&Outcome { actors }), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActorEnd {
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
    /// use carom::testing::{ActorEnd, ActorOutcome, Outcome};
    ///
    /// let acked = ActorOutcome { handler: None, end: ActorEnd::Acked { attempts: 2 } };
    /// assert!(Outcome { actors: vec![acked] }.is_acked());
    /// assert!(!Outcome { actors: Vec::new() }.is_acked());
    /// ```
    pub fn is_acked(&self) -> bool {
        !self.actors.is_empty() && self.actors.iter().all(ActorOutcome::is_acked)
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
    /// use carom::testing::{ActorEnd, ActorOutcome, Outcome};
    ///
    /// let acked = |attempts| ActorOutcome { handler: None, end: ActorEnd::Acked { attempts } };
    /// assert_eq!(Outcome { actors: vec![acked(1), acked(3)] }.retries(), 2);
    /// ```
    pub fn retries(&self) -> u32 {
        self.actors.iter().map(|actor| actor.attempts().saturating_sub(1)).sum()
    }

    /// Why the record was dead-lettered, if it was; the first reason if several actors did so.
    ///
    /// ```
    /// use carom::testing::{ActorEnd, ActorOutcome, Outcome};
    ///
    /// let declined = ActorEnd::DeadLettered { attempts: 1, reason: "declined".to_owned() };
    /// let ends = [ActorEnd::Acked { attempts: 1 }, declined];
    /// let outcome = Outcome { actors: ends.map(|end| ActorOutcome { handler: None, end }).to_vec() };
    /// assert_eq!(outcome.dead_letter(), Some("declined"));
    /// ```
    pub fn dead_letter(&self) -> Option<&str> {
        self.actors.iter().find_map(|actor| match &actor.end {
            ActorEnd::DeadLettered { reason, .. } => Some(reason.as_str()),
            _ => None,
        })
    }
}

impl ActorOutcome {
    /// Path of the actor's type, which is the first half of [`handler`](Self::handler).
    ///
    /// ```
    /// use carom::testing::{ActorEnd, ActorOutcome};
    ///
    /// let handler = Some("shop::Billing/sales.order-placed.v1".to_owned());
    /// let outcome = ActorOutcome { handler, end: ActorEnd::Acked { attempts: 1 } };
    /// assert_eq!(outcome.actor(), Some("shop::Billing"));
    /// ```
    pub fn actor(&self) -> Option<&str> {
        // A path has no slash, a type may have.
        self.handler.as_ref().and_then(|handler| handler.split_once('/')).map(|(actor, _)| actor)
    }

    /// The handler succeeded.
    ///
    /// ```
    /// use carom::testing::{ActorEnd, ActorOutcome};
    ///
    /// assert!(ActorOutcome { handler: None, end: ActorEnd::Acked { attempts: 1 } }.is_acked());
    /// assert!(!ActorOutcome { handler: None, end: ActorEnd::Expired }.is_acked());
    /// ```
    pub fn is_acked(&self) -> bool {
        matches!(self.end, ActorEnd::Acked { .. })
    }

    /// Attempts that were made; 0 for a record that could not be decoded, that nobody handles or that had expired.
    /// Holds are none.
    ///
    /// ```
    /// use carom::testing::{ActorEnd, ActorOutcome};
    ///
    /// assert_eq!(ActorOutcome { handler: None, end: ActorEnd::Discarded { attempts: 2 } }.attempts(), 2);
    /// assert_eq!(ActorOutcome { handler: None, end: ActorEnd::Expired }.attempts(), 0);
    /// ```
    pub fn attempts(&self) -> u32 {
        match &self.end {
            ActorEnd::Acked { attempts }
            | ActorEnd::Discarded { attempts }
            | ActorEnd::DeadLettered { attempts, .. } => *attempts,
            ActorEnd::Expired => 0,
        }
    }
}

//! The bus: built as a value, then spawned.
//!
//! What it is told is kept as it was said, and checked when it is spawned, all of it together: so the order of the
//! calls does not matter (but for the state, which actors are built from), and whoever made three mistakes hears of
//! three.

mod bounds;
mod handle;
mod identity;
mod neighbours;
mod not_spawned;
mod options;
mod partial;
mod plan;
mod producers;
mod profile;
mod report;
mod signals;
mod start;
mod stop;
mod telemetry;
mod threads;
mod unknown_types;
mod wire;

use std::{any::TypeId, fmt, sync::Arc};

pub use handle::BusHandle;
pub(crate) use options::Options;
#[cfg(feature = "testing")]
pub(crate) use start::inside_tokio;

use crate::{
    actor::{BusState, FromState, NoState},
    dispatch::ActorSpec,
    event::Location,
    kafka::Kafka,
    settings::Settings,
    supervisor::Supervisor,
};

/// A bus that is not running yet: which cluster, which service, which actors.
///
/// ```standalone_crate
/// use carom::{Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Order, domain = "sales")]
/// struct OrderPlaced {
///     #[event(key)]
///     order_id: u64,
/// }
///
/// #[derive(Actor)]
/// struct Billing;
///
/// #[handler]
/// impl Handler<OrderPlaced> for Billing {
///     async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
///         println!("charging order {}", event.order_id);
///         Ok(())
///     }
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<(), carom::Error> {
///     let bus = Bus::new(Kafka::embedded())
///         .service("billing")
///         .supervise::<Billing>(Supervisor::one_for_one())
///         .spawn()
///         .await?;
///     bus.publish(OrderPlaced { order_id: 7 }).await?;
///     bus.shutdown().await
/// }
/// ```
#[must_use = "a bus does nothing until it is spawned"]
pub struct Bus<S = ()> {
    pub(crate) options: Options,
    /// In the order of `supervise`, which is the one in which `Supervisor::rest_for_one` counts.
    pub(crate) actors: Vec<Arc<ActorSpec>>,
    /// Shared with what builds actors: each restart builds from it again.
    state: Arc<S>,
}

impl<S> fmt::Debug for Bus<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("options", &self.options).field("actors", &self.actors).finish_non_exhaustive()
    }
}

impl Bus<()> {
    /// A bus on this cluster, with no actors yet. A bus without actors is valid: it publishes.
    ///
    /// ```
    /// use carom::{Bus, Event, Kafka};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded()).service("web-shop").spawn().await?;
    /// bus.publish(OrderPlaced { order_id: 7 }).await?;
    /// bus.shutdown().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(kafka: Kafka) -> Self {
        Self::with(Options::new(kafka))
    }

    /// A bus as these settings say, with no actors yet. What the builder is told afterwards wins.
    ///
    /// ```
    /// use carom::{Bus, Settings};
    ///
    /// # fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::from_settings(Settings::from_env("CAROM")?)
    ///     .service("billing")
    ///     .kafka(|kafka| kafka.producer("linger.ms", "20"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_settings(settings: Settings) -> Self {
        Self::with(Options::of(settings))
    }

    fn with(options: Options) -> Self {
        Self { options, actors: Vec::new(), state: Arc::new(()) }
    }
}

impl<S> Bus<S> {
    /// Gives the bus the state from which actors take their dependencies.
    ///
    /// Call it once, before [`Bus::supervise`]: an actor is built from the state that the bus has at that point. See
    /// [`FromRef`](crate::FromRef) for how an actor takes a part of it; the parts are cloned, the state itself is not.
    /// Default: `()`. A second call does not compile. Every type that is `Send + Sync + 'static` may be a state.
    ///
    /// What is behind an `Arc` outlives the panic of a handler, and a `std::sync::Mutex` that it held is poisoned: lock
    /// with `lock().unwrap_or_else(PoisonError::into_inner)`, or take the mutex of parking_lot or tokio.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use carom::{
    ///     Actor, Bus, Context, Event, Failure, FromRef, Handler, Kafka, Supervisor, handler, testing::TestBus,
    /// };
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    ///
    /// trait Gateway: Send + Sync {
    ///     fn charge(&self, order_id: u64) -> Result<(), std::io::Error>;
    /// }
    ///
    /// #[derive(FromRef)]
    /// struct App {
    ///     gateway: Arc<dyn Gateway>, // a test puts another one here
    ///     currency: &'static str,
    /// }
    ///
    /// #[derive(Actor)]
    /// struct Billing {
    ///     gateway: Arc<dyn Gateway>,
    /// }
    ///
    /// #[handler]
    /// impl Handler<OrderPlaced> for Billing {
    ///     async fn handle(&mut self, event: OrderPlaced, _cx: &mut Context<'_>) -> Result<(), Failure> {
    ///         Ok(self.gateway.charge(event.order_id)?)
    ///     }
    /// }
    /// # struct Fake;
    /// # impl Gateway for Fake {
    /// #     fn charge(&self, _: u64) -> Result<(), std::io::Error> { Ok(()) }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded())
    ///     .service("billing")
    ///     .with_state(App { gateway: Arc::new(Fake), currency: "EUR" })
    ///     .supervise::<Billing>(Supervisor::one_for_one());
    /// assert!(TestBus::start(bus).await?.deliver(OrderPlaced { order_id: 7 }).await.is_acked());
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_state<T: BusState>(self, state: T) -> Bus<T>
    where
        S: NoState,
    {
        Bus { options: self.options, actors: self.actors, state: Arc::new(state) }
    }
}

impl<S: Send + Sync + 'static> Bus<S> {
    /// Adds an actor, with what happens when one of its handlers fails.
    ///
    /// Its handlers are found by themselves: every `#[handler]` impl for `A` that is linked into the program. A library
    /// crate that the program depends on but never names is not linked, and nothing in the program can tell;
    /// `use that_crate as _;` names it. [`BusHandle::routes`] and the log at start show what was found. The order
    /// of these calls is the order in which `Supervisor::rest_for_one` counts.
    ///
    /// An actor without handlers, one that is supervised twice, and a policy that makes no sense are errors when the
    /// bus is spawned.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use carom::{
    ///     Actor, Bus, Context, Event, Failure, Handler, Kafka, Retry, Supervisor, handler, testing::TestBus,
    /// };
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Debug, PartialEq, Serialize, Deserialize, Event)]
    /// # #[event(entity = Order, domain = "sales")]
    /// # struct OrderPlaced { #[event(key)] order_id: u64 }
    /// # #[derive(Actor)]
    /// # struct Billing;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Billing {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> { Ok(()) }
    /// # }
    /// # #[derive(Actor)]
    /// # struct Mails;
    /// # #[handler]
    /// # impl Handler<OrderPlaced> for Mails {
    /// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> { Ok(()) }
    /// # }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), carom::Error> {
    /// let bus = Bus::new(Kafka::embedded())
    ///     .service("shop")
    ///     .supervise::<Billing>(Supervisor::one_for_one().retry(Retry::exponential(8)))
    ///     .supervise::<Mails>(Supervisor::one_for_one().timeout(Duration::from_secs(5)).concurrency(4));
    /// let outcome = TestBus::start(bus).await?.deliver(OrderPlaced { order_id: 7 }).await;
    /// assert_eq!(outcome.actors.len(), 2); // each of them handled it
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn supervise<A: FromState<S>>(mut self, policy: Supervisor) -> Self {
        let (state, location) = (Arc::clone(&self.state), Location::of_caller());
        self.actors.push(Arc::new(ActorSpec {
            type_id: TypeId::of::<A>(),
            name: std::any::type_name::<A>(),
            build: Arc::new(move || Box::new(A::from_state(&state))),
            policy,
            location,
        }));
        self
    }
}

impl<S> Bus<S> {
    /// Changes how Kafka is reached, where that came from settings.
    ///
    /// ```
    /// use carom::{Bus, Settings, kafka::Topics};
    ///
    /// # fn main() -> Result<(), carom::Error> {
    /// let settings = Settings::from_vars("SHOP", [("SHOP__KAFKA__BOOTSTRAP_SERVERS", "kafka-1:9092")])?;
    /// // Whatever the environment says, this service creates no topics.
    /// let bus = Bus::from_settings(settings).kafka(|kafka| kafka.topics(Topics::Verify));
    /// # Ok(())
    /// # }
    /// ```
    pub fn kafka(mut self, change: impl FnOnce(Kafka) -> Kafka) -> Self {
        self.options.kafka = change(self.options.kafka);
        self
    }
}

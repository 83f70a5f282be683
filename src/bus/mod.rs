//! The bus: built as a value, then spawned.

mod handle;
mod not_spawned;
mod options;
mod plan;
mod profile;
mod report;
mod start;
mod stop;
mod telemetry;
mod threads;

use std::{any::TypeId, fmt, panic::Location as Caller, sync::Arc, time::Duration};

pub use handle::BusHandle;
pub(crate) use options::Options;

use crate::{
    actor::{FromState, NoState},
    dispatch::ActorSpec,
    event::{Environment, Event, Location, Mode, Profile},
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
    pub(crate) actors: Vec<Arc<ActorSpec>>,
    state: Arc<S>,
}

impl<S> fmt::Debug for Bus<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("options", &self.options).field("actors", &self.actors).finish_non_exhaustive()
    }
}

impl Bus<()> {
    /// A bus on this cluster, with no actors yet. A bus without actors is valid: it publishes.
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
    pub fn with_state<T: Send + Sync + 'static>(self, state: T) -> Bus<T>
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
    #[track_caller]
    pub fn supervise<A: FromState<S>>(mut self, policy: Supervisor) -> Self {
        let state = Arc::clone(&self.state);
        let caller = Caller::caller();
        self.actors.push(Arc::new(ActorSpec {
            type_id: TypeId::of::<A>(),
            name: std::any::type_name::<A>(),
            build: Arc::new(move || Box::new(A::from_state(&state))),
            policy,
            location: Location { file: caller.file(), line: caller.line() },
        }));
        self
    }
}

impl<S> Bus<S> {
    /// Changes how Kafka is reached, where that came from settings.
    pub fn kafka(mut self, change: impl FnOnce(Kafka) -> Kafka) -> Self {
        self.options.kafka = change(self.options.kafka);
        self
    }

    /// The name of this service, such as `billing`: lower-case letters, digits and dashes.
    ///
    /// The consumer group (`billing-dev`: service and environment), the CloudEvents `source` (`/sales/billing`: domain
    /// and service) and the client id follow from it. A bus with actors needs one.
    ///
    /// Instances of one program share a name. Two different services must not: a group's partitions are dealt out among
    /// its members, and each of them skips the types that only the other one handles.
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.options.service = Some(name.into());
        self
    }

    /// The consumer group, if it is not to follow from the service name. Only instances of one service may share it, see
    /// [`Bus::service`].
    pub fn group(mut self, group_id: impl Into<String>) -> Self {
        self.options.group = Some(group_id.into());
        self
    }

    /// The domain this service belongs to. Default: the first word of the service name.
    ///
    /// It is the first part of the CloudEvents `source`; and only events of this domain may be `internal` and handled
    /// here.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.options.domain = Some(domain.into());
        self
    }

    /// The environment, the first part of every topic's name. Default: the variable `CAROM__ENVIRONMENT`, else
    /// `development` (`dev`).
    pub fn environment(mut self, environment: Environment) -> Self {
        self.options.environment = Some(environment);
        self
    }

    /// The CloudEvents `source` of what this bus publishes, if it is not to follow from domain and service.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.options.source = Some(source.into());
        self
    }

    /// Whose conventions this bus follows; [`Profile::Carom`] unless set. [`Profile::Momentum`] is for topics that .NET
    /// Momentum services share: it refuses at start, and when something is published, what they could not read.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.options.profile = profile;
        self
    }

    /// How events are written: CloudEvents attributes in headers (the default), or one JSON envelope.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.options.mode = mode;
        self
    }

    /// Writes the topic of `E` as JSON envelopes, whatever [`Bus::mode`] says. Momentum (.NET) cannot read these.
    pub fn structured<E: Event>(mut self) -> Self {
        self.options.structured.push(E::descriptor());
        self
    }

    /// Says that this bus publishes `E`: its topic is created or verified at start.
    ///
    /// Without it, that happens when the first event goes there.
    pub fn publishes<E: Event>(mut self) -> Self {
        self.options.published.push(E::descriptor());
        self
    }

    /// Says that another bus of this process handles the events that this one does not.
    ///
    /// Without it, a handler that is linked in but whose actor is not supervised is an error at start.
    pub fn partial(mut self) -> Self {
        self.options.partial = true;
        self
    }

    /// Threads that run handlers. Default: one for each CPU, 8 at most.
    ///
    /// All handlers of a partition run on one of them, but those of a [`Supervisor::blocking`](crate::Supervisor::blocking)
    /// actor.
    pub fn workers(mut self, threads: usize) -> Self {
        self.options.workers = Some(threads);
        self
    }

    /// How long running handlers may take to end when the bus stops. Default: 10 s.
    pub fn shutdown_timeout(mut self, within: Duration) -> Self {
        self.options.shutdown_timeout = within;
        self
    }

    /// How long running handlers may take to end when their partition moves to another member. Default: 5 s.
    ///
    /// All partitions of this member stand still for that time. Keep it below half of `max.poll.interval.ms`.
    pub fn drain_timeout(mut self, within: Duration) -> Self {
        self.options.drain_timeout = within;
        self
    }

    /// How many records and bytes of a partition may be in memory unfinished, and how far beyond the lowest unfinished
    /// offset records are taken: small, for tests that reach the limits.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn limits(mut self, records: usize, bytes: usize, window: u64) -> Self {
        self.options.limits = crate::dispatch::Limits { records, bytes, window };
        self
    }

    /// Records in one batch, at most: to find out which size is best.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn batch(mut self, records: usize) -> Self {
        self.options.batch = records.max(1);
        self
    }

    /// Takes no records before [`BusHandle::release`], so that a benchmark can begin with full queues.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn held(mut self) -> Self {
        self.options.held = true;
        self
    }
}

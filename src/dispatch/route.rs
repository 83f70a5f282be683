//! Which actors handle which event type, fixed when the bus is spawned.
//!
//! Nothing here changes while the bus runs, but for what the meters count, so all threads read it without a lock. A
//! mailbox has its [`Member`] in hand: finding a handler is one look into a map of its own topic and actor.

use std::{any::TypeId, collections::BTreeMap, fmt, sync::Arc};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::registry::Registration;
use crate::{
    actor::{Instance, Invoke},
    event::{Descriptor, Location},
    stats::HandlerMeter,
    supervisor::Supervisor,
};

/// One supervised actor type of a bus.
pub(crate) struct ActorSpec {
    /// By which a registration finds its actor: names need not be unique.
    pub(crate) type_id: TypeId,
    /// Path of the Rust type, for logs and problems.
    pub(crate) name: &'static str,
    /// Builds an instance from the bus state, whose type only the call of `.supervise` knows.
    pub(crate) build: Arc<dyn Fn() -> Instance + Send + Sync>,
    /// What `.supervise` was given: lanes, timeout, and what follows a failure.
    pub(crate) policy: Supervisor,
    /// Where `.supervise` stands in the user's code, for problems that are found at start.
    pub(crate) location: Location,
}

impl fmt::Debug for ActorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActorSpec").field("name", &self.name).field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// One handler of an actor.
#[derive(Debug)]
pub(crate) struct HandlerSpec {
    /// Runs one attempt, with the types of actor and event back in place.
    pub(crate) invoke: Invoke,
    /// `{path of the actor}/{event type}`: stable, for output ids and dead letters.
    pub(crate) name: Arc<str>,
    /// The type as carom writes it, also where the record has an alias.
    pub(crate) event_type: &'static str,
    /// What `#[handler]` submitted for it; nobody looks there for a record.
    pub(crate) registration: &'static Registration,
    /// What is counted of this handler in all partitions together.
    pub(crate) meter: Arc<HandlerMeter>,
}

/// An actor with its handlers of one topic.
#[derive(Debug)]
pub(crate) struct Member {
    /// Place in the order of `.supervise` calls, by which `Supervisor::rest_for_one` counts.
    pub(crate) rank: usize,
    /// Shared by the members of all topics that the actor handles.
    pub(crate) actor: Arc<ActorSpec>,
    /// One for each event. Tickets and tallies name a handler by its place here: it costs no count of references.
    pub(crate) handlers: Vec<HandlerSpec>,
    /// Their places by CloudEvents type, aliases included.
    pub(crate) by_type: HashMap<&'static str, usize, RandomState>,
}

impl Member {
    /// The names of its handlers, in their order.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.handlers.iter().map(|handler| Arc::clone(&handler.name)).collect()
    }
}

/// Everything this bus does with one topic.
#[derive(Debug)]
pub(crate) struct TopicRoutes {
    /// The name, complete with environment and version.
    pub(crate) topic: Arc<str>,
    /// Where the supervisor writes what failed of this topic, for all its actors.
    pub(crate) dead_letter_topic: Arc<str>,
    /// By rank; a partition has a mailbox for each. The first one answers for records that nobody handles.
    pub(crate) members: Vec<Arc<Member>>,
    /// Event types with a handler, for creating the topic.
    pub(crate) events: Vec<&'static Descriptor>,
    /// A record of a type that no actor handles becomes a dead letter instead of being skipped.
    pub(crate) keeps_unknown: bool,
}

impl TopicRoutes {
    /// Whether any actor handles this type.
    pub(crate) fn handles(&self, event_type: &str) -> bool {
        self.members.iter().any(|member| member.by_type.contains_key(event_type))
    }
}

/// All routes of a bus, by topic. Its keys are what the client subscribes to.
pub(crate) type RouteTable = BTreeMap<Arc<str>, Arc<TopicRoutes>>;

/// One line of the route table, as [`BusHandle::routes`](crate::BusHandle::routes) returns it.
///
/// Sorted by topic, event type and actor. Displays as `topic type -> actor`, with ` (no key)` behind it where that is
/// so.
///
/// ```
/// use carom::{
///     Actor, Bus, Context, Event, Failure, Handler, Kafka, Supervisor, handler, testing::TestBus,
/// };
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced { #[event(key)] order_id: u64 }
/// # #[derive(Actor)]
/// # struct Billing;
/// # #[handler]
/// # impl Handler<OrderPlaced> for Billing {
/// #     async fn handle(&mut self, _: OrderPlaced, _: &mut Context<'_>) -> Result<(), Failure> { Ok(()) }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = Bus::new(Kafka::embedded())
///     .service("billing")
///     .environment("production")
///     .supervise::<Billing>(Supervisor::one_for_one());
/// let bus = TestBus::start(bus).await.unwrap();
/// let route = &bus.routes()[0];
/// assert_eq!(route.topic, "prod.sales.public.orders.v1");
/// assert_eq!(route.event_type, "sales.order-placed.v1");
/// assert_eq!(route.dead_letter_topic, "prod.sales.public.orders.v1.billing-prod.dlq");
/// assert!(route.to_string().starts_with("prod.sales.public.orders.v1 sales.order-placed.v1 -> "));
/// assert!(route.to_string().ends_with("::Billing"));
/// assert!(route.has_key);
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Route {
    /// The topic, complete with environment and version.
    pub topic: String,
    /// The CloudEvents type, or one of its aliases: each alias is a route of its own.
    pub event_type: String,
    /// Path of the actor's Rust type.
    pub actor: &'static str,
    /// Where failed records of this route end: `{topic}.{group}.dlq`.
    pub dead_letter_topic: String,
    /// Whether the event's Rust type has a record key. What this program publishes of one without has its own id as the
    /// key, and no two of these keep their order; what another service publishes may have a key all the same.
    pub has_key: bool,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}{}", self.topic, self.event_type, self.actor, key_mark(self.has_key))
    }
}

/// What stands behind an event, which this program may publish without a key.
pub(crate) fn key_mark(has_key: bool) -> &'static str {
    if has_key { "" } else { " (no key)" }
}

/// The table as lines, sorted.
pub(crate) fn lines(table: &RouteTable) -> Vec<Route> {
    let mut lines: Vec<Route> = table
        .values()
        .flat_map(|routes| {
            routes.members.iter().flat_map(|member| {
                member.by_type.iter().map(|(event_type, &handler)| Route {
                    topic: routes.topic.to_string(),
                    event_type: (*event_type).to_owned(),
                    actor: member.actor.name,
                    dead_letter_topic: routes.dead_letter_topic.to_string(),
                    has_key: (member.handlers[handler].registration.event)().has_key(),
                })
            })
        })
        .collect();
    lines.sort();
    lines
}

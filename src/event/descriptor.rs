//! What is known of an event type when its crate is compiled.

/// What is known of an event type at compile time; [`Event::descriptor`](crate::Event::descriptor) returns it.
///
/// ```
/// use carom::{
///     Event,
///     event::{KeySource, TopicSource},
/// };
/// use serde::{Deserialize, Serialize};
///
/// /// An order was shipped.
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Order, domain = "Sales", alias = "shop.order-sent.v1", internal, partitions = 12)]
/// struct OrderShipped {
///     #[event(key)]
///     order_id: u64,
/// }
///
/// let event = OrderShipped::descriptor();
/// assert_eq!((event.rust_name, event.event_type), ("OrderShipped", "sales.order-shipped.v1"));
/// assert_eq!((event.aliases, event.key), (&["shop.order-sent.v1"][..], KeySource::Fields(&["order_id"])));
/// // The topic is dev.sales.internal.orders.v1 in the environment `development`.
/// assert_eq!((event.domain, event.internal, event.version), ("Sales", true, "v1"));
/// assert_eq!((event.topic, event.plural), (TopicSource::Entity("Order"), None));
/// assert_eq!((event.partitions, event.description), (Some(12), "An order was shipped."));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Name of the Rust type, without its path.
    pub rust_name: &'static str,
    /// CloudEvents `type` that is written, and accepted on read. Default: `{domain}.{event-in-kebab}.{version}`.
    pub event_type: &'static str,
    /// Further CloudEvents types that are accepted on read. Default: none.
    pub aliases: &'static [&'static str],
    /// The domain the event belongs to, as written (topic names lower-case it).
    pub domain: &'static str,
    /// Whether the event is meant for its own domain only: a bus of another domain that handles it is refused at start.
    /// Default: false, it is public.
    pub internal: bool,
    /// Where the name segment of the topic comes from.
    pub topic: TopicSource,
    /// `plural = ..` of the attribute; `None` is the default of the [`TopicSource`]: true for an entity, false for a
    /// text.
    pub plural: Option<bool>,
    /// Version segment of the topic; empty or blank leaves the segment out. Default: `v1`.
    pub version: &'static str,
    /// Partitions a topic gets when carom creates it; `None` is the broker's own default (`num.partitions`; 4 on the
    /// embedded broker).
    pub partitions: Option<u32>,
    /// What the record key is made of, and so which events keep their order.
    pub key: KeySource,
    /// The doc comment of the type, as text; empty if it has none.
    pub description: &'static str,
    /// Where the type is declared.
    pub location: Location,
}

impl Descriptor {
    /// Whether a record of this CloudEvents type is one of these events.
    pub(crate) fn is_called(&self, event_type: &str) -> bool {
        self.event_type == event_type || self.aliases.contains(&event_type)
    }

    /// Whether anything but chance puts two of its events on one partition, where this program publishes them.
    pub(crate) fn has_key(&self) -> bool {
        self.key != KeySource::EventId
    }
}

/// Where the name segment of a topic comes from.
///
/// ```
/// use carom::{Bus, Event, Kafka, event::TopicSource, testing::TestBus};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = OrderLine, domain = "sales")]
/// struct LineAdded {}
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(topic = "order-feed", domain = "sales")]
/// struct LineRemoved {}
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Stock, plural = false, domain = "sales", version = "")]
/// struct StockCounted {}
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), carom::Error> {
/// assert_eq!(LineAdded::descriptor().topic, TopicSource::Entity("OrderLine"));
/// assert_eq!(LineRemoved::descriptor().topic, TopicSource::Verbatim("order-feed"));
/// let bus = TestBus::start(Bus::new(Kafka::embedded()).service("shop")).await?;
/// assert_eq!(bus.topic::<LineAdded>(), "dev.sales.public.order-lines.v1");
/// assert_eq!(bus.topic::<LineRemoved>(), "dev.sales.public.order-feed.v1");
/// assert_eq!(bus.topic::<StockCounted>(), "dev.sales.public.stock");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicSource {
    /// `entity = Order`: kebab-case and plural of this name, as Momentum forms them.
    Entity(&'static str),
    /// `topic = ".."`: this text, in lower case.
    Verbatim(&'static str),
}

/// What the record key of an event type is made of.
///
/// ```
/// use carom::{Event, event::KeySource};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Seat, domain = "sales")]
/// struct SeatTaken {
///     #[event(key)]
///     row: char,
///     #[event(key)]
///     number: u16,
/// }
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Audit, domain = "sales", key = first)]
/// struct Audited {
///     lines: Vec<String>,
/// }
///
/// impl Audited {
///     fn first(&self) -> &str {
///         self.lines.first().map_or("", |line| line)
///     }
/// }
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Visit, domain = "sales")]
/// struct PageSeen {
///     page: String,
/// }
///
/// assert_eq!(SeatTaken::descriptor().key, KeySource::Fields(&["number", "row"])); // by name
/// assert_eq!(Audited::descriptor().key, KeySource::Method("first"));
/// assert_eq!(PageSeen::descriptor().key, KeySource::EventId); // each one by itself, in no order
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The marked fields, in the order in which they are joined.
    Fields(&'static [&'static str]),
    /// `key = first`: this method.
    Method(&'static str),
    /// Nothing is marked: each event has its own id as its key, so that no two of them keep their order.
    EventId,
}

/// A place in the user's source; problems at start name it. Shown as `src/orders.rs:7`.
///
/// ```
/// # use carom::Event;
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, Event)]
/// # #[event(entity = Order, domain = "sales")]
/// # struct OrderPlaced {}
/// let location = OrderPlaced::descriptor().location;
/// assert_eq!(location.to_string(), format!("{}:{}", location.file, location.line));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Path as `file!()` gives it.
    pub file: &'static str,
    /// Line, from 1.
    pub line: u32,
}

impl Location {
    /// Where the function that calls this, and is `#[track_caller]`, is called.
    #[track_caller]
    pub(crate) fn of_caller() -> Self {
        let caller = std::panic::Location::caller();
        Self { file: caller.file(), line: caller.line() }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

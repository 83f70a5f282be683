//! What an integration event is: a Rust type, a CloudEvents type and a topic.
//!
//! [`derive@Event`](derive@crate::Event) makes an event of a struct or an enum, and says with which attributes. Here is
//! what follows from them: the [`Descriptor`] of the type, the record key made of [`KeyPart`]s, the [`Environment`] in
//! front of the topic's name, the [`Mode`] in which an event is written, the [`Partitioner`] and the [`Profile`].

// On the way out an event passes `envelope`, `cloudevents::write` and `key`, on the way in `cloudevents::read` and
// `decode`. None of them knows a client of Kafka: they make and take headers and bytes.

mod attributes;
mod case;
mod cloudevents;
mod codec;
mod decode;
pub mod dotnet;
mod encode_error;
mod envelope;
mod environment;
#[cfg(test)]
pub(crate) mod fixture;
mod key;
mod large;
mod media_type;
mod momentum;
mod output_id;
mod partitioner;
mod plural;
mod profile;
mod said;
mod topic;
mod trace;

pub(crate) use self::{
    attributes::Attributes,
    cloudevents::{
        Incoming, Look, Looks, read,
        sdk::{NoData, Target},
        write::extension_name_warning,
    },
    codec::JsonStr,
    decode::{DecodeError, decode, decode_if},
    encode_error::EncodeError,
    envelope::Encoder,
    momentum::{default_source, is_domain},
    output_id::output_id,
    said::Said,
    topic::{check_environment, dead_letter_topic, is_own_topic, is_topic_name, plural_warning, topic_name},
    trace::TraceContext,
};
pub use self::{
    codec::{Codec, json},
    envelope::Mode,
    environment::Environment,
    key::KeyPart,
    partitioner::Partitioner,
    profile::Profile,
};

/// A fact that is published for other services.
///
/// Derive it, beside serde's `Serialize` and `Deserialize`: `#[derive(Event)]` fills in everything from `#[event(..)]`,
/// the crate and the fields marked `#[event(key)]`; [`derive@Event`](derive@crate::Event) lists the attributes and
/// their defaults. Serde's traits are no supertraits: generic code over `E: Event` that serialises by itself names them
/// too.
///
/// ```
/// use carom::Event;
/// use serde::{Deserialize, Serialize};
///
/// /// An invoice was sent to its customer.
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Invoice, domain = "billing")]
/// struct InvoiceSent {
///     #[event(key)]
///     invoice_id: u64,
///     cents: u64,
/// }
///
/// assert_eq!(InvoiceSent::descriptor().event_type, "billing.invoice-sent.v1");
/// assert_eq!(InvoiceSent { invoice_id: 12, cents: 4_200 }.key().as_deref(), Some("12"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an `Event`",
    note = "add `#[derive(carom::Event)]` and `#[event(entity = .., domain = \"..\")]` to `{Self}`",
    note = "what is published is an event itself: no reference to one, and no list, for which there is `publish_all`"
)]
pub trait Event: Sized + Send + 'static {
    /// Name, topic and origin of this event type; the same value for every event of the type.
    ///
    /// ```
    /// use carom::Event;
    ///
    /// /// A line for the catalogue of events.
    /// fn catalogue_line<E: Event>() -> String {
    ///     let event = E::descriptor();
    ///     format!("{}: {} ({})", event.event_type, event.description, event.domain)
    /// }
    ///
    /// # use serde::{Deserialize, Serialize};
    /// # /// An invoice was sent to its customer.
    /// # #[derive(Serialize, Deserialize, Event)]
    /// # #[event(entity = Invoice, domain = "billing")]
    /// # struct InvoiceSent {}
    /// let line = catalogue_line::<InvoiceSent>();
    /// assert_eq!(line, "billing.invoice-sent.v1: An invoice was sent to its customer. (billing)");
    /// ```
    fn descriptor() -> &'static Descriptor;

    /// The record key: the fields marked `#[event(key)]`, joined with `|`.
    ///
    /// `None`, and an empty key, mean that the event's id becomes the key: such events have no order among themselves.
    /// Parts are not escaped, so `("a|b", "c")` and `("a", "b|c")` are one key, and wait for each other.
    ///
    /// ```
    /// # use carom::Event;
    /// # use serde::{Deserialize, Serialize};
    /// #[derive(Serialize, Deserialize, Event)]
    /// #[event(entity = Payment, domain = "billing")]
    /// struct PaymentReceived {
    ///     #[event(key(order = 1))]
    ///     tenant: String,
    ///     #[event(key(order = 2))]
    ///     invoice_id: Option<u64>, // nothing in its place, where there is none
    /// }
    ///
    /// let payment = |invoice_id| PaymentReceived { tenant: "acme".to_owned(), invoice_id };
    /// assert_eq!(payment(Some(12)).key().as_deref(), Some("acme|12"));
    /// assert_eq!(payment(None).key().as_deref(), Some("acme|"));
    /// ```
    fn key(&self) -> Option<String>;

    /// How it becomes JSON and comes back.
    #[doc(hidden)]
    fn codec() -> Codec<Self>;
}

/// What is known of an event type at compile time; [`Event::descriptor`] returns it.
///
/// ```
/// use carom::{Event, event::TopicSource};
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
/// assert_eq!((event.aliases, event.key_fields), (&["shop.order-sent.v1"][..], &["order_id"][..]));
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
    /// Key fields in the order in which they are joined; empty where a method makes the key, and where the event's id
    /// is the key.
    pub key_fields: &'static [&'static str],
    /// The doc comment of the type, as text; empty if it has none.
    pub description: &'static str,
    /// Where the type is declared.
    pub location: Location,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

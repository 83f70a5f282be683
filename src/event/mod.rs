//! What an integration event is: a Rust type, a CloudEvents type and a topic.
//!
//! [`derive@Event`](derive@crate::Event) makes an event of a struct or an enum, and says with which attributes. Here is
//! what follows from them: the [`Descriptor`] of the type, the record key made of [`KeyPart`]s, the [`Environment`] in
//! front of the topic's name, the [`Mode`] in which an event is written, the [`Partitioner`] and the [`Profile`].

// On the way out an event passes `envelope`, `cloudevents::write` and `key`, on the way in `cloudevents::read` and
// `decode`. None of them knows a client of Kafka: they make and take headers and bytes.

mod asked;
mod attributes;
mod case;
mod cloudevents;
mod codec;
mod decode;
mod decode_hint;
mod descriptor;
mod destination;
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
    decode::{DecodeError, decode, decode_if, is_array},
    destination::Destination,
    encode_error::EncodeError,
    envelope::{Encoder, Scratch},
    momentum::{default_source, is_domain},
    output_id::output_id,
    said::Said,
    topic::{check_environment, dead_letter_topic, is_own_topic, is_topic_name, plural_warning, topic_name},
    trace::TraceContext,
};
pub use self::{
    codec::{Codec, json},
    descriptor::{Descriptor, KeySource, Location, TopicSource},
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
    /// Parts are not escaped, so `("a|b", "c")` and `("a", "b|c")` are one key, and wait for each other. A key of several
    /// parts is never empty: with all of them empty it is `|`, one key for all such events.
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

//! What an integration event is: a Rust type, a CloudEvents type and a topic.

mod attributes;
mod case;
mod cloudevents;
mod codec;
mod decode;
pub mod dotnet;
mod encode_error;
mod envelope;
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
mod topic;
mod trace;

pub(crate) use self::{
    attributes::Attributes,
    cloudevents::{
        Incoming, Look, Looks, read,
        sdk::{NoData, Target},
        write::extension_name_warning,
    },
    decode::{DecodeError, decode, decode_if},
    encode_error::EncodeError,
    envelope::Encoder,
    large::LARGE,
    momentum::{default_source, is_domain},
    output_id::output_id,
    topic::{dead_letter_topic, is_own_topic, plural_warning, topic_name},
    trace::TraceContext,
};
pub use self::{
    codec::{Codec, json},
    envelope::Mode,
    key::KeyPart,
    partitioner::Partitioner,
    profile::Profile,
    topic::Environment,
};

/// A fact that is published for other services.
///
/// Derive it, beside serde's `Serialize` and `Deserialize`: `#[derive(Event)]` fills in everything from `#[event(..)]`, the
/// crate and the fields marked `#[event(key)]`. Serde's traits are no supertraits: generic code over `E: Event` that
/// serialises by itself names them too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an `Event`",
    note = "add `#[derive(carom::Event)]` and `#[event(entity = .., domain = \"..\")]` to `{Self}`",
    note = "what is published is an event itself: no reference to one, and no list, for which there is `publish_all`"
)]
pub trait Event: Sized + Send + 'static {
    /// Name, topic and origin of this event type; the same value for every event of the type.
    fn descriptor() -> &'static Descriptor;

    /// The record key: the fields marked `#[event(key)]`, joined with `|`.
    ///
    /// `None`, and an empty key, mean that the event's id becomes the key.
    fn key(&self) -> Option<String>;

    /// How it becomes JSON and comes back.
    #[doc(hidden)]
    fn codec() -> Codec<Self>;
}

/// What is known of an event type at compile time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Name of the Rust type, without its path.
    pub rust_name: &'static str,
    /// CloudEvents `type` that is written, and accepted on read.
    pub event_type: &'static str,
    /// Further CloudEvents types that are accepted on read.
    pub aliases: &'static [&'static str],
    /// The domain the event belongs to, as written (topic names lower-case it).
    pub domain: &'static str,
    /// Whether the event is meant for its own domain only.
    pub internal: bool,
    /// Where the name segment of the topic comes from.
    pub topic: TopicSource,
    /// `plural = ..` of the attribute; `None` is the default of the [`TopicSource`].
    pub plural: Option<bool>,
    /// Version segment of the topic; empty or blank leaves the segment out.
    pub version: &'static str,
    /// Partitions a topic gets when carom creates it; `None` is the default of the bus.
    pub partitions: Option<u32>,
    /// Key fields in the order in which they are joined.
    pub key_fields: &'static [&'static str],
    /// The doc comment of the type.
    pub description: &'static str,
    /// Where the type is declared.
    pub location: Location,
}

/// Where the name segment of a topic comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicSource {
    /// `entity = Order`: kebab-case and plural of the type's name.
    Entity(&'static str),
    /// `topic = ".."`: this text.
    Verbatim(&'static str),
}

/// A place in the user's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// Path as `file!()` gives it.
    pub file: &'static str,
    /// Line, from 1.
    pub line: u32,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

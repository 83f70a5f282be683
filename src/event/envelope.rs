//! From the user's value to a record on its way to the broker.
//!
//! What is the same for all events of a type (topic, mode, partitions) is found out once and kept by the type's id: the
//! path of a single event formats no names.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use dashmap::DashMap;
use uuid::Uuid;

use super::{
    Environment, Event, Profile,
    attributes::Attributes,
    cloudevents::{
        beside::Beside,
        write::{Outgoing, Payload, check_source},
    },
    destination::Destination,
    encode_error::EncodeError,
    large::{LARGE, LargeTypes},
    momentum,
    said::Said,
    topic::topic_name,
};
use crate::{
    kafka::record::{OutRecord, RecordMemory, RecordWriter},
    telemetry::logs,
};

/// Odd things that are said: names of the CloudEvents SDK may be made up as they go.
const ODD: usize = 1_000;

/// Where the attributes of an event travel, as the Kafka binding of CloudEvents 1.0 names its two modes.
///
/// It is said for a bus by [`Bus::mode`](crate::Bus::mode), for one topic by
/// [`Bus::structured`](crate::Bus::structured). Reading takes both, whatever is said.
///
/// ```
/// use carom::{Bus, Event, Kafka, event::Mode, testing::TestBus};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Event)]
/// #[event(entity = Order, domain = "sales")]
/// struct OrderPlaced {
///     #[event(key)]
///     order_id: u64,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// for mode in [Mode::Binary, Mode::Structured] {
///     let bus = TestBus::start(Bus::new(Kafka::embedded()).service("shop").mode(mode)).await?;
///     bus.publisher().publish(OrderPlaced { order_id: 7 }).await?;
///     let record = &bus.records()[0];
///     let value = std::str::from_utf8(record.value.as_deref().unwrap_or_default())?;
///     match mode {
///         Mode::Binary => {
///             assert_eq!(record.header("ce_type"), Some("sales.order-placed.v1"));
///             assert_eq!(value, r#"{"order_id":7}"#);
///         }
///         Mode::Structured => {
///             assert_eq!(record.header("content-type"), Some("application/cloudevents+json; charset=UTF-8"));
///             assert!(value.contains(r#""type":"sales.order-placed.v1""#) && value.contains(r#""data":{"order_id":7}"#));
///         }
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// In `ce_` headers, the value is the data alone. The default, and the only one that Momentum reads.
    #[default]
    Binary,
    /// In a JSON envelope around the data.
    Structured,
}

/// Turns events into records; one per bus.
#[derive(Debug)]
pub(crate) struct Encoder {
    /// The first segment of topics.
    environment: Environment,
    /// The same in every event of the bus.
    source: String,
    /// Whose readers have to understand it.
    profile: Profile,
    /// The mode of topics that are not in `topic_modes`.
    mode: Mode,
    /// Topics whose mode differs from that of the bus, by full name.
    topic_modes: HashMap<String, Mode>,
    /// What was found out about event types, once for each.
    destinations: DashMap<TypeId, Arc<Destination>>,
    /// Types of which a large event was seen already, also by those who read.
    pub(crate) large: LargeTypes,
    /// What was said of events already.
    odd: Said,
    /// A handler has published by hand, which is said once.
    by_hand: AtomicBool,
}

/// Memory that is kept from one event to the next; that of a large one is not.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    json: Vec<u8>,
    records: RecordMemory,
}

impl Encoder {
    pub(crate) fn new(environment: Environment, source: impl Into<String>) -> Result<Self, EncodeError> {
        let source = source.into();
        check_source(&source).map_err(EncodeError::Source)?;
        Ok(Self { environment, source, ..Self::detached() })
    }

    /// Whose conventions the records follow.
    pub(crate) fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    pub(super) fn profile(&self) -> Profile {
        self.profile
    }

    /// The mode of all topics that have none of their own.
    pub(crate) fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The mode of one topic, by its full name.
    pub(crate) fn topic_mode(mut self, topic: impl Into<String>, mode: Mode) -> Self {
        self.topic_modes.insert(topic.into(), mode);
        self
    }

    /// An encoder that belongs to no bus.
    pub(crate) fn detached() -> Self {
        Self {
            environment: Environment::new("development"),
            source: "/detached".to_owned(),
            profile: Profile::default(),
            mode: Mode::default(),
            topic_modes: HashMap::new(),
            destinations: DashMap::new(),
            large: LargeTypes::default(),
            odd: Said::up_to(ODD),
            by_hand: AtomicBool::new(false),
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How many partitions the events of a topic ask for, as far as they were seen.
    pub(crate) fn partitions(&self, topic: &str) -> Option<u32> {
        let destinations = self.destinations.iter().filter(|destination| &*destination.topic == topic);
        destinations.filter_map(|destination| destination.partitions).max()
    }

    /// Where events of this type go; the bus asks at start, so that a bad name fails there.
    pub(crate) fn destination<E: Event>(&self) -> Result<Arc<Destination>, EncodeError> {
        let id = TypeId::of::<E>();
        if let Some(destination) = self.destinations.get(&id) {
            return Ok(Arc::clone(&destination));
        }
        let topic = topic_name(E::descriptor(), &self.environment)
            .map_err(|reason| EncodeError::EventTopic { location: E::descriptor().location, reason })?;
        if let Some(warning) = self.profile.type_warning(E::descriptor()) {
            self.odd(&warning);
        }
        let (mode, partitions) = (self.mode_of(&topic), E::descriptor().partitions);
        let destination = Arc::new(Destination::new(topic, mode, partitions));
        self.destinations.insert(id, Arc::clone(&destination));
        Ok(destination)
    }

    /// Says once that readers may not take an event as it is meant.
    pub(crate) fn odd(&self, warning: &str) {
        if self.odd.insert(warning) {
            logs::bus::odd_event(warning);
        }
    }

    /// Whether no handler has published by hand before.
    pub(crate) fn is_first_by_hand(&self) -> bool {
        !self.by_hand.load(Relaxed) && !self.by_hand.swap(true, Relaxed)
    }

    /// Takes it that this was said in another place.
    pub(crate) fn was_said(&self, warning: &str) {
        self.odd.insert(warning);
    }

    pub(super) fn mode_of(&self, topic: &str) -> Mode {
        self.topic_modes.get(topic).copied().unwrap_or(self.mode)
    }

    /// The record of `event`, in memory of its own.
    pub(crate) fn encode<E: Event>(&self, event: &E, attributes: &Attributes) -> Result<OutRecord, EncodeError> {
        self.encode_with(&mut Scratch::default(), &*self.destination::<E>()?, event, attributes)
    }

    /// The record of `event`, which goes where `destination` says. Its key is that of the event, or the id where the
    /// event has none.
    pub(crate) fn encode_with<E: Event>(
        &self,
        scratch: &mut Scratch,
        destination: &Destination,
        event: &E,
        attributes: &Attributes,
    ) -> Result<OutRecord, EncodeError> {
        let event_type = E::descriptor().event_type;
        let headers = attributes.user_headers()?;
        destination.json(event, &mut scratch.json).map_err(|reason| json_error(event_type, reason))?;
        let mut id = Uuid::encode_buffer();
        let id = &*attributes.id.hyphenated().encode_lower(&mut id);
        let outgoing = Outgoing {
            profile: self.profile,
            id,
            event_type,
            source: &self.source,
            time: Some(attributes.time),
            subject: attributes.subject.as_deref(),
            dataschema: attributes.dataschema.as_deref(),
            datacontenttype: Some("application/json"),
            extensions: attributes.extensions(),
            data: Payload::Json(scratch.json.as_slice().into()),
        };
        let key = event.key().filter(|key| !key.is_empty());
        let key = key.as_deref().unwrap_or(id).as_bytes();
        let beside = Beside { key, headers, trace: attributes.trace.as_ref(), baggage: attributes.baggage.as_deref() };
        let mut record = scratch.records.begin();
        write(destination.mode, &outgoing, &beside, &mut record)?;
        let record = record.finish(Arc::clone(&destination.topic), None);
        self.large.published(event_type, record.value().map_or(0, <[u8]>::len));
        if scratch.json.len() > LARGE {
            scratch.json = Vec::new();
        }
        Ok(record)
    }
}

/// Checks an event and writes it in the given mode.
pub(super) fn write(
    mode: Mode,
    event: &Outgoing<'_>,
    beside: &Beside<'_>,
    record: &mut RecordWriter<'_>,
) -> Result<(), EncodeError> {
    let event_type = || event.event_type.to_owned();
    event.check().map_err(|reason| EncodeError::Attribute { event_type: event_type(), reason })?;
    if event.profile == Profile::Momentum {
        momentum::check(event).map_err(|reason| EncodeError::Momentum { event_type: event_type(), reason })?;
    }
    match mode {
        Mode::Binary => event.binary(beside, record),
        Mode::Structured => {
            event.structured(beside, record).map_err(|reason| json_error(event.event_type, reason))?;
        }
    }
    Ok(())
}

pub(super) fn json_error(event_type: &str, reason: serde_json::Error) -> EncodeError {
    EncodeError::Json { event_type: event_type.to_owned(), reason }
}

#[cfg(test)]
mod tests;

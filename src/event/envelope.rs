//! From the user's value to a record on its way to the broker.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use dashmap::DashMap;
use uuid::Uuid;

use super::{
    Environment, Event, Profile,
    cloudevents::write::{Beside, Headers, Outgoing, Payload, check_source},
    cloudevents::{ExtensionValue, Incoming, SharedText, Text},
    encode_error::EncodeError,
    large::{LARGE, LargeTypes},
    momentum,
    topic::topic_name,
    trace::TraceContext,
};
use crate::kafka::record::{Header, HeaderName, OutRecord};

/// Where the attributes of an event travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// In `ce_` headers, the value is the data alone. The default, and the only one that Momentum reads.
    #[default]
    Binary,
    /// In a JSON envelope around the data.
    Structured,
}

/// Attributes of one event; what is left out of [`Attributes::new`] is unset.
#[derive(Debug, Clone)]
pub(crate) struct Attributes {
    /// UUIDv7 for what the bus publishes, [`output_id`](super::output_id::output_id) for what a handler does.
    pub(crate) id: Uuid,
    /// When the fact came into being.
    pub(crate) time: DateTime<Utc>,
    pub(crate) subject: Option<String>,
    pub(crate) dataschema: Option<String>,
    pub(crate) correlationid: Option<String>,
    /// `id` of the event that caused this one.
    pub(crate) causationid: Option<String>,
    /// Further extension attributes. `traceparent` here is the context of creation and wins over `trace`, which is
    /// how an event keeps its origin when it is passed on.
    pub(crate) extensions: BTreeMap<String, ExtensionValue<'static>>,
    /// The current span, as extension and as header.
    pub(crate) trace: Option<TraceContext>,
    pub(crate) baggage: Option<String>,
    /// Headers of the application.
    pub(crate) headers: Vec<(String, Option<Bytes>)>,
}

impl Attributes {
    pub(crate) fn new(id: Uuid, time: DateTime<Utc>) -> Self {
        Self {
            id,
            time,
            subject: None,
            dataschema: None,
            correlationid: None,
            causationid: None,
            extensions: BTreeMap::new(),
            trace: None,
            baggage: None,
            headers: Vec::new(),
        }
    }

    /// Of an event that is never sent.
    pub(crate) fn nil() -> Self {
        Self::new(Uuid::nil(), DateTime::UNIX_EPOCH)
    }

    /// Of an output of the handler of `cause`: linked to it, and in its trace.
    pub(crate) fn caused_by<'a>(
        cause: &Incoming<'_>,
        headers: impl Iterator<Item = Header<'a>> + Clone,
        id: Uuid,
        time: DateTime<Utc>,
    ) -> Self {
        let text = |name: &str| cause.extension(name).map(ToString::to_string);
        let correlationid = text("correlationid").or_else(|| Some(cause.id.to_string()));
        let trace = TraceContext::of_creation(cause, headers);
        Self { correlationid, causationid: Some(cause.id.to_string()), trace, ..Self::new(id, time) }
    }

    fn take_headers(&mut self) -> Result<Headers, EncodeError> {
        std::mem::take(&mut self.headers).into_iter().map(|(name, value)| Ok((user_header(name)?, value))).collect()
    }

    /// All extensions in one map; a field wins over an extension of its name.
    fn extensions(&self) -> BTreeMap<&str, ExtensionValue<'_>> {
        let mut all = BTreeMap::new();
        if let Some(trace) = &self.trace {
            all.insert("traceparent", trace.traceparent().into());
            all.extend(trace.tracestate.as_deref().map(|state| ("tracestate", state.into())));
        }
        if self.extensions.contains_key("traceparent") {
            // The state of one context never stands beside the parent of another.
            all.remove("tracestate");
        }
        all.extend(self.extensions.iter().map(|(name, value)| (name.as_str(), value.clone())));
        all.extend(self.correlationid.as_deref().map(|id| ("correlationid", id.into())));
        all.extend(self.causationid.as_deref().map(|id| ("causationid", id.into())));
        all
    }
}

/// Turns events into records; one per bus.
#[derive(Debug)]
pub(crate) struct Encoder {
    environment: Environment,
    source: SharedText,
    profile: Profile,
    mode: Mode,
    /// Topics whose mode differs from that of the bus, by full name.
    topic_modes: HashMap<String, Mode>,
    /// What was found out about event types, once for each.
    routes: DashMap<TypeId, Arc<Route>>,
    pub(super) large: LargeTypes,
}

/// Where events of a type go, and how.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) topic: Arc<str>,
    pub(crate) mode: Mode,
    /// As its attribute says.
    pub(crate) partitions: Option<u32>,
    /// How many bytes the last event took: the next one will take about as many.
    size: AtomicUsize,
}

impl Route {
    /// The event as JSON.
    fn json<E: Event>(&self, event: &E) -> Result<Bytes, serde_json::Error> {
        let last = self.size.load(Relaxed);
        let mut json = Vec::with_capacity(last + last / 16);
        (E::codec().write)(event, &mut json)?;
        self.size.store(json.len().min(LARGE), Relaxed);
        if json.len() < json.capacity() / 2 {
            // A small event after a large one does not hold the room of both until it is sent.
            json.shrink_to_fit();
        }
        Ok(json.into())
    }
}

impl Encoder {
    pub(crate) fn new(environment: Environment, source: impl Into<String>) -> Result<Self, EncodeError> {
        let source = source.into();
        check_source(&source).map_err(EncodeError::Source)?;
        Ok(Self { environment, source: source.into(), ..Self::detached() })
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
            source: "/detached".to_owned().into(),
            profile: Profile::default(),
            mode: Mode::default(),
            topic_modes: HashMap::new(),
            routes: DashMap::new(),
            large: LargeTypes::default(),
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How many partitions the events of a topic ask for, as far as they were seen.
    pub(crate) fn partitions(&self, topic: &str) -> Option<u32> {
        let routes = self.routes.iter().filter(|route| &*route.topic == topic);
        routes.filter_map(|route| route.partitions).max()
    }

    /// Where events of this type go; the bus asks at start, so that a bad name fails there.
    pub(crate) fn route<E: Event>(&self) -> Result<Arc<Route>, EncodeError> {
        let id = TypeId::of::<E>();
        if let Some(route) = self.routes.get(&id) {
            return Ok(Arc::clone(&route));
        }
        let topic = topic_name(E::descriptor(), &self.environment)?;
        if let Some(warning) = self.profile.type_warning(E::descriptor()) {
            tracing::warn!("{warning}");
        }
        let (mode, partitions) = (self.mode_of(&topic), E::descriptor().partitions);
        let route = Arc::new(Route { mode, partitions, topic: topic.into(), size: AtomicUsize::new(0) });
        self.routes.insert(id, Arc::clone(&route));
        Ok(route)
    }

    pub(super) fn mode_of(&self, topic: &str) -> Mode {
        self.topic_modes.get(topic).copied().unwrap_or(self.mode)
    }

    /// The record of `event`. Its key is that of the event, or the id where the event has none.
    pub(crate) fn encode<E: Event>(&self, event: &E, mut attributes: Attributes) -> Result<OutRecord, EncodeError> {
        let route = self.route::<E>()?;
        let event_type = E::descriptor().event_type;
        let headers = attributes.take_headers()?;
        let json = route.json(event).map_err(|reason| json_error(event_type, reason))?;
        let mut id = Uuid::encode_buffer();
        let id = &*attributes.id.hyphenated().encode_lower(&mut id);
        let outgoing = Outgoing {
            profile: self.profile,
            id: id.into(),
            event_type: Text::constant(event_type),
            source: (&self.source).into(),
            time: Some(attributes.time),
            subject: attributes.subject.as_deref(),
            dataschema: attributes.dataschema.as_deref(),
            datacontenttype: Some(Text::constant("application/json")),
            extensions: attributes.extensions(),
            data: Payload::Json(json),
        };
        let beside = Beside { headers, trace: attributes.trace.as_ref(), baggage: attributes.baggage.as_deref() };
        let (headers, value) = write(route.mode, outgoing, beside)?;
        self.large.check(event_type, value.as_ref().map_or(0, Bytes::len));
        let key = event.key().filter(|key| !key.is_empty()).unwrap_or_else(|| id.to_owned());
        Ok(OutRecord { topic: Arc::clone(&route.topic), partition: None, key: Some(key.into()), value, headers })
    }
}

/// Checks an event and writes it in the given mode.
pub(super) fn write(
    mode: Mode,
    event: Outgoing<'_>,
    beside: Beside<'_>,
) -> Result<(Headers, Option<Bytes>), EncodeError> {
    event.check().map_err(|reason| EncodeError::Attribute { event_type: event.event_type.to_string(), reason })?;
    if event.profile == Profile::Momentum {
        momentum::check(&event)
            .map_err(|reason| EncodeError::Momentum { event_type: event.event_type.to_string(), reason })?;
    }
    match mode {
        Mode::Binary => Ok(event.binary(beside)),
        Mode::Structured => {
            let event_type = event.event_type.clone();
            event.structured(beside).map_err(|reason| json_error(&event_type, reason))
        }
    }
}

pub(super) fn json_error(event_type: &str, reason: serde_json::Error) -> EncodeError {
    EncodeError::Json { event_type: event_type.to_owned(), reason }
}

/// Names that readers would take for something else than a header of the application.
fn user_header(name: String) -> Result<HeaderName, EncodeError> {
    let lower = name.to_ascii_lowercase();
    let reason = if name.is_empty() || name.contains('\0') {
        "a header needs a name without NUL"
    } else if lower.starts_with("ce_") {
        "`ce_` headers are attributes of the event; set an extension instead"
    } else if lower.starts_with("carom-") {
        "`carom-` headers are written by the bus only"
    } else if ["content-type", "traceparent", "tracestate", "baggage"].contains(&lower.as_str()) {
        "the bus writes this header itself"
    } else {
        return Ok(HeaderName::Bytes(name.into()));
    };
    Err(EncodeError::Header { name, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{
        Codec, Descriptor, TopicSource,
        cloudevents::write::tests::read_back,
        decode::decode,
        fixture::{ORDER_PLACED, OrderPlaced},
        json,
    };

    const ID: Uuid = Uuid::from_u128(0x123e4567_e89b_12d3_a456_426614174000);

    fn encoder() -> Encoder {
        Encoder::new(Environment::new("development"), "/sales/shop").unwrap()
    }

    fn attributes() -> Attributes {
        Attributes::new(ID, DateTime::from_timestamp(1_705_314_600, 0).unwrap())
    }

    fn order() -> OrderPlaced {
        OrderPlaced { order_id: "A-1".into(), cents: 5 }
    }

    fn names(record: &OutRecord) -> Vec<&str> {
        record.headers.iter().map(|(name, _)| std::str::from_utf8(name.as_bytes()).unwrap()).collect()
    }

    #[test]
    fn an_event_becomes_the_record_that_momentum_would_read() {
        let record = encoder().encode(&order(), attributes()).unwrap();
        assert_eq!(&*record.topic, "dev.sales.public.orders.v1");
        assert_eq!(record.key.as_deref(), Some(&b"A-1"[..]));
        assert_eq!(record.partition, None);
        assert_eq!(record.value.as_deref(), Some(&br#"{"order_id":"A-1","cents":5}"#[..]));
        assert_eq!(names(&record), ["ce_specversion", "ce_id", "ce_type", "ce_time", "ce_source", "content-type"]);
        assert_eq!(record.headers[1].1.as_deref(), Some(&b"123e4567-e89b-12d3-a456-426614174000"[..]));
        assert_eq!(record.headers[3].1.as_deref(), Some(&b"2024-01-15T10:30:00.000000Z"[..]));
    }

    #[test]
    fn what_was_encoded_decodes_in_both_modes() {
        for mode in [Mode::Binary, Mode::Structured] {
            let record = encoder().mode(mode).encode(&order(), attributes()).unwrap();
            read_back(&record, |incoming| {
                let incoming = incoming.unwrap();
                assert_eq!(incoming.event_type, "sales.order-placed.v1");
                assert_eq!(decode::<OrderPlaced>(&incoming).unwrap(), order(), "{mode:?}");
            });
        }
    }

    #[test]
    fn a_topic_may_have_a_mode_of_its_own() {
        let encoder = encoder().topic_mode("dev.sales.public.orders.v1", Mode::Structured);
        assert_eq!(names(&encoder.encode(&order(), attributes()).unwrap()), ["content-type"]);
        assert_eq!(encoder.route::<OrderPlaced>().unwrap().mode, Mode::Structured);
    }

    #[test]
    fn the_id_is_the_key_of_an_event_that_has_none() {
        let record = encoder().encode(&OrderPlaced { order_id: String::new(), cents: 0 }, attributes()).unwrap();
        assert_eq!(record.key.as_deref(), Some(&b"123e4567-e89b-12d3-a456-426614174000"[..]));
    }

    #[test]
    fn attributes_become_extensions_and_fields_win() {
        let trace = TraceContext::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("v=1".into()));
        let attributes = Attributes {
            subject: Some("A-1".into()),
            causationid: Some("cause".into()),
            extensions: [("causationid", "other"), ("region", "eu")]
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            trace,
            baggage: Some("b=1".into()),
            headers: vec![("x-team".into(), Some("blue".into())), ("x-null".into(), None)],
            ..attributes()
        };
        let record = encoder().encode(&order(), attributes).unwrap();
        let expected = [
            "ce_specversion",
            "ce_id",
            "ce_type",
            "ce_time",
            "ce_source",
            "ce_subject",
            "ce_causationid",
            "ce_region",
            "ce_traceparent",
            "ce_tracestate",
            "x-team",
            "x-null",
            "traceparent",
            "tracestate",
            "baggage",
            "content-type",
        ];
        assert_eq!(names(&record), expected);
        read_back(&record, |incoming| assert_eq!(incoming.unwrap().extension("causationid"), Some(&"cause".into())));
    }

    #[test]
    fn a_creation_of_its_own_takes_no_state_from_the_current_span() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let attributes = Attributes {
            extensions: [("traceparent".to_owned(), parent.into())].into(),
            trace: TraceContext::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("v=1".into())),
            ..attributes()
        };
        let record = encoder().encode(&order(), attributes).unwrap();
        read_back(&record, |incoming| {
            let incoming = incoming.unwrap();
            assert_eq!(incoming.extension("traceparent"), Some(&parent.into()));
            assert_eq!(incoming.extension("tracestate"), None);
        });
    }

    #[test]
    fn headers_that_belong_to_the_bus_are_refused() {
        for name in ["ce_id", "CE_x", "carom-group", "Content-Type", "traceparent", "tracestate", "baggage", "", "a\0b"]
        {
            let attributes = Attributes { headers: vec![(name.into(), None)], ..attributes() };
            let error = encoder().encode(&order(), attributes).unwrap_err();
            assert!(matches!(error, EncodeError::Header { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn a_bad_attribute_names_the_event() {
        let attributes = Attributes { subject: Some(String::new()), ..attributes() };
        let error = encoder().encode(&order(), attributes).unwrap_err().to_string();
        assert_eq!(error, "`sales.order-placed.v1` cannot be published: the attribute `subject` is empty");
        let error = Encoder::new(Environment::default(), "my shop").unwrap_err().to_string();
        assert!(error.starts_with("the bus cannot publish: the attribute `source` is not a URI-reference"), "{error}");
    }

    /// An event whose topic has no legal name, and whose map has no JSON.
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Broken {
        pairs: HashMap<Vec<u8>, u8>,
    }

    const BROKEN: Descriptor = Descriptor { rust_name: "Broken", topic: TopicSource::Verbatim("a b"), ..ORDER_PLACED };

    impl Event for Broken {
        fn descriptor() -> &'static Descriptor {
            &BROKEN
        }

        fn key(&self) -> Option<String> {
            None
        }

        fn codec() -> Codec<Self> {
            json()
        }
    }

    #[test]
    fn a_topic_without_a_legal_name_is_an_error_of_its_type() {
        let event = Broken { pairs: HashMap::new() };
        let error = encoder().encode(&event, attributes()).unwrap_err();
        assert!(error.to_string().starts_with("the topic of `Broken`"), "{error}");
    }

    #[test]
    fn a_value_that_is_no_json_says_so() {
        let encoder = encoder();
        let size = AtomicUsize::new(0);
        let route = Route { topic: "fine".into(), mode: Mode::Binary, partitions: None, size };
        encoder.routes.insert(TypeId::of::<Broken>(), Arc::new(route));
        let error = encoder.encode(&Broken { pairs: [(vec![1], 2)].into() }, attributes()).unwrap_err().to_string();
        assert_eq!(error, "`sales.order-placed.v1` cannot be written as JSON: key must be a string");
    }

    #[test]
    fn a_route_is_resolved_once() {
        let encoder = encoder();
        let (first, second) = (encoder.route::<OrderPlaced>().unwrap(), encoder.route::<OrderPlaced>().unwrap());
        assert!(Arc::ptr_eq(&first.topic, &second.topic));
    }
}

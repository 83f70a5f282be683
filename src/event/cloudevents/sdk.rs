//! The one place that knows the types of the CloudEvents SDK; records in the hot path never pass here.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use cloudevents::{
    AttributesReader, AttributesWriter, EventBuilder, EventBuilderV10,
    event::{EventBuilderError, ExtensionValue as SdkValue, TryIntoUrl},
};

use super::{
    Data, ExtensionValue, Incoming, Text,
    write::{AttributeError, Beside, Outgoing, Payload},
};
use crate::{
    event::{
        encode_error::EncodeError,
        envelope::{Encoder, Mode, json_error, write},
        topic::check_topic,
        trace::TraceContext,
    },
    kafka::record::OutRecord,
};

/// What came in is an event, but not one that the SDK's types can hold.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConvertError {
    #[error("the attribute `dataschema` is not a URL of the CloudEvents SDK: {0}")]
    DataSchema(String),
    #[error("the data cannot be held by the CloudEvents SDK: {0}")]
    Data(#[from] serde_json::Error),
    #[error("the CloudEvents SDK refuses the event: {0}")]
    Builder(#[from] EventBuilderError),
}

impl Incoming<'_> {
    /// The event as the SDK has it.
    ///
    /// Data of binary mode stays bytes, as they were; the SDK's own conversions read JSON from them. The SDK normalises
    /// URLs, so `dataschema` may differ in its spelling.
    pub(crate) fn to_cloudevent(&self) -> Result<cloudevents::Event, ConvertError> {
        let builder =
            EventBuilderV10::new().id(self.id.as_ref()).source(self.source.as_ref()).ty(self.event_type.as_ref());
        let mut event = builder.build()?;
        event.set_subject(self.subject.as_deref());
        event.set_time(self.time);
        event.set_datacontenttype(self.datacontenttype.as_deref());
        if let Some(dataschema) = self.dataschema.as_deref() {
            let url = dataschema.into_url().map_err(|error| ConvertError::DataSchema(error.to_string()))?;
            event.set_dataschema(Some(url));
        }
        for (name, value) in self.extensions.iter() {
            event.set_extension(name, sdk_value(value));
        }
        if let Some(data) = sdk_data(&self.data)? {
            event.set_data_unchecked(data);
        }
        Ok(event)
    }
}

fn sdk_value(value: &ExtensionValue<'_>) -> SdkValue {
    match value {
        ExtensionValue::Text(text) => SdkValue::String(text.clone().into_owned()),
        ExtensionValue::Boolean(boolean) => SdkValue::Boolean(*boolean),
        ExtensionValue::Integer(integer) => SdkValue::Integer(i64::from(*integer)),
    }
}

fn sdk_data(data: &Data<'_>) -> Result<Option<cloudevents::Data>, serde_json::Error> {
    Ok(match data {
        Data::Absent => None,
        Data::Bytes(bytes) => Some(cloudevents::Data::Binary(bytes.to_vec())),
        Data::Json(json) => Some(cloudevents::Data::Json(serde_json::from_str(json.get())?)),
        Data::Text(text) => Some(cloudevents::Data::String(text.clone().into_owned())),
    })
}

/// Where an event of the SDK goes.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) topic: &'a str,
    /// `None` and an empty key make the event's id the key.
    pub(crate) key: Option<Bytes>,
    /// The current span; an event that has a `traceparent` of its own keeps it as its creation.
    pub(crate) trace: Option<&'a TraceContext>,
    /// What to do with an event without data.
    pub(crate) no_data: NoData,
}

/// Whether an event without data may become a null value in binary mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NoData {
    /// It is an error. The default, since a null value deletes the key on a compacted topic.
    #[default]
    Refuse,
    /// It is meant as a tombstone.
    Tombstone,
}

impl Encoder {
    /// The record of an event of the SDK, whose builder checks little: everything is checked here.
    pub(crate) fn encode_cloudevent(
        &self,
        event: &cloudevents::Event,
        target: Target<'_>,
    ) -> Result<OutRecord, EncodeError> {
        check_topic(target.topic)?;
        let mode = self.mode_of(target.topic);
        if event.data().is_none() && mode == Mode::Binary && target.no_data == NoData::Refuse {
            return Err(EncodeError::NoData { event_type: event.ty().to_owned() });
        }
        let outgoing = Outgoing {
            profile: self.profile(),
            id: event.id().into(),
            event_type: event.ty().into(),
            source: event.source().as_str().into(),
            time: event.time().copied(),
            subject: event.subject(),
            dataschema: event.dataschema().map(AsRef::as_ref),
            datacontenttype: event.datacontenttype().or(implied_content_type(event.data())).map(Text::from),
            extensions: extensions(event, target.trace)?,
            data: payload(event)?,
        };
        let (headers, value) = write(mode, outgoing, Beside { trace: target.trace, ..Beside::default() })?;
        self.large.check(event.ty(), value.as_ref().map_or(0, Bytes::len));
        let key = target.key.filter(|key| !key.is_empty()).unwrap_or_else(|| event.id().to_owned().into());
        Ok(OutRecord { topic: target.topic.into(), partition: None, key: Some(key), value, headers })
    }
}

/// What the SDK's variant says where the event does not say it.
fn implied_content_type(data: Option<&cloudevents::Data>) -> Option<&'static str> {
    match data? {
        cloudevents::Data::Json(_) => Some("application/json"),
        cloudevents::Data::String(_) => Some("text/plain"),
        cloudevents::Data::Binary(_) => None,
    }
}

fn extensions<'a>(
    event: &'a cloudevents::Event,
    trace: Option<&'a TraceContext>,
) -> Result<BTreeMap<&'a str, ExtensionValue<'a>>, EncodeError> {
    let mut all = BTreeMap::new();
    for (name, value) in event.iter_extensions() {
        let value = own_value(value).ok_or_else(|| EncodeError::Attribute {
            event_type: event.ty().to_owned(),
            reason: AttributeError::new(name, "is an integer outside 32 bits; write it as a string"),
        })?;
        all.insert(name, value);
    }
    if let Some(trace) = trace.filter(|_| !all.contains_key("traceparent")) {
        all.insert("traceparent", trace.traceparent().into());
        match trace.tracestate.as_deref() {
            Some(state) => all.insert("tracestate", state.into()),
            None => all.remove("tracestate"),
        };
    }
    Ok(all)
}

/// `None` for an integer that CloudEvents does not have.
fn own_value(value: &SdkValue) -> Option<ExtensionValue<'_>> {
    Some(match value {
        SdkValue::String(text) => ExtensionValue::Text(Cow::Borrowed(text)),
        SdkValue::Boolean(boolean) => ExtensionValue::Boolean(*boolean),
        SdkValue::Integer(integer) => ExtensionValue::Integer(i32::try_from(*integer).ok()?),
    })
}

fn payload(event: &cloudevents::Event) -> Result<Payload<'_>, EncodeError> {
    Ok(match event.data() {
        None => Payload::Absent,
        Some(cloudevents::Data::Binary(bytes)) => Payload::Bytes(Cow::Borrowed(bytes)),
        Some(cloudevents::Data::String(text)) => Payload::Text(Cow::Borrowed(text)),
        Some(cloudevents::Data::Json(json)) => {
            Payload::Json(serde_json::to_vec(json).map_err(|reason| json_error(event.ty(), reason))?.into())
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{
        Environment,
        cloudevents::{read, write::tests::read_back},
    };

    const TOPIC: &str = "dev.sales.public.orders.v1";

    fn encoder() -> Encoder {
        Encoder::new(Environment::default(), "/unused").unwrap()
    }

    fn target() -> Target<'static> {
        Target { topic: TOPIC, key: None, trace: None, no_data: NoData::Refuse }
    }

    fn builder() -> EventBuilderV10 {
        EventBuilderV10::new().id("A-1").source("/shop").ty("order.placed")
    }

    fn refused(event: &cloudevents::Event) -> String {
        encoder().encode_cloudevent(event, target()).unwrap_err().to_string()
    }

    #[test]
    fn an_event_of_the_sdk_survives_both_modes() {
        let event = builder()
            .time("2024-01-15T10:30:00.123456Z")
            .subject("s")
            .extension("region", "eu")
            .data_with_schema("application/octet-stream", "http://example.com/schema", vec![0, 1, 255])
            .build()
            .unwrap();
        for mode in [Mode::Binary, Mode::Structured] {
            let record = encoder().mode(mode).encode_cloudevent(&event, target()).unwrap();
            assert_eq!((&*record.topic, record.key.as_deref()), (TOPIC, Some(&b"A-1"[..])));
            read_back(&record, |incoming| assert_eq!(incoming.unwrap().to_cloudevent().unwrap(), event, "{mode:?}"));
        }
    }

    #[test]
    fn typed_extensions_keep_their_types_in_structured_mode_and_become_text_in_binary() {
        let event = builder().extension("n", 5).extension("b", true).data("text/plain", "hi").build().unwrap();
        let record = encoder().mode(Mode::Structured).encode_cloudevent(&event, target()).unwrap();
        read_back(&record, |incoming| assert_eq!(incoming.unwrap().to_cloudevent().unwrap(), event));
        let record = encoder().encode_cloudevent(&event, target()).unwrap();
        read_back(&record, |incoming| {
            let event = incoming.unwrap();
            assert_eq!((event.extension("n"), event.extension("b")), (Some(&"5".into()), Some(&"true".into())));
        });
    }

    #[test]
    fn what_the_builder_lets_pass_is_refused() {
        let with = |name: &str, value: SdkValue| builder().extension(name, value).data("a/b", "x").build().unwrap();
        let empty_id = builder().id("").data("a/b", "x").build().unwrap();
        assert_eq!(refused(&empty_id), "`order.placed` cannot be published: the attribute `id` is empty");
        assert!(refused(&with("Bad_Name", "x".into())).contains("only have lower-case letters and digits"));
        assert!(refused(&with("n", (1_i64 << 31).into())).contains("outside 32 bits"));
        assert!(refused(&with("time", "x".into())).contains("belongs to CloudEvents itself"));
        let bad_topic = Target { topic: "a b", ..target() };
        assert!(matches!(encoder().encode_cloudevent(&with("a", "x".into()), bad_topic), Err(EncodeError::Topic(_))));
    }

    #[test]
    fn an_event_without_data_is_a_tombstone_only_on_request() {
        let event = builder().build().unwrap();
        assert!(refused(&event).starts_with("`order.placed` has no data: its record would be a tombstone"));
        let asked = Target { no_data: NoData::Tombstone, key: Some("k".into()), ..target() };
        let record = encoder().encode_cloudevent(&event, asked).unwrap();
        assert_eq!((record.value.as_deref(), record.key.as_deref()), (None, Some(&b"k"[..])));
        let record = encoder().mode(Mode::Structured).encode_cloudevent(&event, target()).unwrap();
        assert!(record.value.is_some());
    }

    #[test]
    fn json_of_any_spelling_goes_into_a_structured_envelope_as_json() {
        for data in [cloudevents::Data::from("{\"a\":1}"), b"{\"a\":1}".to_vec().into(), json!({"a": 1}).into()] {
            let event = builder().data("Application/JSON; charset=utf-8", data).build().unwrap();
            let record = encoder().mode(Mode::Structured).encode_cloudevent(&event, target()).unwrap();
            read_back(&record, |incoming| {
                assert!(matches!(incoming.unwrap().data, Data::Json(json) if json.get() == "{\"a\":1}"));
            });
        }
        let event = builder().data("application/json", "{broken").build().unwrap();
        assert!(matches!(
            encoder().mode(Mode::Structured).encode_cloudevent(&event, target()),
            Err(EncodeError::Json { .. })
        ));
    }

    #[test]
    fn an_event_that_is_passed_on_keeps_the_context_of_its_creation() {
        let (old, new) = (
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        );
        let trace = TraceContext::new(new, None).unwrap();
        let traced = Target { trace: Some(&trace), ..target() };
        let event = builder().extension("traceparent", old).data("text/plain", "x").build().unwrap();
        let record = encoder().encode_cloudevent(&event, traced).unwrap();
        let headers = record.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_deref()));
        let incoming = read(headers.clone(), record.value.as_deref()).unwrap();
        assert_eq!(TraceContext::of_creation(&incoming, headers.clone()).unwrap().traceparent(), old);
        assert_eq!(TraceContext::of_hop(&incoming, headers).unwrap().traceparent(), new);
    }

    #[test]
    fn structured_json_too_deep_for_the_sdk_is_an_error() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let value = format!(r#"{{"specversion":"1.0","id":"1","type":"t","source":"/s","data":{deep}}}"#);
        let headers = [(&b"content-type"[..], Some(&b"application/cloudevents+json"[..]))];
        let incoming = read(headers.into_iter(), Some(value.as_bytes())).unwrap();
        assert!(matches!(incoming.to_cloudevent(), Err(ConvertError::Data(_))));
    }
}

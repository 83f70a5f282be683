//! The one place that knows the types of the CloudEvents SDK; records in the hot path never pass here.

use std::{borrow::Cow, collections::BTreeMap};

use cloudevents::{
    AttributesReader, AttributesWriter, EventBuilder, EventBuilderV10,
    event::{EventBuilderError, ExtensionValue as SdkValue, TryIntoUrl},
};

use super::{
    Data, ExtensionValue, Incoming,
    beside::Beside,
    write::{AttributeError, Outgoing, Payload},
};
use crate::{
    event::{
        encode_error::EncodeError,
        envelope::{Encoder, Mode, json_error, write},
        topic::check_topic,
        trace::TraceContext,
    },
    kafka::record::{OutRecord, RecordMemory},
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

/// The SDK has 64 bits for an integer; what comes in has 32.
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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) topic: &'a str,
    /// `None` and an empty key make the event's id the key.
    pub(crate) key: Option<&'a [u8]>,
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
            id: event.id(),
            event_type: event.ty(),
            source: event.source().as_str(),
            time: event.time().copied(),
            subject: event.subject(),
            dataschema: event.dataschema().map(AsRef::as_ref),
            datacontenttype: event.datacontenttype().or(implied_content_type(event.data())),
            extensions: extensions(event, target.trace)?,
            data: payload(event)?,
        };
        let key = target.key.filter(|key| !key.is_empty()).unwrap_or(event.id().as_bytes());
        let mut memory = RecordMemory::default();
        let mut record = memory.begin();
        write(mode, &outgoing, &Beside { key, trace: target.trace, ..Beside::default() }, &mut record)?;
        let record = record.finish(target.topic.into(), None);
        self.large.published(event.ty(), record.value().map_or(0, <[u8]>::len));
        Ok(record)
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

/// Those of the event, and the current trace unless it brings one.
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

/// The data, in the form in which the SDK has it.
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
mod tests;

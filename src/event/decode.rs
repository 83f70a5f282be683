//! From the data of an event to the user's type.
//!
//! Each attempt decodes anew, from the bytes that the record keeps: an event need not be `Clone`, and a handler that
//! changed its event and failed gets it whole the next time. What fails here fails each time, so it is dead-lettered
//! without a retry.

use serde::de::{Error, Unexpected};

use super::{
    Codec, Event,
    cloudevents::{Data, Incoming, ReadError, read},
    decode_hint::hint,
    media_type,
};
use crate::kafka::record::Header;

/// Why the data of an event is not a value of the expected type. Decoding it again will not help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    /// The record is no event.
    #[error(transparent)]
    Envelope(#[from] ReadError),
    /// There is nothing to decode.
    #[error("`{event_type}` has no data{}", if *.tombstone { ": the value of the record is null" } else { "" })]
    NoData { event_type: String, tombstone: bool },
    /// The data is in a form that carom does not decode.
    #[error("`{event_type}` carries `{content_type}`, which cannot be decoded; only JSON can")]
    ContentType { event_type: String, content_type: String },
    /// The data is not JSON, or not that of the type.
    #[error("`{event_type}` cannot be read as `{rust_name}`: {reason}{hint}")]
    Json {
        event_type: String,
        rust_name: &'static str,
        #[source]
        reason: serde_json::Error,
        /// What to write, where that can be guessed.
        hint: String,
    },
}

/// Decodes the data of `incoming`, which must be JSON.
///
/// JSON nested deeper than serde_json allows (128 levels) is an error like any other.
pub(crate) fn decode<E: Event>(incoming: &Incoming<'_>) -> Result<E, DecodeError> {
    let event_type = || incoming.event_type.clone().into_owned();
    let content_type = incoming.datacontenttype.as_deref();
    if matches!(incoming.data, Data::Absent) {
        return Err(DecodeError::NoData { event_type: event_type(), tombstone: incoming.tombstone });
    }
    if !media_type::is_json(content_type) {
        let content_type = content_type.unwrap_or_default().to_owned();
        return Err(DecodeError::ContentType { event_type: event_type(), content_type });
    }
    let codec = E::codec();
    let decoded = as_is_meant(&codec, incoming.data.bytes()).and_then(|()| match &incoming.data {
        Data::Json(json) => codec.text(json.get()),
        Data::Bytes(bytes) => (codec.from_slice)(bytes),
        Data::Text(text) => codec.text(text),
        Data::Absent => (codec.from_slice)(b""),
    });
    let rust_name = E::descriptor().rust_name;
    decoded.map_err(|reason| {
        let hint = hint(&reason, incoming.data.bytes());
        DecodeError::Json { event_type: event_type(), rust_name, reason, hint }
    })
}

/// Whether `json` begins an array with something in it.
pub(crate) fn is_array(json: &[u8]) -> bool {
    json.trim_ascii_start().strip_prefix(b"[").is_some_and(|rest| !rest.trim_ascii_start().starts_with(b"]"))
}

/// An array is not taken for the fields of a struct, as serde's derives do: a value would be that of another field as
/// soon as the fields change their places. An empty one has no places; PHP writes an empty map so.
fn as_is_meant<E>(codec: &Codec<E>, json: &[u8]) -> serde_json::Result<()> {
    if is_array(json) && (codec.is_struct)() {
        return Err(Error::invalid_type(Unexpected::Seq, &"an object"));
    }
    Ok(())
}

/// The event in a record, if it is one of type `E`.
pub(crate) fn decode_if<'a, E: Event>(headers: impl Iterator<Item = Header<'a>>, value: Option<&'a [u8]>) -> Option<E> {
    let incoming = read(headers, value).ok()?;
    E::descriptor().is_called(&incoming.event_type).then(|| decode(&incoming).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use serde_json::json;

    use super::*;
    use crate::event::{cloudevents::read, fixture::OrderPlaced};

    fn binary(content_type: Option<&str>, value: Option<&[u8]>) -> Result<OrderPlaced, DecodeError> {
        let event =
            [("ce_specversion", "1.0"), ("ce_id", "1"), ("ce_type", "sales.order-placed.v1"), ("ce_source", "/s")];
        let headers = event.into_iter().chain(content_type.map(|content_type| ("content-type", content_type)));
        decode(&read(headers.map(|(name, value)| (name.as_bytes(), Some(value.as_bytes()))), value).unwrap())
    }

    fn structured(members: &serde_json::Value) -> Result<OrderPlaced, DecodeError> {
        let mut envelope = json!({"specversion": "1.0", "id": "1", "type": "sales.order-placed.v1", "source": "/s"});
        envelope.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let headers = [(&b"content-type"[..], Some(&b"application/cloudevents+json"[..]))];
        decode(&read(headers.into_iter(), Some(envelope.to_string().as_bytes())).unwrap())
    }

    const ORDER: &str = r#"{"order_id":"A-1","cents":5}"#;

    fn order() -> OrderPlaced {
        OrderPlaced { order_id: "A-1".into(), cents: 5 }
    }

    #[test]
    fn json_is_decoded_whatever_its_content_type_looks_like() {
        for content_type in
            [None, Some("application/json"), Some("Text/JSON; charset=utf-8"), Some("application/x+json")]
        {
            assert_eq!(binary(content_type, Some(ORDER.as_bytes())).unwrap(), order(), "{content_type:?}");
        }
    }

    #[test]
    fn structured_data_is_decoded_from_each_of_its_forms() {
        let data = json!({"order_id": "A-1", "cents": 5});
        assert_eq!(structured(&json!({ "data": data })).unwrap(), order());
        let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, ORDER);
        let members = json!({"datacontenttype": "application/json", "data_base64": base64});
        assert_eq!(structured(&members).unwrap(), order());
    }

    #[test]
    fn an_event_without_data_says_so() {
        let error = binary(None, None).unwrap_err().to_string();
        assert_eq!(error, "`sales.order-placed.v1` has no data: the value of the record is null");
        let error = structured(&json!({})).unwrap_err().to_string();
        assert_eq!(error, "`sales.order-placed.v1` has no data");
        assert!(matches!(binary(None, Some(b"")), Err(DecodeError::Json { .. })));
    }

    #[test]
    fn another_content_type_is_named() {
        let error = binary(Some("text/plain"), Some(b"hello")).unwrap_err().to_string();
        assert_eq!(error, "`sales.order-placed.v1` carries `text/plain`, which cannot be decoded; only JSON can");
        let members = json!({"datacontenttype": "text/plain", "data": ORDER});
        assert!(matches!(structured(&members), Err(DecodeError::ContentType { .. })));
    }

    #[test]
    fn data_of_another_shape_says_what_and_where() {
        let error = binary(None, Some(br#"{"order_id":"A-1","cents":"five"}"#)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sales.order-placed.v1` cannot be read as `OrderPlaced`: \
             invalid type: string \"five\", expected u64 at line 1 column 32"
        );
        assert!(error.source().is_some());
    }

    // Fails when an array is taken for the fields in their order, as serde's derives do.
    #[test]
    fn an_array_is_no_object() {
        let expected =
            "`sales.order-placed.v1` cannot be read as `OrderPlaced`: invalid type: sequence, expected an object";
        for array in [r#"["A-1",5]"#, " \n[1]"] {
            assert_eq!(binary(None, Some(array.as_bytes())).unwrap_err().to_string(), expected);
        }
        // serde says of an empty one what it lacks, if it lacks anything.
        let error = binary(None, Some(b" [ ] ")).unwrap_err().to_string();
        assert!(error.contains("invalid length 0"), "{error}");
        let error = structured(&json!({"data": ["A-1", 5]})).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    // Fails when nobody looks for the field under another name.
    #[test]
    fn a_field_in_another_case_is_found() {
        let error = binary(None, Some(br#"{"orderId":"A-1","cents":5}"#)).unwrap_err().to_string();
        assert!(error.contains("missing field `order_id`"), "{error}");
        assert!(error.contains("; the data has `orderId`: write `#[serde(rename_all = \"camelCase\")]`"), "{error}");
        let error = structured(&json!({"data": {"orderId": "A-1", "cents": 5}})).unwrap_err().to_string();
        assert!(error.contains("; the data has `orderId`: "), "{error}");
    }

    #[test]
    fn data_nested_without_end_is_an_error_and_not_a_crash() {
        let deep = format!(r#"{{"order_id":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert!(matches!(binary(None, Some(deep.as_bytes())), Err(DecodeError::Json { .. })));
        let ignored = format!(r#"{{"order_id":"A-1","cents":5,"x":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(binary(None, Some(ignored.as_bytes())).unwrap(), order());
    }
}

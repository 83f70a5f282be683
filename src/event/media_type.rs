//! What a content type says about the bytes beside it. Parameters and letter case never matter.

/// How a record's `content-type` says that it carries an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// The value is a JSON envelope.
    StructuredJson,
    /// The value is an envelope in a format that carom does not read.
    StructuredOther,
    /// The value is several events.
    Batch,
    /// The content type is that of the data.
    None,
}

/// The first decision about a record: it comes before any `ce_` header, because some producers write both.
pub(crate) fn envelope_of(content_type: &[u8]) -> Envelope {
    let essence = essence(content_type);
    if starts_with(essence, b"application/cloudevents-batch") {
        Envelope::Batch
    } else if essence.eq_ignore_ascii_case(b"application/cloudevents+json") {
        Envelope::StructuredJson
    } else if starts_with(essence, b"application/cloudevents") {
        Envelope::StructuredOther
    } else {
        Envelope::None
    }
}

/// Whether data of this type is JSON: `*/json` and `*/*+json`; data without a type is too.
pub(crate) fn is_json(content_type: Option<&str>) -> bool {
    let Some(content_type) = content_type else { return true };
    let essence = essence(content_type.as_bytes());
    let Some(slash) = essence.iter().position(|byte| *byte == b'/') else { return false };
    let subtype = &essence[slash + 1..];
    subtype.eq_ignore_ascii_case(b"json") || ends_with(subtype, b"+json")
}

/// The type without its parameters.
fn essence(content_type: &[u8]) -> &[u8] {
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    content_type[..end].trim_ascii()
}

fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn ends_with(text: &[u8], suffix: &[u8]) -> bool {
    text.len().checked_sub(suffix.len()).is_some_and(|at| text[at..].eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_recognised_by_its_subtype() {
        for json in ["application/json", "Application/JSON; Charset=UTF-8", "text/json", "application/vnd.x+json ; a=b"]
        {
            assert!(is_json(Some(json)), "{json}");
        }
        for other in ["text/plain", "json", "+json", "application/jsonl", "application/x-json", "", "a; b/json"] {
            assert!(!is_json(Some(other)), "{other}");
        }
        assert!(is_json(None));
    }

    #[test]
    fn an_envelope_is_recognised_by_its_prefix() {
        for (content_type, expected) in [
            ("application/cloudevents+json", Envelope::StructuredJson),
            (" APPLICATION/CloudEvents+JSON;charset=utf-8", Envelope::StructuredJson),
            ("application/cloudevents+avro", Envelope::StructuredOther),
            ("application/cloudevents", Envelope::StructuredOther),
            ("application/cloudevents-batch+json", Envelope::Batch),
            ("application/json", Envelope::None),
            ("", Envelope::None),
        ] {
            assert_eq!(envelope_of(content_type.as_bytes()), expected, "{content_type}");
        }
    }
}

//! What librdkafka's error codes mean for a record, in the words of the user. Pure.

use rdkafka::error::RDKafkaErrorCode::{self as Code, *};

use super::super::{
    raw::produce::Persisted,
    source::{SendError, SendErrorKind},
};

/// The error of a record that `code` ended.
pub(super) fn of(topic: &str, code: Code, persisted: Persisted) -> SendError {
    let kind = kind(code, persisted);
    SendError { topic: topic.to_owned(), kind, reason: reason(topic, code, kind), code: Some(screaming(code)) }
}

/// The record never left: another one of the same call is too large.
pub(super) fn held_back(topic: &str) -> SendError {
    let reason = "not sent, because another record of the same call is too large".to_owned();
    SendError { topic: topic.to_owned(), kind: SendErrorKind::Retriable, reason, code: None }
}

/// The record is larger than this client's limit.
pub(super) fn too_large(topic: &str, bytes: usize, limit: usize) -> SendError {
    let reason = format!(
        "the record takes {bytes} bytes and at most {limit} are allowed: publish a reference to large data, or raise \
         `message.max.bytes` here and `max.message.bytes` of the topic"
    );
    let code = Some(screaming(MessageSizeTooLarge));
    SendError { topic: topic.to_owned(), kind: SendErrorKind::TooLarge, reason, code }
}

/// The client went away with the record.
pub(super) fn abandoned(topic: &str) -> SendError {
    of(topic, PurgeInflight, Persisted::Possibly)
}

/// A code as telemetry writes it: `TopicAuthorizationFailed` is `TOPIC_AUTHORIZATION_FAILED`.
fn screaming(code: Code) -> String {
    let name = format!("{code:?}");
    let mut screaming = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            screaming.push('_');
        }
        screaming.push(letter.to_ascii_uppercase());
    }
    screaming
}

fn is_unknown_topic(code: Code) -> bool {
    matches!(code, UnknownTopicOrPartition | UnknownTopic | UnknownPartition)
}

fn kind(code: Code, persisted: Persisted) -> SendErrorKind {
    match code {
        MessageSizeTooLarge => SendErrorKind::TooLarge,
        code if is_unknown_topic(code) || is_refusal(code) => SendErrorKind::Permanent,
        _ if persisted == Persisted::No => SendErrorKind::Retriable,
        _ => SendErrorKind::InDoubt,
    }
}

/// The broker, or the client for it, says no and will say so again.
fn is_refusal(code: Code) -> bool {
    matches!(
        code,
        TopicAuthorizationFailed
            | ClusterAuthorizationFailed
            | TransactionalIdAuthorizationFailed
            | InvalidTopic
            | InvalidRecord
            | InvalidTimestamp
            | InvalidRequiredAcks
            | InvalidMessageSize
            | InvalidArgument
            | PolicyViolation
            | UnsupportedForMessageFormat
            | UnsupportedCompressionType
    )
}

fn reason(topic: &str, code: Code, kind: SendErrorKind) -> String {
    match code {
        UnknownTopicOrPartition | UnknownTopic => {
            format!("topic `{topic}` does not exist: create it, or correct the name")
        }
        UnknownPartition => {
            format!("topic `{topic}` does not have this partition: leave the choice to the partitioner")
        }
        TopicAuthorizationFailed => {
            format!("this client has no right to write to topic `{topic}`: ask for the `Write` operation on it")
        }
        ClusterAuthorizationFailed => {
            "this client has no right to be an idempotent producer: ask for `IdempotentWrite` on the cluster".to_owned()
        }
        InvalidTopic => format!("`{topic}` cannot be the name of a topic: use letters, digits, `.`, `_` and `-`"),
        MessageSizeTooLarge => format!(
            "the broker finds the record too large, or the batch it travelled in: raise `max.message.bytes` of topic \
             `{topic}`, or lower `batch.size` here"
        ),
        MessageTimedOut if kind == SendErrorKind::Retriable => {
            "no broker took it in time, it was not written".to_owned()
        }
        MessageTimedOut => "no broker answered in time, it may have been written".to_owned(),
        PurgeQueue => "the producer was closed before it was sent".to_owned(),
        PurgeInflight => "the producer was closed before the broker answered, it may have been written".to_owned(),
        code => code.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_brokers_write_them() {
        assert_eq!(screaming(UnknownTopicOrPartition), "UNKNOWN_TOPIC_OR_PARTITION");
    }

    #[test]
    fn each_code_has_a_kind_and_a_sentence() {
        let cases = [
            (MessageTimedOut, Persisted::No, SendErrorKind::Retriable, "not written"),
            (MessageTimedOut, Persisted::Possibly, SendErrorKind::InDoubt, "may have been written"),
            (BrokerTransportFailure, Persisted::No, SendErrorKind::Retriable, ""),
            (OutOfOrderSequenceNumber, Persisted::Possibly, SendErrorKind::InDoubt, ""),
            (MessageSizeTooLarge, Persisted::No, SendErrorKind::TooLarge, "max.message.bytes"),
            (UnknownTopic, Persisted::No, SendErrorKind::Permanent, "topic `t` does not exist"),
            (UnknownTopicOrPartition, Persisted::No, SendErrorKind::Permanent, "topic `t` does not exist"),
            (UnknownPartition, Persisted::No, SendErrorKind::Permanent, "does not have this partition"),
            (TopicAuthorizationFailed, Persisted::No, SendErrorKind::Permanent, "no right to write to topic `t`"),
            (InvalidTopic, Persisted::No, SendErrorKind::Permanent, "cannot be the name of a topic"),
            (InvalidRecord, Persisted::No, SendErrorKind::Permanent, ""),
        ];
        for (code, persisted, kind, words) in cases {
            let error = of("t", code, persisted);
            assert_eq!(error.kind, kind, "{code:?}");
            assert!(error.to_string().starts_with("cannot publish to `t`: "), "{error}");
            assert!(error.reason.contains(words), "{error}");
        }
    }
}

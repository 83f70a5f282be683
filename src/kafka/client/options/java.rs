//! Options of Kafka's Java client that librdkafka does not have, for those who come from there.

/// Its name, and what to write instead. From the configuration reference of Apache Kafka 4.1 and librdkafka's
/// CONFIGURATION.md.
const JAVA: &[(&str, &str)] = &[
    ("max.poll.records", "records are taken as they are handled, and polling goes on meanwhile; leave it out"),
    ("fetch.max.wait.ms", "write `fetch.wait.max.ms`"),
    ("max.request.size", "write `message.max.bytes`"),
    ("buffer.memory", "write `queue.buffering.max.kbytes`"),
    ("max.block.ms", "publishing waits for room as long as `delivery.timeout.ms` says; set that, or leave it out"),
    ("default.api.timeout.ms", "leave it out"),
    ("key.serializer", "an event writes its own key and value; leave it out"),
    ("value.serializer", "an event writes its own key and value; leave it out"),
    ("key.deserializer", "a handler says which event it takes; leave it out"),
    ("value.deserializer", "a handler says which event it takes; leave it out"),
    ("interceptor.classes", "leave it out"),
    ("ssl.keystore.type", "`ssl.keystore.location` takes PKCS#12; leave it out"),
];

/// What to write instead of an option that only the Java client has.
pub(crate) fn advice(key: &str) -> Option<String> {
    let (_, instead) = JAVA.iter().find(|(option, _)| *option == key)?;
    Some(format!("it is one of Kafka's Java client; {instead}"))
}

#[cfg(test)]
mod tests {
    use super::{super::is_known, *};

    // Fails when librdkafka has got an option, or what is to be written instead is none.
    #[test]
    fn what_is_only_javas_is_told_with_what_librdkafka_knows() {
        for (option, instead) in JAVA {
            assert!(!is_known(option), "{option}");
            let named = instead.split('`').skip(1).step_by(2);
            assert!(named.clone().all(is_known), "{option}: {instead}");
        }
        assert_eq!(advice("fetch.max.wait.ms").unwrap(), "it is one of Kafka's Java client; write `fetch.wait.max.ms`");
        assert_eq!(advice("fetch.min.byte"), None);
    }
}

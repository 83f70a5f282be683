//! Options of librdkafka that users hand through: which are refused, which are aliases, which are secret.

use std::collections::BTreeMap;

use rdkafka::{ClientConfig, error::KafkaError, types::RDKafkaConfRes, util::get_rdkafka_version};

/// Options by name, the last value of each.
pub(super) type Options = BTreeMap<String, String>;

/// Options the runtime owns, and the sentence a user gets who sets one.
const OWNED: &[(&str, &str)] = &[
    ("bootstrap.servers", "it is the argument of `Kafka::new(..)`"),
    ("enable.auto.commit", "carom commits an offset when every handler of its record has finished; remove it"),
    ("enable.auto.offset.store", "carom commits an offset when every handler of its record has finished; remove it"),
    ("auto.commit.enable", "carom commits an offset when every handler of its record has finished; remove it"),
    ("enable.partition.eof", "an end-of-partition entry would move the position past unread records; remove it"),
    (
        "allow.auto.create.topics",
        "a typo would create a topic; write `.topics(Topics::Create)`, which creates those of the routes",
    ),
    ("group.id", "it follows from the service; write `.service(\"..\")` on the bus"),
    ("group.protocol", "write `.group_protocol(GroupProtocol::Consumer)`"),
    ("partitioner", "keys must land where other writers put them; write `.partitioner(Partitioner::Java)`"),
    ("transactional.id", "carom publishes outside of transactions; remove it"),
    ("delivery.report.only.error", "an input completes when the broker acknowledged its outputs; remove it"),
    ("test.mock.num.brokers", "write `Kafka::embedded()`"),
];

/// Options with one value that keeps the promises: name, accepted spellings, sentence.
const FIXED: &[(&str, &[&str], &str)] = &[
    ("enable.idempotence", &["true", "t", "1"], "without it a resend can duplicate and reorder records; remove it"),
    ("acks", &["all", "-1"], "a record counts as published when all in-sync replicas have it; remove it"),
];

/// Second names that librdkafka accepts for options carom gives a value to, or refuses.
const ALIASES: &[(&str, &str)] = &[
    ("metadata.broker.list", "bootstrap.servers"),
    ("request.required.acks", "acks"),
    ("message.timeout.ms", "delivery.timeout.ms"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("compression.codec", "compression.type"),
];

/// The first name of an option that has two, so that two spellings cannot both reach librdkafka.
pub(super) fn canonical(key: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == key).map_or(key, |(_, name)| name)
}

/// What is wrong with one option that a user set; asks librdkafka, not a broker.
pub(super) fn problem(key: &str, value: &str) -> Option<String> {
    if let Some((_, why)) = OWNED.iter().find(|(owned, _)| *owned == key) {
        return Some(format!("`{key}` is not yours to set: {why}"));
    }
    if let Some((_, accepted, why)) = FIXED.iter().find(|(fixed, ..)| *fixed == key)
        && !accepted.contains(&value.to_ascii_lowercase().as_str())
    {
        return Some(format!("`{key}` cannot be `{value}`: {why}"));
    }
    let error = ClientConfig::new().set(key, value).create_native_config().err()?;
    Some(match error {
        KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..) => {
            let (_, version) = get_rdkafka_version();
            format!(
                "`{key}` is not an option of librdkafka {version}: check its spelling in librdkafka's CONFIGURATION.md"
            )
        }
        // librdkafka's own sentence quotes the value.
        KafkaError::ClientConfig(..) if is_secret(key) => format!("librdkafka refuses the value of `{key}`"),
        KafkaError::ClientConfig(_, reason, ..) => {
            format!("librdkafka refuses `{key} = {}`: {reason}", shown(key, value))
        }
        other => format!("`{key}` cannot be handed to librdkafka: {other}"),
    })
}

/// Whether the value of an option must not be shown.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "secret", "pem", "passphrase", "jaas", "config"].iter().any(|end| key.ends_with(end))
}

/// A value as it may be shown: secrets are hidden, and what stands before the `@` of a URL.
pub(super) fn shown(key: &str, value: &str) -> String {
    if is_secret(key) { "***".to_owned() } else { without_user_info(value) }
}

/// The options a client really gets, sorted, without secrets; for the log at start.
pub(crate) fn effective(config: &ClientConfig) -> Vec<(String, String)> {
    let mut effective: Vec<_> =
        config.config_map().iter().map(|(key, value)| ((*key).to_owned(), shown(key, value))).collect();
    effective.sort();
    effective
}

/// `text` without the secret values of `options`, for messages that others wrote.
pub(super) fn without_secrets<'a>(text: &str, options: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    options
        .filter(|(key, value)| is_secret(key) && !value.is_empty())
        .fold(without_user_info(text), |text, (_, value)| text.replace(value, "***"))
}

/// Hides `user:password` of every `scheme://user:password@host` in a text.
fn without_user_info(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        let authority = tail.find(|c: char| c.is_whitespace() || ",/?#'\"".contains(c)).unwrap_or(tail.len());
        shown.push_str(head);
        rest = match tail[..authority].rfind('@') {
            Some(end) => {
                shown.push_str("***");
                &tail[end..]
            }
            None => tail,
        };
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_that_carom_owns_is_refused_with_what_to_do() {
        for (key, _) in OWNED {
            let sentence = problem(key, "true").unwrap();
            assert!(sentence.starts_with(&format!("`{key}`")), "{sentence}");
            assert!(
                sentence.contains("remove it") || sentence.contains("Kafka::") || sentence.contains("write `."),
                "{sentence}"
            );
        }
    }

    #[test]
    fn idempotence_may_be_confirmed_but_not_turned_off() {
        assert_eq!(problem("enable.idempotence", "TRUE"), None);
        assert!(problem("enable.idempotence", "false").is_some());
        assert_eq!(problem("acks", "all"), None);
        assert!(problem("acks", "1").is_some());
    }

    #[test]
    fn an_unknown_option_is_named() {
        let sentence = problem("fetch.min.byte", "1").unwrap();
        assert!(sentence.contains("`fetch.min.byte` is not an option of librdkafka"), "{sentence}");
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let sentence = problem("linger.ms", "soon").unwrap();
        assert!(sentence.contains("`linger.ms = soon`"), "{sentence}");
        assert!(problem("client.id", "a\0b").is_some());
    }

    #[test]
    fn a_refused_secret_is_not_quoted() {
        let sentence = problem("ssl.key.pem", "a\0hunter2").unwrap();
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }

    #[test]
    fn aliases_become_one_name() {
        assert_eq!(canonical("queue.buffering.max.ms"), "linger.ms");
        assert_eq!(canonical("linger.ms"), "linger.ms");
    }

    #[test]
    fn secrets_are_hidden_by_the_end_of_their_key() {
        for key in [
            "sasl.password",
            "sasl.oauthbearer.client.secret",
            "ssl.key.pem",
            "SASL.JAAS.CONFIG",
            "sasl.oauthbearer.config",
        ] {
            assert_eq!(shown(key, "hunter2"), "***", "{key}");
        }
        assert_eq!(shown("sasl.username", "billing"), "billing");
    }

    #[test]
    fn user_info_in_urls_is_hidden() {
        let url = "sasl.oauthbearer.token.endpoint.url";
        assert_eq!(shown(url, "https://me:hunter2@id.example/token"), "https://***@id.example/token");
        assert_eq!(shown(url, "https://id.example/a@b"), "https://id.example/a@b");
        assert_eq!(shown(url, "x://a:p@ss@h,y://b:c@i"), "x://***@h,y://***@i");
    }

    #[test]
    fn a_foreign_message_loses_the_secrets_it_quotes() {
        let options = [("sasl.password", "hunter2"), ("client.id", "me"), ("ssl.key.pem", "")];
        assert_eq!(without_secrets("me failed with hunter2", options.into_iter()), "me failed with ***");
    }
}

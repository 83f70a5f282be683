//! Options of librdkafka that users hand through: which are refused, which are aliases, what is wrong with a value.

use std::sync::OnceLock;

use rdkafka::{ClientConfig, error::KafkaError, types::RDKafkaConfRes, util::get_rdkafka_version};

use super::secrets::Value;
use crate::{kafka::raw, nearest::nearest};

/// Options the runtime owns, and the sentence a user gets who sets one.
const OWNED: &[(&str, &str)] = &[
    ("bootstrap.servers", "it is the argument of `Kafka::new(..)`, or the setting `kafka.bootstrap_servers`"),
    ("enable.auto.commit", "carom commits an offset when every handler of its record has finished; remove it"),
    ("enable.auto.offset.store", "carom commits an offset when every handler of its record has finished; remove it"),
    ("auto.commit.enable", "carom commits an offset when every handler of its record has finished; remove it"),
    ("enable.partition.eof", "an end-of-partition entry would move the position past unread records; remove it"),
    (
        "allow.auto.create.topics",
        "a typo would create a topic; write `.topics(Topics::Create)`, or the setting `kafka.topics = create`, which \
         creates those of the routes",
    ),
    (
        "group.id",
        "it follows from the service; write `.service(\"..\")` on the bus, or `.group(\"..\")`, or the settings \
         `service` and `group`",
    ),
    (
        "group.protocol",
        "write `.group_protocol(GroupProtocol::Consumer)`, or the setting `kafka.group_protocol = consumer`",
    ),
    (
        "partitioner",
        "keys must land where other writers put them; write `.partitioner(Partitioner::Java)`, or the setting \
         `kafka.partitioner = java`",
    ),
    ("transactional.id", "carom publishes outside of transactions; remove it"),
    ("delivery.report.only.error", "an input completes when the broker acknowledged its outputs; remove it"),
    ("test.mock.num.brokers", "write `Kafka::embedded()`, or the setting `kafka.bootstrap_servers = embedded`"),
];

/// Options with one value that keeps the promises: name, accepted spellings, sentence.
const FIXED: &[(&str, &[&str], &str)] = &[
    ("enable.idempotence", &["true", "t", "1"], "without it a resend can duplicate and reorder records; remove it"),
    ("acks", &["all", "-1"], "a record counts as published when all in-sync replicas have it; remove it"),
];

/// Options with a value that takes a promise away: name, value, sentence.
const NEVER: &[(&str, &str, &str)] = &[(
    "statistics.interval.ms",
    "0",
    "from the statistics the bus learns that a client has forgotten its brokers, and helps it; remove it, or write the \
     milliseconds between two of them",
)];

/// The options that are refused, or have one value.
#[cfg(test)]
pub(super) fn refused() -> impl Iterator<Item = &'static str> {
    OWNED.iter().map(|(option, _)| *option).chain(FIXED.iter().map(|(option, ..)| *option))
}

/// Second names that librdkafka accepts for options carom gives a value to, or refuses.
const ALIASES: &[(&str, &str)] = &[
    ("metadata.broker.list", "bootstrap.servers"),
    ("request.required.acks", "acks"),
    ("message.timeout.ms", "delivery.timeout.ms"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("compression.codec", "compression.type"),
];

/// The first name of an option that has two, so that two spellings cannot both reach librdkafka.
pub(crate) fn canonical(key: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == key).map_or(key, |(_, name)| name)
}

/// What is wrong with one option that a user set; asks librdkafka, not a broker.
pub(crate) fn problem(key: &str, value: &Value) -> Option<String> {
    if let Some((_, why)) = OWNED.iter().find(|(owned, _)| *owned == key) {
        return Some(format!("`{key}` is not yours to set: {why}"));
    }
    if let Some((_, accepted, why)) = FIXED.iter().find(|(fixed, ..)| *fixed == key)
        && !accepted.contains(&value.text.to_ascii_lowercase().as_str())
    {
        return Some(format!("`{key}` cannot be `{}`: {why}", value.shown(key)));
    }
    if let Some((.., why)) = NEVER.iter().find(|(option, never, _)| *option == key && *never == value.text.trim()) {
        return Some(format!("`{key}` cannot be `{}`: {why}", value.shown(key)));
    }
    let error = ClientConfig::new().set(key, &value.text).create_native_config().err()?;
    Some(match error {
        KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..) => unknown(key),
        KafkaError::ClientConfig(_, reason, ..) if missing_feature(&reason).is_some() => {
            let feature = missing_feature(&reason).unwrap_or_default();
            format!("`{key} = {}` needs {feature}", value.shown(key))
        }
        // librdkafka's own sentence quotes the value.
        KafkaError::ClientConfig(..) if value.is_secret(key) => format!("librdkafka refuses the value of `{key}`"),
        KafkaError::ClientConfig(_, reason, ..) => {
            format!("librdkafka refuses `{key} = {}`: {}", value.shown(key), named(key, &reason))
        }
        other => format!("`{key}` cannot be handed to librdkafka: {other}"),
    })
}

/// A reason of librdkafka with the option's name as the user wrote it: it quotes that of which this may be an alias.
fn named(key: &str, reason: &str) -> String {
    const QUOTE: &str = "property \"";
    let quoted = reason.split_once(QUOTE).and_then(|(before, rest)| Some((before, rest.split_once('"')?.1)));
    quoted.map_or_else(|| reason.to_owned(), |(before, after)| format!("{before}{QUOTE}{key}\"{after}"))
}

fn unknown(key: &str) -> String {
    let (_, version) = get_rdkafka_version();
    let advice = nearest(key, names()).map_or_else(
        || "check its spelling in librdkafka's CONFIGURATION.md".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    format!("`{key}` is not an option of librdkafka {version}: {advice}")
}

/// Whether librdkafka has an option of this name, in this build or another.
pub(crate) fn is_known(key: &str) -> bool {
    !matches!(
        ClientConfig::new().set(key, "").create_native_config(),
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..))
    )
}

/// Options that librdkafka leaves without a value, so that its dump does not have them.
const UNSET: &[&str] = &[
    "sasl.username",
    "sasl.password",
    "sasl.oauthbearer.config",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.token.endpoint.url",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.key.location",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "client.rack",
    "group.instance.id",
    "debug",
];

/// The names of options, for advice on names that are none.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    static DUMPED: OnceLock<Vec<String>> = OnceLock::new();
    let dumped = DUMPED.get_or_init(raw::option_names).iter().map(String::as_str);
    let names = dumped.chain(ALIASES.iter().map(|(_, name)| *name)).chain(UNSET.iter().copied());
    // The others with a `_`, such as callbacks, are not set as text.
    names.filter(|name| !name.contains('_') || WITH_UNDERSCORE.contains(name))
}

/// The only options with a `_` in their names.
pub(crate) const WITH_UNDERSCORE: &[&str] = &["log_level", "enabled_events"];

/// The cargo feature that would have made librdkafka accept what it refuses in these words.
pub(super) fn missing_feature(reason: &str) -> Option<String> {
    let unbuilt = reason.contains("not available at build time") || reason.contains("No provider for SASL mechanism");
    let has = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let feature = match () {
        () if !unbuilt => return None,
        () if has(&["mechanism GSSAPI"]) => {
            return Some(
                "the cargo feature `sasl` of carom, because `sasl.mechanism` is GSSAPI unless you set another, such as PLAIN"
                    .to_owned(),
            );
        }
        () if has(&["libsasl2 not"]) => "sasl",
        () if has(&["libcurl"]) => return Some("the feature `curl` of the crate rdkafka".to_owned()),
        () if has(&["OpenSSL", "mechanism SCRAM", "mechanism OAUTHBEARER"]) => "ssl",
        () if has(&["zstd"]) => "zstd",
        () => return None,
    };
    Some(format!("the cargo feature `{feature}` of carom"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(key: &str, value: &str) -> Option<String> {
        super::problem(key, &Value::plain(value))
    }

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

    // Fails when librdkafka's reason is told as it is: it names the option that `linger.ms` is an alias of.
    #[test]
    fn an_option_is_named_as_it_was_written_and_not_otherwise() {
        let aliases = [
            ("linger.ms", "soon", "queue.buffering"),
            ("compression.type", "best", "compression.codec"),
            ("delivery.timeout.ms", "-7", "message.timeout"),
            ("retries", "-1", "message.send"),
            ("max.in.flight", "0", "per.connection"),
        ];
        for (key, value, other) in aliases {
            let sentence = problem(key, value).unwrap();
            assert!(sentence.contains(&format!("property \"{key}\"")) && !sentence.contains(other), "{sentence}");
        }
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
    fn a_value_from_a_file_is_not_quoted() {
        for key in ["linger.ms", "enable.idempotence", "client.id"] {
            let value = Value { text: "hunter2\0".to_owned(), hidden: true };
            let sentence = super::problem(key, &value).unwrap();
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
    }

    #[test]
    fn the_option_that_was_meant_is_named() {
        for (typo, meant) in
            [("fetch.min.byte", "fetch.min.bytes"), ("sasl.passwort", "sasl.password"), ("akcs", "acks")]
        {
            let sentence = problem(typo, "1").unwrap();
            assert!(sentence.ends_with(&format!("did you mean `{meant}`?")), "{sentence}");
        }
        let sentence = problem("colour.of.the.bus", "red").unwrap();
        assert!(sentence.contains("CONFIGURATION.md"), "{sentence}");
    }

    #[test]
    fn every_option_that_is_suggested_exists() {
        let unknown: Vec<_> = names().filter(|name| !is_known(name)).collect();
        assert_eq!(unknown, Vec::<&str>::new());
        assert!(names().count() > 100);
    }

    #[cfg(not(feature = "ssl"))]
    #[test]
    fn an_option_of_a_feature_that_is_off_names_the_feature() {
        for (key, value) in
            [("security.protocol", "ssl"), ("ssl.ca.location", "/etc/ca.pem"), ("ssl.key.password", "x")]
        {
            let sentence = problem(key, value).unwrap();
            assert!(sentence.ends_with("needs the cargo feature `ssl` of carom"), "{sentence}");
        }
    }

    #[cfg(not(feature = "zstd"))]
    #[test]
    fn zstd_names_its_feature() {
        let sentence = problem("compression.type", "zstd").unwrap();
        assert_eq!(sentence, "`compression.type = zstd` needs the cargo feature `zstd` of carom");
    }

    #[cfg(feature = "ssl")]
    #[test]
    fn the_feature_ssl_lets_its_options_through() {
        assert_eq!(problem("security.protocol", "ssl"), None);
        assert_eq!(problem("ssl.ca.location", "/etc/ca.pem"), None);
    }

    #[cfg(feature = "zstd")]
    #[test]
    fn the_feature_zstd_lets_zstd_through() {
        assert_eq!(problem("compression.type", "zstd"), None);
    }
}

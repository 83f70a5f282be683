//! Options of librdkafka that users hand through: which are refused, which are aliases, what is wrong with a value.

pub(crate) mod java;

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
    (
        "log_level",
        "what a client says goes to `tracing`, with the target `librdkafka`; remove it, and write the level in your \
         filter, such as `librdkafka=warn`",
    ),
    ("log.queue", "what a client says goes to `tracing`, with the target `librdkafka`; remove it"),
    ("enabled_events", "carom reads the events of its clients itself; remove it"),
    ("test.mock.num.brokers", "write `Kafka::embedded()`, or the setting `kafka.bootstrap_servers = embedded`"),
];

/// Options with one value that keeps the promises: name, accepted spellings, sentence.
const FIXED: &[(&str, &[&str], &str)] = &[
    ("enable.idempotence", &["true", "t", "1"], "without it a resend can duplicate and reorder records; remove it"),
    ("acks", &["all", "-1"], "a record counts as published when all in-sync replicas have it; remove it"),
];

/// Options of which 0 takes a promise away: name, sentence.
const NOT_ZERO: &[(&str, &str)] = &[(
    "statistics.interval.ms",
    "from the statistics the bus learns that a client has forgotten its brokers, and helps it; remove it, or write the \
     milliseconds between two of them",
)];

/// The options that are refused, or have one value.
#[cfg(test)]
pub(super) fn refused() -> impl Iterator<Item = &'static str> {
    OWNED.iter().map(|(option, _)| *option).chain(FIXED.iter().map(|(option, ..)| *option))
}

/// All options to which librdkafka 2.12 gives two names (`_RK_C_ALIAS` in its `rdkafka_conf.c`), the other one first:
/// that by which Kafka's documentation knows it, or which carom uses, is the second. (`enable.auto.commit` is refused by
/// each of its names.)
const ALIASES: &[(&str, &str)] = &[
    ("metadata.broker.list", "bootstrap.servers"),
    ("request.required.acks", "acks"),
    ("message.timeout.ms", "delivery.timeout.ms"),
    ("queue.buffering.max.ms", "linger.ms"),
    ("compression.codec", "compression.type"),
    ("max.in.flight", "max.in.flight.requests.per.connection"),
    ("message.send.max.retries", "retries"),
    ("fetch.message.max.bytes", "max.partition.fetch.bytes"),
    ("sasl.mechanisms", "sasl.mechanism"),
    ("sasl.oauthbearer.client.credentials.client.id", "sasl.oauthbearer.client.id"),
    ("sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.client.secret"),
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
    if let Some(why) = broken_promise(key, &value.text) {
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

/// Why this value cannot be, for an option on which a promise rests.
fn broken_promise(key: &str, text: &str) -> Option<&'static str> {
    if let Some((_, accepted, why)) = FIXED.iter().find(|(fixed, ..)| *fixed == key) {
        return (!accepted.contains(&text.to_ascii_lowercase().as_str())).then_some(why);
    }
    NOT_ZERO.iter().find(|(option, _)| *option == key && is_zero(text)).map(|(_, why)| *why)
}

/// Whether librdkafka, which reads numbers as C does, finds 0.
fn is_zero(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['+', '-']);
    let digits = digits.strip_prefix("0x").or(digits.strip_prefix("0X")).unwrap_or(digits);
    !digits.is_empty() && digits.bytes().all(|digit| digit == b'0')
}

/// A reason of librdkafka with the option's name as carom knows it: it quotes that of which this may be an alias.
fn named(key: &str, reason: &str) -> String {
    const QUOTE: &str = "property \"";
    let quoted = reason.split_once(QUOTE).and_then(|(before, rest)| Some((before, rest.split_once('"')?.1)));
    quoted.map_or_else(|| reason.to_owned(), |(before, after)| format!("{before}{QUOTE}{key}\"{after}"))
}

fn unknown(key: &str) -> String {
    let (_, version) = get_rdkafka_version();
    let meant = || nearest(key, names()).map(|meant| format!("did you mean `{meant}`?"));
    let advice = java::advice(key)
        .or_else(meant)
        .unwrap_or_else(|| "check its spelling in librdkafka's CONFIGURATION.md".to_owned());
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
    // Those with a `_`, such as callbacks, are not set as text, or are refused.
    names.filter(|name| !name.contains('_'))
}

/// The only options with a `_` in their names that are set as text; both are refused.
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
mod tests;

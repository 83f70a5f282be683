//! Options that are refused, and in which words.

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

// Fails without `NOT_ZERO`: nobody would notice that a client has forgotten its brokers.
#[test]
fn statistics_cannot_be_switched_off() {
    for off in ["0", " 0", "00", "0x0", "+0", "-0"] {
        let sentence = problem("statistics.interval.ms", off).unwrap();
        assert!(sentence.starts_with("`statistics.interval.ms` cannot be `"), "{sentence}");
    }
    for on in ["60000", "0x10", "010"] {
        assert_eq!(problem("statistics.interval.ms", on), None);
    }
}

#[test]
fn a_refused_secret_is_not_quoted() {
    let sentence = problem("ssl.key.pem", "a\0hunter2").unwrap();
    assert!(!sentence.contains("hunter2"), "{sentence}");
}

// Fails when a pair is no pair, or another option's first name is its second one.
#[test]
fn aliases_become_one_name() {
    for (alias, name) in ALIASES {
        assert_eq!((canonical(alias), canonical(name)), (*name, *name));
        for (key, other) in [(*alias, *name), (*name, *alias)] {
            let tried = VALUES.map(|text| ClientConfig::new().set(key, text).create_native_config());
            if let Some(native) = tried.iter().flatten().next() {
                assert_eq!(native.get(key).unwrap(), native.get(other).unwrap(), "{alias} and {name}");
            } else {
                // It belongs to a feature that is not built; the reason names librdkafka's own option.
                let reasons: Vec<_> =
                    tried.iter().filter_map(|one| one.as_ref().err()).map(ToString::to_string).collect();
                assert!(reasons[0].contains(&format!("property \"{name}\"")), "{reasons:?}");
            }
        }
    }
}

/// One of them is a value of each option that has two names, and not its default.
const VALUES: [&str; 4] = ["7", "lz4", "PLAIN", "true"];

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
    for (typo, meant) in [("fetch.min.byte", "fetch.min.bytes"), ("sasl.passwort", "sasl.password"), ("akcs", "acks")] {
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
    for (key, value) in [("security.protocol", "ssl"), ("ssl.ca.location", "/etc/ca.pem"), ("ssl.key.password", "x")] {
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

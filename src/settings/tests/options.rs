//! Options of librdkafka: handed through, as the text that they are.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn options_are_handed_through_for_all_clients_and_for_each_kind() {
    let settings = from(&[
        ("CAROM__KAFKA__SECURITY_PROTOCOL", "PlainText"),
        ("CAROM__KAFKA__SOCKET_KEEPALIVE_ENABLE", "true"),
        ("CAROM__KAFKA__STATISTICS_INTERVAL_MS", "1000"),
        ("CAROM__KAFKA__PRODUCER__STATISTICS_INTERVAL_MS", "2000"),
        ("CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES", "64"),
    ]);
    assert_eq!(option(settings.clone(), "security.protocol"), ["PlainText", "PlainText"].map(|v| Some(v.to_owned())));
    assert_eq!(option(settings.clone(), "statistics.interval.ms"), ["1000", "2000"].map(|v| Some(v.to_owned())));
    assert_eq!(option(settings, "fetch.min.bytes"), [Some("64".to_owned()), None]);
}

proptest! {
    // Fails when a value is trimmed, parsed as a number, or changed in case.
    #[test]
    fn texts_stay_as_they_are(value in "[ 0-9A-Za-z{}\\[\\]'\",=.+-]{0,20}") {
        let settings = from(&[("CAROM__KAFKA__CLIENT_RACK", &value)]);
        prop_assert_eq!(&option(settings, "client.rack")[0], &Some(value.clone()));
        let settings = read(&json!({ "kafka": { "client": { "rack": value } } })).unwrap();
        prop_assert_eq!(&option(settings, "client.rack")[0], &Some(value.clone()));
    }

    // Fails when keys are flattened with another character, or one level only.
    #[test]
    fn tables_in_tables_are_flattened_with_dots(
        name in proptest::sample::select(vec!["client.rack", "sasl.username", "group.instance.id", "client.software.name"]),
        dotted_from in 0_usize..4,
    ) {
        let words: Vec<_> = name.split('.').collect();
        let (tables, rest) = words.split_at(dotted_from.min(words.len() - 1));
        let leaf = json!({ rest.join("."): "x" });
        let nested = tables.iter().rev().fold(leaf, |inner, table| json!({ *table: inner }));
        let settings = read(&json!({ "kafka": { "consumer": nested } })).unwrap();
        prop_assert_eq!(&option(settings, name)[0], &Some("x".to_owned()));
    }
}

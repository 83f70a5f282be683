use proptest::prelude::*;

use super::*;

fn path(text: &str) -> Vec<String> {
    text.split('.').map(str::to_owned).collect()
}

fn key(text: &str) -> Result<Named, String> {
    parse(&path(text), text, &Spelling::Keys)
}

fn option_of(scope: Scope, name: &str) -> Named {
    Named { key: Key::Option(scope, name.to_owned()), from_file: false }
}

proptest! {
    // Fails when `dotted` replaces nothing: then no variable names an option.
    #[test]
    fn every_option_is_found_by_the_name_of_its_variable(
        name in proptest::sample::select(options::names().collect::<Vec<_>>()),
        scope in proptest::sample::select(vec![Scope::All, Scope::Consumer, Scope::Producer]),
    ) {
        let section = match scope {
            Scope::All => "kafka",
            Scope::Consumer => "kafka.consumer",
            Scope::Producer => "kafka.producer",
        };
        let variable = Spelling::Variables("CAROM".to_owned()).spell(&format!("{section}.{name}"));
        let segments: Vec<_> = variable.to_lowercase().split("__").skip(1).map(str::to_owned).collect();
        let named = parse(&segments, &variable, &Spelling::Variables("CAROM".to_owned())).unwrap();
        let ours = scope == Scope::All && KAFKA.iter().any(|own| dotted(own) == format!("kafka.{name}"));
        if !ours {
            prop_assert_eq!(named, option_of(scope, options::canonical(name)));
        }
    }
}

#[test]
fn the_two_options_with_an_underscore_keep_it() {
    assert_eq!(key("kafka.log_level"), Ok(option_of(Scope::All, "log_level")));
    assert_eq!(key("kafka.consumer.enabled_events"), Ok(option_of(Scope::Consumer, "enabled_events")));
}

#[test]
fn an_option_is_the_same_in_every_spelling() {
    let expected = option_of(Scope::Consumer, "fetch.min.bytes");
    for spelled in
        ["kafka.consumer.fetch.min.bytes", "kafka.consumer.fetch_min_bytes", "kafka.consumer.fetch.min_bytes"]
    {
        assert_eq!(key(spelled), Ok(option_of(Scope::Consumer, "fetch.min.bytes")), "{spelled}");
    }
    assert_eq!(key("kafka.consumer.queue.buffering.max.ms"), Ok(option_of(Scope::Consumer, "linger.ms")));
    assert!(!expected.from_file);
}

#[test]
fn our_own_settings_may_be_spelled_as_librdkafka_does() {
    let own = |key| Ok(Named { key: Key::Own(key), from_file: false });
    assert_eq!(key("kafka.bootstrap.servers"), own("kafka.bootstrap_servers"));
    assert_eq!(key("kafka.group.protocol"), own("kafka.group_protocol"));
    assert_eq!(key("shutdown_timeout"), own("shutdown_timeout"));
    assert!(key("shutdown.timeout").is_err());
}

#[test]
fn a_name_that_ends_in_file_names_a_file_unless_librdkafka_has_it() {
    let from_file = |key| Ok(Named { key, from_file: true });
    assert_eq!(key("kafka.sasl_password_file"), from_file(Key::Option(Scope::All, "sasl.password".to_owned())));
    assert_eq!(key("kafka.sasl.password.file"), from_file(Key::Option(Scope::All, "sasl.password".to_owned())));
    assert_eq!(key("kafka.bootstrap_servers_file"), from_file(Key::Own("kafka.bootstrap_servers")));
    assert_eq!(key("service_file"), from_file(Key::Own("service")));
    let assertion = "sasl.oauthbearer.assertion.file";
    assert_eq!(key("kafka.sasl_oauthbearer_assertion_file"), Ok(option_of(Scope::All, assertion)));
}

#[test]
fn a_section_is_not_a_value() {
    assert_eq!(
        key("kafka"),
        Err("`kafka` is a section, not a value: write for example `kafka.bootstrap_servers`".to_owned())
    );
    assert!(key("kafka.consumer").unwrap_err().contains("`kafka.consumer.client.id`"));
}

#[test]
fn advice_is_spelled_as_the_settings_are() {
    let variables = Spelling::Variables("CAROM".to_owned());
    let of = |segments: &str, said: &str| parse(&path(segments), said, &variables).unwrap_err();
    let single = of("kafka_bootstrap_servers", "CAROM__KAFKA_BOOTSTRAP_SERVERS");
    assert!(single.contains("did you mean `CAROM__KAFKA__BOOTSTRAP_SERVERS`?"), "{single}");
    let option = of("kafka.consumer.fetch_min_byte", "CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTE");
    assert!(option.ends_with("did you mean `CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES`?"), "{option}");
    let above = of("sasl_username", "CAROM__SASL_USERNAME");
    assert!(above.contains("did you mean `CAROM__KAFKA__SASL_USERNAME`?"), "{above}");
    // Fails when what `nearest` found is spelled as librdkafka has it.
    let servers = key("kafka.bootstrap_server").unwrap_err();
    assert!(servers.ends_with("did you mean `kafka.bootstrap_servers`?"), "{servers}");
    let above = key("bootstrap_servers").unwrap_err();
    assert!(above.contains("did you mean `kafka.bootstrap_servers`?"), "{above}");
    for flat in ["consumer_fetch_min_bytes", "consumer_fetch_min_byte"] {
        let flat = of(&format!("kafka.{flat}"), "CAROM__KAFKA__CONSUMER_FETCH_MIN_BYTES");
        assert!(flat.ends_with("did you mean `CAROM__KAFKA__CONSUMER__FETCH_MIN_BYTES`?"), "{flat}");
    }
    let topics = parse(&path("kafka.topic"), "topic", &Spelling::Section).unwrap_err();
    assert!(topics.ends_with("did you mean `topics`?"), "{topics}");
}

#[test]
fn an_option_of_the_java_client_is_told_as_one() {
    for said in ["kafka.consumer.max_poll_records", "kafka.max.poll.records"] {
        let sentence = key(said).unwrap_err();
        assert!(
            sentence.contains(": it is one of Kafka's Java client; records are taken as they are handled"),
            "{sentence}"
        );
    }
}

// Fails when a part of a name is looked for before librdkafka's options, of which one begins with `group`.
#[test]
fn a_name_with_a_word_too_many_or_too_few_is_one_that_exists() {
    for (said, meant) in
        [("service_name", "service"), ("drain", "drain_timeout"), ("group_instance_id", "kafka.group.instance.id")]
    {
        let sentence = key(said).unwrap_err();
        assert!(sentence.contains(&format!("did you mean `{meant}`?")), "{sentence}");
    }
}

#[test]
fn what_may_be_written_is_listed() {
    let sentence = key("colour").unwrap_err();
    assert!(sentence.starts_with("`colour` is not a setting: the settings are `service`, "), "{sentence}");
    assert!(sentence.contains("`drain_timeout`") && sentence.contains("`kafka.topics`"), "{sentence}");
    for policy in ["supervisor", "retry", "concurrency"] {
        let sentence = key(policy).unwrap_err();
        assert!(sentence.contains("said in the program, at `.supervise(..)`; "), "{sentence}");
    }
}

//! Names of topics as Momentum forms them, and what is said of those that Kafka refuses.

use serde_json::Value;

use super::*;
use crate::event::{KeySource, Location};

fn descriptor(topic: TopicSource) -> Descriptor {
    Descriptor {
        rust_name: "OrderPlaced",
        event_type: "sales.order-placed.v1",
        aliases: &[],
        domain: "sales",
        internal: false,
        topic,
        plural: None,
        version: "v1",
        partitions: None,
        key: KeySource::EventId,
        description: "",
        location: Location { file: "src/order.rs", line: 7 },
    }
}

fn text(value: &Value) -> Option<&'static str> {
    value.as_str().map(|text| &*text.to_owned().leak())
}

#[test]
fn every_topic_of_the_vectors_has_momentums_name() {
    let file: Value =
        serde_json::from_str(include_str!("../../../integration-tests/vectors/topic_names.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 26);
    for case in cases {
        let topic = match text(&case["entity"]) {
            Some(entity) => TopicSource::Entity(entity),
            None => TopicSource::Verbatim(text(&case["topic"]).unwrap()),
        };
        let event = Descriptor {
            domain: text(&case["domain"]).unwrap(),
            internal: case["internal"].as_bool().unwrap(),
            plural: case["pluralise"].as_bool(),
            version: text(&case["version"]).unwrap_or_default(),
            ..descriptor(topic)
        };
        let environment = Environment::new(case["env"].as_str().unwrap());
        assert_eq!(topic_name(&event, &environment).unwrap(), case["full"].as_str().unwrap(), "{}", case["name"]);
    }
}

#[test]
fn a_short_environment_is_taken_as_it_is() {
    let event = descriptor(TopicSource::Entity("Order"));
    let name = topic_name(&event, &Environment::short("stage2")).unwrap();
    assert_eq!(name, "stage2.sales.public.orders.v1");
    assert_eq!(Environment::new("stage2").segment(), "stag");
    assert_eq!(Environment::default().to_string(), "dev");
}

#[test]
fn a_blank_version_leaves_no_dot() {
    let event = Descriptor { version: "  ", ..descriptor(TopicSource::Entity("Order")) };
    assert_eq!(topic_name(&event, &Environment::default()).unwrap(), "dev.sales.public.orders");
}

#[test]
fn only_the_last_segment_of_an_entity_path_counts() {
    let event = descriptor(TopicSource::Entity("crate::sales::OrderLine<crate::Eur>"));
    assert_eq!(topic_name(&event, &Environment::default()).unwrap(), "dev.sales.public.order-lines.v1");
}

#[test]
fn a_name_that_kafka_refuses_says_why_and_what_to_write() {
    let refused = |event: Descriptor| topic_name(&event, &Environment::default()).unwrap_err().to_string();
    assert_eq!(
        refused(descriptor(TopicSource::Verbatim("orders/eu"))),
        "the topic of `OrderPlaced` cannot be `dev.sales.public.orders/eu.v1`: '/' in its name is \
         not allowed in a topic name, only letters, digits, `.`, `_` and `-` are; write `topic = \"..\"` in `#[event(..)]`"
    );
    let event = Descriptor { domain: "", ..descriptor(TopicSource::Entity("Order")) };
    assert!(refused(event).contains("its domain is empty; write `domain = \"..\"`"));
    let long = descriptor(TopicSource::Verbatim("x".repeat(250).leak()));
    assert!(refused(long).contains("it has 270 characters, and a topic name has at most 249; shorten"));
    assert!(topic_name(&descriptor(TopicSource::Entity("Order")), &Environment::short("")).is_err());
}

#[test]
fn a_bad_environment_says_how_to_set_it() {
    let refused = |environment| check_environment(&environment).unwrap_err().to_string();
    assert_eq!(
        refused(Environment::new("my env")),
        "the environment cannot be `my e`: ' ' in its name is not allowed in a topic name, only letters, digits, `.`, `_` \
         and `-` are; name the environment with letters and digits: `.environment(..)` on the bus, or the variable \
         `CAROM__ENVIRONMENT`"
    );
    assert!(refused(Environment::short("")).contains("its name is empty; name the environment"));
    assert_eq!(check_environment(&Environment::short("prod-eu")), Ok(()));
}

#[test]
fn the_longest_name_is_allowed_and_one_more_is_not() {
    assert!(check_topic(&"x".repeat(249)).is_ok());
    assert!(check_topic(&"x".repeat(250)).is_err());
    for bad in ["", ".", "..", "ü", "a b"] {
        assert!(check_topic(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_dead_letter_topic_has_to_fit_too() {
    assert_eq!(
        dead_letter_topic("dev.sales.public.orders.v1", "billing-dev").unwrap(),
        "dev.sales.public.orders.v1.billing-dev.dlq"
    );
    let error = dead_letter_topic(&"x".repeat(240), "billing-dev").unwrap_err().to_string();
    assert!(error.starts_with("the dead-letter topic of group `billing-dev` cannot be `xxx"), "{error}");
    assert!(error.ends_with("use a shorter group id, or a shorter topic name"), "{error}");
    assert!(dead_letter_topic("orders", "my group").unwrap_err().to_string().contains("in its group id"));
}

#[test]
fn an_odd_plural_is_pointed_out_and_a_plain_one_is_not() {
    for entity in ["Currency", "Metadata", "Quiz", "Tariff", "News", "Sms", "Payments", "Settings", "Analytics"] {
        assert!(plural_warning(&descriptor(TopicSource::Entity(entity))).is_some(), "{entity}");
    }
    for entity in ["OrderData", "SalesPerson", "OrderIndex", "Data"] {
        assert!(plural_warning(&descriptor(TopicSource::Entity(entity))).is_some(), "{entity}");
    }
    for entity in ["Order", "Cashier", "CashierPayment", "ProductCategory", "Person", "Leaf", "Index"] {
        assert_eq!(plural_warning(&descriptor(TopicSource::Entity(entity))), None, "{entity}");
    }
}

#[test]
fn the_hint_says_what_to_write_and_stays_away_where_no_plural_is_formed() {
    let hint = plural_warning(&descriptor(TopicSource::Entity("Tariff"))).unwrap();
    assert_eq!(
        hint,
        "the topic of `OrderPlaced` (src/order.rs:7) is named `tarifves` after the entity `Tariff`; \
         if that reads wrong, write `topic = \"..\"` instead of `entity = Tariff`"
    );
    let singular = Descriptor { plural: Some(false), ..descriptor(TopicSource::Entity("News")) };
    assert_eq!(plural_warning(&singular), None);
    assert_eq!(plural_warning(&descriptor(TopicSource::Verbatim("news"))), None);
}

// Fails when a part of the name is enough.
#[test]
fn topics_of_a_group_are_told_from_those_of_others() {
    let dead_letters = dead_letter_topic("dev.sales.public.orders.v1", "billing-dev").unwrap();
    for own in [dead_letters.as_str(), "billing-dev.retry.1"] {
        assert!(is_own_topic(own, "billing-dev"), "{own}");
        assert!(!is_own_topic(own, "dev") && !is_own_topic(own, "billing"), "{own}");
    }
    for other in ["dev.sales.public.orders.v1", "billing-dev.dlq", "billing-dev.retries.1", "x.billing-dev.retry.1"] {
        assert!(!is_own_topic(other, "billing-dev"), "{other}");
    }
}

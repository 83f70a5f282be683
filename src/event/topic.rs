//! Topic names: `{env}.{domain}.{public|internal}.{name}[.{version}]`, lower-cased as a whole.

use std::fmt;

use super::{Descriptor, TopicSource, case::kebab, plural::pluralise};

/// Kafka's limit.
const MAX_LENGTH: usize = 249;

/// The environment, which is the first segment of every topic name.
///
/// `development` becomes `dev`, a name of up to four characters stays, and any other is cut to its first four:
/// `Production` gives `prod`. Where two environments share four letters, choose the segment with
/// [`Environment::short`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Environment {
    segment: String,
}

impl Environment {
    /// The environment of this name.
    pub fn new(name: &str) -> Self {
        let name = name.to_lowercase();
        let segment = if name == "development" { "dev".to_owned() } else { name.chars().take(4).collect() };
        Self { segment }
    }

    /// The environment with this text as its segment, not cut.
    pub fn short(segment: impl Into<String>) -> Self {
        Self { segment: segment.into() }
    }

    /// The segment as it stands in topic names.
    pub fn segment(&self) -> &str {
        &self.segment
    }
}

impl Default for Environment {
    /// `development`.
    fn default() -> Self {
        Self::new("development")
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segment)
    }
}

/// A name that Kafka would refuse, or that would mean something else than it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{whose} cannot be `{topic}`: {problem}; {advice}")]
pub(crate) struct TopicNameError {
    whose: String,
    topic: String,
    problem: Problem,
    advice: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("its {0} is empty")]
    Empty(&'static str),
    #[error("{0:?} in its {1} is not allowed in a topic name, only letters, digits, `.`, `_` and `-` are")]
    Character(char, &'static str),
    #[error("it has {0} characters, and a topic name has at most {MAX_LENGTH}")]
    Length(usize),
    #[error("Kafka reserves this name")]
    Reserved,
}

/// A piece of a name: its text, what to call it, and how to change it.
type Segment<'a> = (&'a str, &'static str, &'static str);

/// The full name of the topic on which events of this type travel.
pub(crate) fn topic_name(event: &Descriptor, environment: &Environment) -> Result<String, TopicNameError> {
    let name = name_segment(event);
    let scope = if event.internal { "internal" } else { "public" };
    let mut segments: Vec<Segment<'_>> = vec![
        (environment.segment(), "environment", "name the environment with letters and digits"),
        (event.domain, "domain", "write `domain = \"..\"` in `#[event(..)]`, or set it in `[package.metadata.carom]`"),
        (scope, "scope", ""),
        (&name, "name", "write `topic = \"..\"` in `#[event(..)]`"),
    ];
    if !event.version.trim().is_empty() {
        segments.push((event.version, "version", "write `version = \"v1\"` in `#[event(..)]`"));
    }
    let whose = || format!("the topic of `{}` ({})", event.rust_name, event.location);
    check(&segments, ".", whose, "shorten `domain` or `topic` in `#[event(..)]`").map(|topic| topic.to_lowercase())
}

/// Where `group` puts the records of `topic` that it will not handle: `{topic}.{group}.dlq`.
pub(crate) fn dead_letter_topic(topic: &str, group: &str) -> Result<String, TopicNameError> {
    let segments = [
        (topic, "topic", "subscribe to a topic that Kafka allows"),
        (group, "group id", "use a group id of letters, digits, `.`, `_` and `-`"),
        ("dlq", "suffix", ""),
    ];
    let whose = || format!("the dead-letter topic of group `{group}`");
    check(&segments, ".", whose, "use a shorter group id, or a shorter topic name")
}

/// Checks a name that was chosen elsewhere.
pub(crate) fn check_topic(topic: &str) -> Result<(), TopicNameError> {
    check(&[(topic, "name", "choose another name")], "", || "the topic".to_owned(), "choose a shorter name").map(drop)
}

fn check(
    segments: &[Segment<'_>],
    separator: &str,
    whose: impl Fn() -> String,
    shorten: &'static str,
) -> Result<String, TopicNameError> {
    let topic = segments.iter().map(|(text, ..)| *text).collect::<Vec<_>>().join(separator);
    let refuse = |problem, advice| Err(TopicNameError { whose: whose(), topic: topic.clone(), problem, advice });
    for (text, what, advice) in segments {
        if text.trim().is_empty() {
            return refuse(Problem::Empty(what), advice);
        }
        if let Some(char) = text.chars().find(|char| !is_allowed(*char)) {
            return refuse(Problem::Character(char, what), advice);
        }
    }
    match topic.as_str() {
        "." | ".." => refuse(Problem::Reserved, segments[0].2),
        long if long.len() > MAX_LENGTH => refuse(Problem::Length(long.len()), shorten),
        _ => Ok(topic),
    }
}

fn is_allowed(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-')
}

fn name_segment(event: &Descriptor) -> String {
    let (name, plural) = match event.topic {
        TopicSource::Entity(entity) => (kebab(bare_name(entity)), event.plural.unwrap_or(true)),
        TopicSource::Verbatim(topic) => (topic.to_lowercase(), event.plural.unwrap_or(false)),
    };
    if plural { pluralise(&name) } else { name }
}

/// `Order` of `crate::sales::Order<Eur>`.
fn bare_name(path: &str) -> &str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path).trim()
}

/// A hint for the log where the plural of an entity reads oddly, which Momentum's rules make unavoidable.
pub(crate) fn plural_warning(event: &Descriptor) -> Option<String> {
    let TopicSource::Entity(entity) = event.topic else { return None };
    let word = kebab(bare_name(entity));
    let plural = pluralise(&word);
    if event.plural == Some(false) || !is_odd(&word, &plural) {
        return None;
    }
    Some(format!(
        "the topic of `{}` ({}) is named `{plural}` after the entity `{entity}`; if that reads wrong, write `topic = \"..\"` instead of `entity = {entity}`",
        event.rust_name, event.location
    ))
}

/// Whether the plural is the word itself, comes of something that was plural already, or is not what the last word of
/// the compound has when it stands alone.
fn is_odd(word: &str, plural: &str) -> bool {
    let last = word.rsplit(['-', '_']).next().unwrap_or(word);
    word == plural
        || ["s", "z", "ff", "data"].iter().any(|ending| word.ends_with(ending))
        || !plural.ends_with(&pluralise(last))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::event::Location;

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
            key_fields: &[],
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
            serde_json::from_str(include_str!("../../integration-tests/vectors/topic_names.json")).unwrap();
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
    fn a_name_that_kafka_refuses_says_where_and_what_to_write() {
        let refused = |event: Descriptor| topic_name(&event, &Environment::default()).unwrap_err().to_string();
        assert_eq!(
            refused(descriptor(TopicSource::Verbatim("orders/eu"))),
            "the topic of `OrderPlaced` (src/order.rs:7) cannot be `dev.sales.public.orders/eu.v1`: '/' in its name is \
             not allowed in a topic name, only letters, digits, `.`, `_` and `-` are; write `topic = \"..\"` in `#[event(..)]`"
        );
        let event = Descriptor { domain: "", ..descriptor(TopicSource::Entity("Order")) };
        assert!(refused(event).contains("its domain is empty; write `domain = \"..\"`"));
        let long = descriptor(TopicSource::Verbatim("x".repeat(250).leak()));
        assert!(refused(long).contains("it has 270 characters, and a topic name has at most 249; shorten"));
        assert!(topic_name(&descriptor(TopicSource::Entity("Order")), &Environment::short("")).is_err());
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
}

//! Topic names: `{env}.{domain}.{public|internal}.{name}[.{version}]`, lower-cased as a whole.

use super::{Descriptor, TopicSource, case::kebab, environment::Environment, plural::pluralise};

/// How an environment is set.
const NAME_THE_ENVIRONMENT: &str = "name the environment with letters and digits: `.environment(..)` on the bus, or the \
                                    variable `CAROM__ENVIRONMENT`";

/// Kafka's limit.
const MAX_LENGTH: usize = 249;

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

/// The full name of the topic on which events of this type travel. Whoever tells the error adds the event's place.
pub(crate) fn topic_name(event: &Descriptor, environment: &Environment) -> Result<String, TopicNameError> {
    let name = name_segment(event);
    let scope = if event.internal { "internal" } else { "public" };
    let mut segments: Vec<Segment<'_>> = vec![
        (environment.segment(), "environment", NAME_THE_ENVIRONMENT),
        (event.domain, "domain", "write `domain = \"..\"` in `#[event(..)]`, or set it in `[package.metadata.carom]`"),
        (scope, "scope", ""),
        (&name, "name", "write `topic = \"..\"` in `#[event(..)]`"),
    ];
    if !event.version.trim().is_empty() {
        segments.push((event.version, "version", "write `version = \"v1\"` in `#[event(..)]`"));
    }
    let whose = || format!("the topic of `{}`", event.rust_name);
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

/// Whether `group` itself wrote what is in `topic`: its dead letters, or records that it will retry.
///
/// Dots are allowed on both sides, so the dead letters of the group `eu.billing` look like those of `billing`, of a
/// topic that ends with `.eu`.
pub(crate) fn is_own_topic(topic: &str, group: &str) -> bool {
    let source = topic.strip_suffix(".dlq").and_then(|topic| topic.strip_suffix(group));
    let stage = topic.strip_prefix(group);
    source.is_some_and(|source| source.ends_with('.')) || stage.is_some_and(|stage| stage.starts_with(".retry."))
}

/// Checks the segment of an environment, which would make every topic's name wrong.
pub(crate) fn check_environment(environment: &Environment) -> Result<(), TopicNameError> {
    let segment = (environment.segment(), "name", NAME_THE_ENVIRONMENT);
    check(&[segment], "", || "the environment".to_owned(), NAME_THE_ENVIRONMENT).map(drop)
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

/// Whether Kafka takes this for the name of a topic.
pub(crate) fn is_topic_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && name.len() <= MAX_LENGTH && name.chars().all(is_allowed)
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
mod tests;
